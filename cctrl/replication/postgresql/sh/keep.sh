# Copies the log that only this server has. Arguments: directory, timeline (hex), first file, position.
to=$1 timeline=$2 first=$3 start=$4
mkdir -p "$to" || exit 1
for f in "$data/pg_wal/$timeline"*; do
  n=${f##*/}
  [ ${#n} -eq 24 ] || continue
  [ "$n" \< "$first" ] || [ -e "$to/$n" ] || { cp -p "$f" "$to/$n.part" && mv "$to/$n.part" "$to/$n"; } || exit 1
done
cp -p "$data"/pg_wal/*.history "$to" 2>/dev/null
pg_waldump -p "$to" -s "$start" -t "$((0x$timeline))" >"$to/transactions.txt" 2>&1
sync "$to"
echo "$to"
