# What the log holds after a position. Arguments, for each timeline that the server was on since: the timeline, the
# position to begin at, the WAL file that it lies in, the file before.
wal=$data/pg_wal
while [ $# -ge 4 ]; do
  if [ ! -e "$wal/$3" ] && [ -e "$wal/$4" ]; then # nothing was written after it
    shift 4
    continue
  fi
  end=$(log_end "$wal" "$3" 2>/dev/null)
  out=$(pg_waldump -p "$wal" -t "$1" -s "$2" ${end:+-e "$end"} 2>&1 | awk '
    /^rmgr: / { records++ }
    /^rmgr: Transaction .*desc: COMMIT/ { n++; last = $0; if (n <= 20) print }
    { before = now; now = $0 }
    END {
      if (records) { print "@records"; print "@commits " n + 0; if (n) print "@last " last; print "@end " before }
      print "@end " now
    }')
  case $out in
    @records* | *'
@records'*) printf '%s\n' "$out" ;;
    *'could not find a valid record'*) ;;
    *) printf '@problem %s\n' "${out#@end }"; exit 0 ;;
  esac
  shift 4
done
