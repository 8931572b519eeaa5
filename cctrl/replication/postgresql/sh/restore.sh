# Puts a backup, once it has been verified, where a copy would be made, so that it can take the data directory's place.
# What is to be restored stands in the plan that copyprepare.sh wrote.
copy_places
{ IFS= read -r _; IFS= read -r store; } <"$work/plan" || exit 1
[ ! -e "$work/whole" ] || { echo "the backup is there"; exit 0; }
echo "verifying $store"
(cd "$store" && sha256sum -c --quiet "$store.sha256") || exit 1
if command -v pg_verifybackup >/dev/null; then pg_verifybackup -q "$store" || exit 1; fi
echo "copying $store"
# Where the backup is a link to another place, what is there is copied; wherever it was, a server's directory is private.
mkdir -m 700 "$work/new" && cp -a "$store/." "$work/new" && chmod 700 "$work/new" || { rm -rf "$work/new"; exit 1; }
rm -f "$work/new/backup_manifest"
for f in "$work"/new/pg_wal/????????????????????????; do last=${f##*/}; done
sync -f "$work/new"
printf '%s\n' "$last" >"$work/whole.new" && sync "$work/whole.new" && mv "$work/whole.new" "$work/whole" && sync "$work"
