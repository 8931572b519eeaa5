# Writes who may connect, and waits until the server goes by it. Arguments: the text of postgresql.conf and of pg_hba.conf.
configure "$1" "$2" || exit 1
alive || exit 0
before=$(date +%s.%N) tries=250
kill -HUP "$pid" || exit 1
until [ "$(sql -c "select pg_conf_load_time() >= to_timestamp($before)" 2>/dev/null)" = t ]; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] && alive || { echo "its server does not read pg_hba.conf again" >&2; exit 1; }
  sleep 0.02
done
