# ttStatus: whether the daemon of this instance runs, and which elements are loaded on it.
if ! lives "$data" || ! psql -XAtqw -p "$port" -c 'select' >/dev/null 2>&1; then
  echo "ttStatus: Could not connect to the TimesTen daemon."
  echo 'If the TimesTen daemon is not running, please start it by running "ttDaemonAdmin -start".'
  exit 1
fi
echo "TimesTen status report as of $(date)"
echo
echo "Daemon pid $pid port $port instance $name"
for server in "$home"/db/*/data; do
  [ -d "$server" ] || continue
  database=${server%/data}
  if lives "$server"; then state="loaded, server pid $pid"; else state='not loaded'; fi
  printf 'Data store %s (%s): %s\n' "$server" "${database##*/}" "$state" # echo would read its backslashes
done
echo "End of report"
