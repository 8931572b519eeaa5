# What the log holds after a position. Arguments, for each timeline that the server was on since: the timeline, the
# position to begin at, the WAL file that it lies in, the file before.
wal=$data/pg_wal
while [ $# -ge 4 ]; do
  if [ ! -e "$wal/$3" ] && [ -e "$wal/$4" ] || unwritten "$wal/$3"; then # nothing was written after it
    shift 4
    continue
  fi
  end=$(log_end "$wal" "$3" 2>/dev/null)
  # The file is named: of a directory alone pg_waldump looks at any file in it, and one may be there ahead of its use.
  out=$(pg_waldump -p "$wal" -t "$1" -s "$2" ${end:+-e "$end"} "$3" 2>&1 | awk '
    function list(line) { last = line; if (listed++ < 20) print line }
    /^rmgr: / { records++ }
    /^rmgr: Transaction / && match($0, /desc: [A-Z_]+/) {
      kind = substr($0, RSTART + 6, RLENGTH - 6)
      split(substr($0, RSTART + RLENGTH + 1), words, ":")
      if (kind == "PREPARE") { xid = substr($0, index($0, "tx:") + 3) + 0; pending[xid] = $0 }
      if (kind ~ /_PREPARED$/) delete pending[words[1] + 0]
      if (kind ~ /^COMMIT/) { n++; list($0) }
    }
    { before = now; now = $0 }
    END {
      for (xid in pending) { prepared++; list(pending[xid]) }
      if (records) { print "@records"; print "@commits " n + 0; print "@prepared " prepared + 0 }
      if (last) print "@last " last
      if (records) print "@end " before
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
