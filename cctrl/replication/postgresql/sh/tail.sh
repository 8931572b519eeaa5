# What the log holds after a position. Arguments: timeline, position, the WAL file it lies in, the file before.
wal=$data/pg_wal timeline=$1 start=$2
if ! out=$(pg_waldump -p "$wal" -t "$timeline" -s "$start" -n 1 2>&1); then
  case $out in
    *'could not find a valid record'*) echo '@nothing'; exit 0 ;;
    *'could not find file'* | *'could not open file'* | *'could not locate'*)
      [ -e "$wal/$3" ] || [ ! -e "$wal/$4" ] || { echo '@nothing'; exit 0; } ;;
  esac
  printf '@problem %s\n' "$out"; exit 0
fi
echo '@records'
pg_waldump -p "$wal" -t "$timeline" -s "$start" -r Transaction 2>/dev/null |
  awk '/desc: COMMIT/ { n++; last = $0; if (n <= 20) print } END { print "@commits " n + 0; if (n) print last }'
pg_waldump -p "$wal" -t "$timeline" -s "$start" 2>&1 | tail -n 2
