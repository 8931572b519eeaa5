# Promotes the server and waits until it accepts writes. Arguments: the SQL that waits for what it must have first, or
# ""; the SQL that waits until it accepts writes.
# The signal is what pg_promote() sends: without a session to send it from it is there some milliseconds sooner.
PGAPPNAME='cctrl step'
room() { # for the first file of its new timeline: without that the server would end, and not stay the standby that it is
  for f in "$data"/pg_wal/????????????????????????; do break; done
  need=$(stat -Lc %s "$f" 2>/dev/null) && free=$(stat -Lfc '%b %a * %S' "$f" 2>/dev/null) || return 0
  [ "${free%% *}" != 0 ] || return 0 # a file system that does not tell
  free=$((${free#* }))
  [ "$free" -ge "$need" ] || { echo "No space left: $free bytes are free in ${f%/*}, a promotion needs $need" >&2; exit 1; }
}
[ -z "$1" ] || sql -c "$1" >/dev/null || exit 1
alive || { echo "its server does not run" >&2; exit 1; }
if [ -e "$data/standby.signal" ] || [ "$(pg_controldata -D "$data" | sed -n 's/^Database cluster state: *//p')" = 'in archive recovery' ]
then
  room
  : >"$data/promote" && kill -USR1 "$pid" || exit 1
  echo "its promotion was asked for" >&2
fi
sql -c "$2" >/dev/null
