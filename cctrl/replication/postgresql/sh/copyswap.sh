# Moves the data directory aside and a whole copy into its place, as a standby. Cut off anywhere and given again, it goes
# on. Arguments: primary_conninfo line, the operation that names the old directory.
line=$1
copy_places
aside=${real%/*}/.cctrl-${real##*/}.aside-$2
new=$work/new
exec 8>>"$work/lock" || exit 1
flock -w 30 8 || { echo "another command works on the copy in $work" >&2; exit 75; }
if alive; then echo "its server runs" >&2; exit 1; fi
[ -e "$work/whole" ] && [ -d "$new" ] || { echo "there is no whole copy in $work" >&2; exit 1; }
old=$real
[ -e "$old" ] || { IFS= read -r old <"$work/aside"; } 2>/dev/null || old='' # cut off between the two renames
rm -f "$new"/cctrl.fenced "$new"/cctrl.rewound "$new"/recovery.signal "$new"/postmaster.pid
if [ -n "$old" ] && [ -e "$old/postgresql.auto.conf" ]; then
  own_files "$old" "$new" || exit 1
else
  [ -n "$conf" ] || echo "@source-files"
  sed -E -i '/^[[:space:]]*(primary_slot_name|cluster_name)[[:space:]=]/d' "$new/postgresql.auto.conf" || exit 1
fi
(data=$new; mark_standby "$line") || exit 1
note_boot "$new"
printf '%s\n' "$2" >"$new/cctrl.copied" && sync "$new"/*.conf "$new/cctrl.copied" "$new" || exit 1
echo "@moving"
if [ -d "$real" ] && rmdir "$real" 2>/dev/null; then :
elif [ -e "$real" ]; then
  printf '%s\n' "$aside" >"$work/aside" && sync "$work/aside" "$work" || exit 1
  mv -T "$real" "$aside" || exit 1
  echo "@aside $aside"
fi
if ! mv -T "$new" "$real"; then
  [ ! -d "$aside" ] || [ -e "$real" ] || mv -T "$aside" "$real"
  exit 1
fi
touch "$real/cctrl.copied"
sync "${real%/*}"
# One that was started at the last moment works on in the old directory.
(data=$aside; end_server immediate 0) || exit 1
rm -rf "$work"
