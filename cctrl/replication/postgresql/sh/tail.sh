# What the log holds after a position. Arguments, for each timeline that the server was on since: the timeline, the
# position to begin at, the WAL file that it lies in, the file before.
wal=$data/pg_wal
nothing() { # the file of the position is not there, the one before is: nothing was written after it
  case $out in
    *'could not find a valid record'*) return 0 ;;
    *'could not find file'* | *'could not open file'* | *'could not locate'*) [ ! -e "$wal/$1" ] && [ -e "$wal/$2" ] ;;
    *) return 1 ;;
  esac
}
while [ $# -ge 4 ]; do
  if out=$(pg_waldump -p "$wal" -t "$1" -s "$2" -n 1 2>&1); then
    echo '@records'
    pg_waldump -p "$wal" -t "$1" -s "$2" -r Transaction 2>/dev/null | awk '
      /desc: COMMIT/ { n++; last = $0; if (n <= 20) print }
      END { print "@commits " n + 0; if (n) print "@last " last }'
    pg_waldump -p "$wal" -t "$1" -s "$2" 2>&1 | tail -n 2
  elif ! nothing "$3" "$4"; then
    printf '@problem %s\n' "$out"; exit 0
  fi
  shift 4
done
