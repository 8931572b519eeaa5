# Copies a whole server to a new directory beside the data directory, which is not touched. What is to be copied stands in
# the plan that copyprepare.sh wrote, so that whoever comes later finds the same job.
copy_places
{ IFS= read -r operation; IFS= read -r source; IFS= read -r from; IFS= read -r rate; IFS= read -r wal; IFS= read -r slot
} <"$work/plan" || exit 1
[ ! -e "$work/whole" ] || { echo "the copy is whole"; exit 0; }
set --
while IFS= read -r map; do
  [ -z "$map" ] || set -- "$@" -T "$map"
done <<PLAN
$(tail -n +7 "$work/plan")
PLAN
pg_basebackup -w -D "$work/new" -d "$from" -c fast -X stream -P --no-manifest -l "cctrl $operation" \
  ${rate:+-r "$rate"} ${wal:+--waldir="$wal"} ${slot:+"$slot"} "$@"
rc=$?
if [ "$rc" -ne 0 ]; then
  rm -rf "$work/new"
  while IFS= read -r place; do find "$place" -mindepth 1 -delete; done <"$work/places" 2>/dev/null
  exit "$rc"
fi
for f in "$work"/new/pg_wal/????????????????????????; do last=${f##*/}; done
[ -f "$work/new/backup_label" ] && [ -f "$f" ] || { echo "the copy of $source has no log"; exit 1; }
printf '%s\n' "$last" >"$work/whole.new" && sync "$work/whole.new" "$work/new" && mv "$work/whole.new" "$work/whole" &&
  sync "$work"
