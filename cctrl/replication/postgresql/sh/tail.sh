# What the log holds after a position. Arguments, for each timeline that the server was on since: the timeline, the
# position to begin at, the WAL file that it lies in, the file before.
# A commit whose records touch nothing but statistics (their tables, TOAST and indexes, and counts that are updated in
# place) is told as @candidate, and as @doubtful where its transaction may have begun before the position.
wal=$data/pg_wal
doubtful() { # transactions; file to begin with, position: which of them may have begun between
  pg_waldump -e "$3" "$2" 2>/dev/null | awk -v wanted="$1" '
    /desc: RUNNING_XACTS nextXid / && !begins { begins = $0; sub(/.* nextXid /, "", begins); begins += 0 }
    begins { x = $0; sub(/^[^,]*, tx: */, "", x); seen[x + 0] }
    END {
      n = split(wanted, xids, " ")
      for (i = 1; i <= n; i++) {
        x = xids[i] + 0
        if (!begins || (x - begins + 4294967296) % 4294967296 >= 2147483648 || x in seen) print "@doubtful " xids[i]
      }
    }'
}
while [ $# -ge 4 ]; do
  if [ ! -e "$wal/$3" ] && [ -e "$wal/$4" ] || unwritten "$wal/$3"; then # nothing was written after it
    shift 4
    continue
  fi
  end=$(log_end "$wal" "$3" 2>/dev/null)
  # The file is named: of a directory alone pg_waldump looks at any file in it, and one may be there ahead of its use.
  out=$(pg_waldump -p "$wal" -t "$1" -s "$2" ${end:+-e "$end"} "$3" 2>&1 | awk '
    function list(line) { last = line; if (listed++ < 20) print line }
    function statistics(line) {
      gsub(/ rel [0-9]+\/[0-9]+\/(2619|2696|2840|2841|3429|3430|3431|3433) /, " ", line)
      return line !~ / rel [0-9]/
    }
    { before = now; now = $0 }
    !/^rmgr: / { next }
    { records++; xid = $0; sub(/^[^,]*, tx: */, "", xid); xid += 0 }
    $2 == "Transaction" && match($0, /desc: [A-Z_]+/) {
      kind = substr($0, RSTART + 6, RLENGTH - 6)
      split(substr($0, RSTART + RLENGTH + 1), words, ":")
      if (kind == "PREPARE") pending[xid] = $0
      if (kind ~ /_PREPARED$/) delete pending[words[1] + 0]
      if (kind == "COMMIT" && xid in only && !(xid in more) && !/subxacts:|rels:/ && ++c <= 1000) print "@candidate " $0
      else if (kind ~ /^COMMIT/) { n++; list($0) }
      if (kind ~ /^(COMMIT|ABORT)$/) { delete only[xid]; delete more[xid] }
      if (kind ~ /^(COMMIT|ABORT|INVALIDATION)$/) next
    }
    !xid || xid in more || ($2 == "XLOG" && /desc: FPI_FOR_HINT/) { next }
    $2 ~ /^(Heap2?|Btree)$/ && (/desc: INPLACE / || statistics($0)) { only[xid]; next }
    { more[xid] }
    END {
      for (x in pending) { prepared++; list(pending[x]) }
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
  xids=$(printf '%s\n' "$out" | sed -n 's/^@candidate [^,]*, tx: *\([0-9]*\),.*/\1/p' | tr '\n' ' ')
  first=$wal/$4
  [ -e "$first" ] || first=$wal/$3
  [ -z "$xids" ] || doubtful "$xids" "$first" "$2"
  shift 4
done
