# Rewinds a stopped server to another one. Arguments: source, primary_conninfo line, where to keep its own files.
source=$1 line=$2 saved=$3
alive && { echo "its server runs" >&2; exit 1; }
save() {
  [ ! -e "$saved/complete" ] || return 0
  rm -rf "$saved" && mkdir -p "$saved" || return 1
  for f in "$data"/*.conf "$data"/*.crt "$data"/*.key "$data"/*.pem "$data"/conf.d; do
    [ ! -e "$f" ] || cp -a "$f" "$saved/" || return 1
  done
  : >"$saved/complete"
}
put_back() {
  for f in "$saved"/*; do
    n=${f##*/}
    case $n in
      complete) continue ;;
      conf.d) rm -rf "$data/conf.d" ;;
    esac
    cp -a "$f" "$data/$n" || return 1
  done
}
state() { pg_controldata -D "$data" | sed -n 's/^Database cluster state: *//p'; }
settle() {
  case $(state) in 'shut down' | 'shut down in recovery') return 0 ;; esac
  echo "bringing it to a clean stop, reachable by nobody"
  sockets=$(mktemp -d) && : >"$data/standby.signal" || return 1
  launch -c listen_addresses= -c "unix_socket_directories=$sockets" -c primary_conninfo= -c primary_slot_name= \
    -c restore_command= -c recovery_target_timeline=current -c archive_mode=off -c hot_standby=on \
    -c wal_keep_size=2147483647 -c max_slot_wal_keep_size=-1 -c logging_collector=off -c synchronous_standby_names= &
  server=$!
  while kill -0 "$server" 2>/dev/null; do
    if alive && [ "$pid" = "$server" ]; then
      status
      case $s in ready*) kill -INT "$server"; break ;; esac
    fi
    sleep 0.02
  done
  wait "$server"
  rm -rf "$sockets"
  case $(state) in 'shut down' | 'shut down in recovery') return 0 ;; esac
  echo "it could not be brought to a clean stop:"; tail -n 8 "$log"
  return 1
}
save || { echo "cannot keep its configuration files in $saved"; exit 1; }
settle || exit 1
pg_rewind -D "$data" --source-server="$source" --progress; rc=$?
put_back || { echo "cannot put its configuration files back from $saved"; exit 1; }
[ "$rc" -eq 0 ] || exit "$rc"
mark_standby "$line" || exit 1
rm -rf "$saved"
