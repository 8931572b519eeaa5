# Put before each of the instance's programs: where it is and what it has.
home=$(cd "$(dirname "$0")/.." && pwd -P) && . "$home/conf/instance" || exit 1
export LC_ALL=C TZ="${TZ:-}" PGCONNECT_TIMEOUT=2 PGUSER="$user" PGDATABASE=postgres PGHOST="$sockets"
[ -z "$TZ" ] && unset TZ
[ -z "$bin" ] || PATH=$bin:$PATH
umask 077
program=${0##*/} data=$home/daemon
