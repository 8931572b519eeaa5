# Copies the log that only this server has, of all timelines it was on since. Arguments: directory, the last 16 digits
# of the first file's name; then for each timeline: the timeline, the position it is read from, the WAL file of that.
to=$1 first=$2; shift 2
for kept in "${to%kept-*}"kept-*/; do # it may be there already, from a recovery that failed later
  same=''
  for f in "$data"/pg_wal/*; do
    n=${f##*/}
    case $n in *[!0-9A-F]*) continue ;; esac
    [ ${#n} -eq 24 ] && [ ! "${n#????????}" \< "$first" ] || continue
    cmp -s "$f" "$kept$n" && same=yes || { same=''; break; }
  done
  [ -z "$same" ] || [ ! -e "${kept}transactions.txt" ] || { echo "${kept%/}"; exit 0; }
done
mkdir -p "$to" || exit 1
for f in "$data"/pg_wal/*; do
  n=${f##*/}
  case $n in *[!0-9A-F]*) continue ;; esac
  [ ${#n} -eq 24 ] && [ ! "${n#????????}" \< "$first" ] && [ ! -e "$to/$n" ] || continue
  cp -p "$f" "$to/$n.part" && mv "$to/$n.part" "$to/$n" || exit 1
done
cp -p "$data"/pg_wal/*.history "$to" 2>/dev/null
while [ $# -ge 3 ]; do
  end=$(log_end "$to" "$3" 2>/dev/null)
  pg_waldump -p "$to" -t "$1" -s "$2" ${end:+-e "$end"} "$3" 2>&1
  shift 3
done >"$to/transactions.txt.part" && mv "$to/transactions.txt.part" "$to/transactions.txt" || exit 1
sync "$to"
echo "$to"
