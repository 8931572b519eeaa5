# $1: the directory of pgbouncer's socket; $2: its port; $3: the user of its console; the rest: statements, each of
# which is answered after a line `@`.
if [ ! -S "$1/.s.PGSQL.$2" ]; then echo "no socket $1/.s.PGSQL.$2: pgbouncer does not run, or has another one" >&2; exit 66; fi
psql=$(command -v psql || ls /usr/lib/postgresql/*/bin/psql 2>/dev/null | tail -n 1)
if [ -z "$psql" ]; then echo "psql is not here, and pgbouncer's console needs it" >&2; exit 69; fi
directory=$1 port=$2 user=$3
shift 3
export PGCONNECT_TIMEOUT=5 PGAPPNAME=cctrl
for statement; do
  echo "@"
  "$psql" -XAq -F '|' -P footer=off -v ON_ERROR_STOP=1 -w -h "$directory" -p "$port" -U "$user" -d pgbouncer \
    -c "$statement" || exit
done
pidfile=$("$psql" -XAtq -F '|' -w -h "$directory" -p "$port" -U "$user" -d pgbouncer -c 'show config' |
  sed -n 's/^pidfile|\([^|]*\).*/\1/p')
echo "@"
if [ -n "$pidfile" ]; then cat "$pidfile" 2>/dev/null; fi
exit 0
