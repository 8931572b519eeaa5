# Promotes the server and waits until it accepts writes. Arguments: the SQL that waits for what it must have first, or
# ""; the SQL that waits until it accepts writes.
# The signal is what pg_promote() sends: without a session to send it from it is there some milliseconds sooner.
PGAPPNAME='cctrl step'
[ -z "$1" ] || sql -c "$1" >/dev/null || exit 1
alive || { echo "its server does not run" >&2; exit 1; }
if [ -e "$data/standby.signal" ] || [ "$(pg_controldata -D "$data" | sed -n 's/^Database cluster state: *//p')" = 'in archive recovery' ]
then
  : >"$data/promote" && kill -USR1 "$pid" || exit 1
  echo "its promotion was asked for" >&2
fi
sql -c "$2" >/dev/null
