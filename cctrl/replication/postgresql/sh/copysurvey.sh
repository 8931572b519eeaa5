# What a host has to offer to a copy, before anything is touched. Arguments: how the source is reached, the job's name,
# the locations of the source's tablespaces.
source=$1 job=${data%/*}/.cctrl-job-$2; shift 2
copy_places
spot() { # kind, directory to be made: what is known of the place
  p=${2%/*}; p=${p:-/}
  content=absent writable=no device=- free=0 mounted=no
  if [ -d "$2" ]; then
    content=full
    [ -n "$(ls -A "$2")" ] || content=empty
    [ "$(stat -c %d "$2")" = "$(stat -c %d "$p")" ] && ! mountpoint -q "$2" 2>/dev/null || mounted=yes
  elif [ -e "$2" ]; then content='file'
  fi
  at=$p; [ "$1$content" != tablespaceempty ] || at=$2
  if [ -d "$p" ]; then
    [ -w "$at" ] && writable=yes
    device=$(stat -c %d "$at")
    free=$(df -Pk "$at" | awk 'END { printf "%.0f", $4 * 1024 }')
  else content=orphan
  fi
  echo "@spot $1 $content $writable $mounted $device $free $2"
}
echo "@version $(pg_basebackup -V 2>&1)"
out=$(psql -XAtqw -d "$source connect_timeout=3 replication=true" -c IDENTIFY_SYSTEM 2>&1); echo "@reach $? $(printf %s "$out" | tail -n 1)"
if [ -e "$job.lock" ] && ! flock -n -s "$job.lock" true; then
  echo "@running $(sed -n 2p "$work/plan" 2>/dev/null)"
fi
[ ! -e "$work/whole" ] || { read -r whole <"$work/whole"; echo "@whole $whole"; }
[ ! -d "$work/new" ] || echo "@half $(du -sk "$work/new" | awk '{ printf "%.0f", $1 * 1024 }')"
[ ! -e "$data/cctrl.copied" ] || { read -r copied <"$data/cctrl.copied"; echo "@copied $copied"; }
spot data "$real"
wal=$(readlink -f "$data/pg_wal" 2>/dev/null)
[ ! -L "$data/pg_wal" ] || spot log "${wal%.cctrl-*}"
for location; do spot tablespace "$location"; done
