"""The shell scripts that run on the hosts: POSIX sh, arguments only as positional parameters.

Each script begins with PRELUDE, which names what every script needs to know of a server (see
`arguments` in engine.py for the order).
"""

PRELUDE = """\
bin=$1 data=$2 conf=$3 sock=$4 port=$5 user=$6 db=$7 log=$8; shift 8
export LC_ALL=C TZ=UTC PGCONNECT_TIMEOUT=2 PGAPPNAME=cctrl PGOPTIONS= PGUSER=$user PGDATABASE=$db PGPORT=$port
[ -z "$sock" ] || export PGHOST=$sock
[ -z "$bin" ] || PATH=$bin:$PATH
umask 077
sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
pid_of() { pid=; { read -r pid; } <"$data/postmaster.pid"; } 2>/dev/null
alive() { pid_of; [ -n "$pid" ] && [ "$pid" -gt 1 ] 2>/dev/null && kill -0 "$pid" 2>/dev/null && [ "/proc/$pid/cwd" -ef "$data" ]; }
family() {
  for s in /proc/[0-9]*/stat; do
    { read -r line <"$s"; } 2>/dev/null || continue
    rest=${line##*) }; rest=${rest#* }
    [ "${rest%% *}" != "$1" ] || { s=${s#/proc/}; echo "${s%/stat}"; }
  done
}
wait_gone() { # PID TENTHS
  n=$2
  while kill -0 "$1" 2>/dev/null; do
    case $(cat "/proc/$1/stat" 2>/dev/null) in *') Z '*) return 0 ;; esac
    [ "$n" -gt 0 ] || return 1
    n=$((n - 1)); sleep 0.02
  done
}
end_server() { # fast|immediate, hundredths of seconds until the next stronger signal
  alive || return 0
  set -- "$1" "$2" "$pid" "$(family "$pid")"
  if [ "$1" = fast ]; then kill -INT "$3" && wait_gone "$3" "$2" && return 0; echo "not stopped in time: immediate shutdown" >&2; fi
  kill -QUIT "$3" 2>/dev/null; wait_gone "$3" 150 && return 0
  kill -KILL "$3" $4 2>/dev/null; wait_gone "$3" 150 || { echo "process $3 does not end, even by SIGKILL" >&2; return 1; }
  rm -f "$data/postmaster.pid"
}
set_conninfo() { # the line for postgresql.auto.conf
  auto=$data/postgresql.auto.conf
  { [ ! -f "$auto" ] || sed -E '/^[[:space:]]*primary_conninfo[[:space:]=]/d' "$auto"; } >"$auto.cctrl" &&
    printf '%s\\n' "$1" >>"$auto.cctrl" && mv "$auto.cctrl" "$auto"
}
mark_standby() { # conninfo line
  set_conninfo "$1" && : >"$data/standby.signal" && rm -f "$data/cctrl.fenced" && sync "$data/standby.signal" "$data"
}
"""

PROBE = """\
echo '@cctrl 1'
echo "@now $(date +%s.%N)"
out=$(sql -c "$1" 2>&1); rc=$?
echo "@psql $rc"
printf '%s\\n' "$out"
echo '@space'
df -Pk "$data" 2>/dev/null || df -Pk "${data%/*}" 2>/dev/null
if [ "$rc" -ne 0 ]; then
  if alive; then echo "@running $pid"; fi
  [ -e "$data" ] || echo '@missing'
  [ ! -e "$data/standby.signal" ] || echo '@standby'
  [ ! -e "$data/cctrl.fenced" ] || { echo '@fenced'; cat "$data/cctrl.fenced"; }
  echo "@binaries $(postgres -V 2>&1)"
  echo "@version $(cat "$data/PG_VERSION" 2>&1)"
  for f in "$data"/pg_wal/*.history; do [ ! -f "$f" ] || { echo "@history ${f##*/}"; cat "$f"; }; done
  echo '@control'
  pg_controldata -D "$data" 2>&1
fi
echo '@end'
"""

START = """\
if ! alive; then
  set -- "$1" "$2" postgres -D "$data"
  [ -z "$conf" ] || set -- "$@" -c "config_file=$conf"
  want=$1 tries=$2; shift 2
  [ -n "$want" ] || { setsid nohup "$@" >>"$log" 2>&1 </dev/null & }
  started=$!
else
  want= tries=$2 started=
fi
status() { s=; { read -r s; read -r _; read -r _; read -r _; read -r _; read -r _; read -r _; read -r s; } <"$data/postmaster.pid"; } 2>/dev/null
while [ "$tries" -gt 0 ]; do
  status
  case $s in ready*) exit 0 ;; esac
  if [ -n "$started" ] && ! kill -0 "$started" 2>/dev/null; then tail -n 8 "$log" >&2; exit 1; fi
  tries=$((tries - 1)); sleep 0.02
done
echo "does not accept connections yet: state '$s'" >&2
tail -n 4 "$log" >&2
exit 75
"""

STOP = """\
sql -c "select count(pg_terminate_backend(pid)) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()" 2>/dev/null |
  { read -r n; echo "@sessions ${n:-0}"; }
end_server fast "$1" || exit 1
pg_controldata -D "$data"
"""

FENCE = """\
end_server immediate 0 || exit 1
: >"$data/standby.signal" || exit 1
printf '%s\\n' "$1" >"$data/cctrl.fenced" && sync "$data/standby.signal" "$data/cctrl.fenced" "$data"
if alive; then echo "it was started again by something else" >&2; exit 1; fi
[ -e "$data/standby.signal" ]
"""

MARK = 'if alive; then echo "its server runs" >&2; exit 1; fi\nmark_standby "$1"\n'

UNMARK = 'alive || rm -f "$data/standby.signal"\n'

TAIL = """\
wal=$data/pg_wal timeline=$1 start=$2
if ! out=$(pg_waldump -p "$wal" -t "$timeline" -s "$start" -n 1 2>&1); then
  case $out in
    *'could not find a valid record'*) echo '@nothing'; exit 0 ;;
    *'could not find file'* | *'could not open file'* | *'could not locate'*)
      [ -e "$wal/$3" ] || [ ! -e "$wal/$4" ] || { echo '@nothing'; exit 0; } ;;
  esac
  printf '@problem %s\\n' "$out"; exit 0
fi
echo '@records'
pg_waldump -p "$wal" -t "$timeline" -s "$start" -r Transaction 2>/dev/null |
  awk '/desc: COMMIT/ { n++; last = $0; if (n <= 20) print } END { print "@commits " n + 0; if (n) print last }'
pg_waldump -p "$wal" -t "$timeline" -s "$start" 2>&1 | tail -n 2
"""

KEEP = """\
to=$1 timeline=$2 first=$3 start=$4
mkdir -p "$to" || exit 1
for f in "$data/pg_wal/$timeline"*; do
  n=${f##*/}
  [ ${#n} -eq 24 ] || continue
  [ "$n" \\< "$first" ] || [ -e "$to/$n" ] || { cp -p "$f" "$to/$n.part" && mv "$to/$n.part" "$to/$n"; } || exit 1
done
cp -p "$data"/pg_wal/*.history "$to" 2>/dev/null
pg_waldump -p "$to" -s "$start" -t "$((0x$timeline))" >"$to/transactions.txt" 2>&1
sync "$to"
echo "$to"
"""

# The server's own configuration files are saved first and put back last: pg_rewind copies the source's.
# A server that was not shut down cleanly is first brought to a clean stop as a standby that nobody can reach and
# that reaches nobody, so that it never accepts a write on the way; it keeps all its log, which pg_rewind needs.
REWIND = """\
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
    case $n in complete) ;; conf.d) rm -rf "$data/conf.d" && cp -a "$f" "$data/" || return 1 ;; *) cp -a "$f" "$data/$n" || return 1 ;; esac
  done
}
state() { pg_controldata -D "$data" | sed -n 's/^Database cluster state: *//p'; }
settle() {
  case $(state) in 'shut down' | 'shut down in recovery') return 0 ;; esac
  echo "bringing it to a clean stop, reachable by nobody"
  : >"$data/standby.signal"
  set -- postgres -D "$data"
  [ -z "$conf" ] || set -- "$@" -c "config_file=$conf"
  "$@" -c listen_addresses= -c "unix_socket_directories=$saved" -c primary_conninfo= -c primary_slot_name= -c restore_command= \\
    -c recovery_target_timeline=current -c archive_mode=off -c hot_standby=on -c wal_keep_size=2147483647 -c max_slot_wal_keep_size=-1 \\
    -c logging_collector=off -c synchronous_standby_names= >>"$log" 2>&1 </dev/null &
  server=$!
  while kill -0 "$server" 2>/dev/null; do
    s=; { read -r _; read -r _; read -r _; read -r _; read -r _; read -r _; read -r _; read -r s; } <"$data/postmaster.pid" 2>/dev/null
    case $s in ready*) kill -INT "$server"; break ;; esac
    sleep 0.02
  done
  wait "$server"
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
"""

LOG_TAIL = 'f=$(sql -c "select pg_current_logfile()" 2>/dev/null); tail -n 200 "$log" "${f:+$data/$f}" 2>/dev/null | grep -E "FATAL|ERROR" | tail -n 3\n'
