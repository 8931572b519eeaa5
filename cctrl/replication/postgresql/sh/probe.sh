# Everything one look at a server yields, in one round trip. Arguments: the SQL for a server that is up, and
# what is run before it, if anything.
echo '@cctrl 1'
out=$(sql ${2:+-c "$2"} -c "$1" 2>&1); rc=$?
echo "@psql $rc"
printf '%s\n' "$out"
case $rc in 126 | 127) echo "@programs ${bin:-the PATH}" ;; esac
[ ! -d "$data" ] || [ -e "$data/PG_VERSION" ] || echo "@nodata $data"
echo '@space'
df -Pk "$data" 2>/dev/null || df -Pk "${data%/*}" 2>/dev/null
if [ "$rc" -ne 0 ]; then
  echo "@now $(date +%s.%N)" # a server that is up tells the time itself: one program less
  if alive; then
    echo "@running $pid"
    { read -r line <"/proc/$pid/stat"; } 2>/dev/null
    case $line in *') T '*) echo '@suspended' ;; esac
    case $out in *'starting up'* | *recovery*)
      for p in $(family "$pid"); do # the title of its startup process names the file of the log that it has come to
        file=$({ tr '\0' ' ' <"/proc/$p/cmdline"; } 2>/dev/null | sed -n 's/.*startup recovering \([0-9A-F]*\).*/\1/p')
        [ -z "$file" ] || echo "@replaying $file"
      done ;;
    esac
  fi
  [ -e "$data" ] || echo '@missing'
  if [ -e "$data/cctrl.made" ]; then
    boot=
    { read -r boot <"$data/cctrl.boot"; read -r now </proc/sys/kernel/random/boot_id; } 2>/dev/null
    [ "$boot" = "$now" ] || echo '@rebooted'
  fi
  [ ! -e "${log%log}own-files/begun" ] || echo '@rewinding'
  [ ! -e "$data/promote" ] || echo '@promote'
  [ ! -e "$data/standby.signal" ] || echo '@standby'
  [ ! -e "$data/cctrl.fenced" ] || { echo '@fenced'; cat "$data/cctrl.fenced"; }
  { read -r version <"$data/PG_VERSION"; } 2>/dev/null
  echo "@version ${version:-}"
  for f in "$data"/pg_wal/????????????????????????; do last=${f##*/}; done
  [ ! -f "$f" ] || echo "@timeline ${last%????????????????}"
  set -- "$data"/pg_wal/*.history
  [ ! -f "$1" ] || awk 'FNR == 1 { n = FILENAME; sub(/.*\//, "", n); print "@history " n } { print }' "$@"
  said=$("${bin:+$bin/}pg_controldata" -D "$data" 2>&1) && echo '@binaries (PostgreSQL)' ||
    echo "@binaries $("${bin:+$bin/}postgres" -V 2>&1)"
  printf '@control\n%s\n' "$said"
fi
echo '@end'
