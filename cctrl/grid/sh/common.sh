# Put before each of the instance's programs: where it is and what it has.
home=$(cd "$(dirname "$0")/.." && pwd -P) && . "$home/conf/instance" || exit 1
export LC_ALL=C TZ="${TZ:-}" PGCONNECT_TIMEOUT=2 PGUSER="$user" PGDATABASE=postgres PGHOST="$sockets"
[ -z "$TZ" ] && unset TZ
[ -z "$bin" ] || PATH=$bin:$PATH
umask 077
program=${0##*/} data=$home/daemon
lives() { # data directory: a server that works in it, its number in $pid
  pid=
  { read -r pid <"$1/postmaster.pid"; } 2>/dev/null
  [ -n "$pid" ] && [ "$pid" -gt 1 ] 2>/dev/null && kill -0 "$pid" 2>/dev/null && [ "/proc/$pid/cwd" -ef "$1" ]
}
ends() { # process, how many fiftieths of a second it may take
  n=$2
  while kill -0 "$1" 2>/dev/null; do
    line=
    { read -r line <"/proc/$1/stat"; } 2>/dev/null
    case $line in *') Z '*) return 0 ;; esac
    [ "$n" -gt 0 ] || return 1
    n=$((n - 1)); sleep 0.02
  done
}
