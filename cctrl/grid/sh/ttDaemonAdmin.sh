# ttDaemonAdmin -start|-stop|-restart [-force]: starts and stops the daemon of this instance.
# The daemon is a server without data of anybody: the one program that is sure to be on every host and can listen on a port.
# What belongs to the instance lives and ends with it: without it no server of an element may run here.
start() {
  exec 7>>"$home/conf/daemon.lock" && flock -w 60 7 || { echo "$program: another one starts it" >&2; return 1; }
  if lives "$data"; then echo "TimesTen Daemon (PID: $pid, port: $port) is running already."; return 0; fi
  forget_killed "$data" "$sockets" "$port"
  (unset LC_ALL PGCONNECT_TIMEOUT PGUSER PGDATABASE PGHOST
    exec setsid postgres -D "$data" >>"$home/log/daemon.log" 2>&1 </dev/null 7>&-) &
  started=$! n=1500 state=
  until lives "$data" && { for _ in 1 2 3 4 5 6 7; do read -r _; done; read -r state; } <"$data/postmaster.pid" 2>/dev/null &&
    [ "${state%% *}" = ready ]; do
    n=$((n - 1))
    if [ "$n" -lt 0 ] || { ! kill -0 "$started" 2>/dev/null && ! lives "$data"; }; then
      echo "$program: the daemon does not start:" >&2
      tail -n 4 "$home/log/daemon.log" >&2
      return 1
    fi
    sleep 0.02
  done
  exec 7>&-
  echo "TimesTen Daemon (PID: $pid, port: $port) startup OK."
}
stop() {
  if ! lives "$data"; then echo "TimesTen Daemon is not running."; return 0; fi
  daemon=$pid
  kill -INT "$daemon"; wait_gone "$daemon" 250 || kill -QUIT "$daemon"
  wait_gone "$daemon" 250 || { echo "$program: process $daemon does not end" >&2; return 1; }
  left=
  for server in "$home"/db/*/data; do if lives "$server"; then kill -INT "$pid"; left="$left $pid"; fi; done
  for server in $left; do wait_gone "$server" 1500 || { kill -QUIT "$server" 2>/dev/null; wait_gone "$server" 250; }; done
  # What waits for no disk (Durability=0) is there after a crash of the host, too.
  for server in "$home"/db/*; do ! grep -q "^fsync = 'off'" "$server/conf/postgresql.conf" 2>/dev/null || sync -f "$server"; done
  echo "TimesTen Daemon (PID: $daemon, port: $port) stopped."
}
verb=
for word; do
  case $word in
    -start | -stop | -restart) verb=$word ;;
    -force) ;;
    *) verb=; break ;;
  esac
done
case $verb in
  -start) start ;;
  -stop) stop ;;
  -restart) stop && start ;;
  *) echo "usage: $program {-start | -stop | -restart} [-force]" >&2; exit 2 ;;
esac
