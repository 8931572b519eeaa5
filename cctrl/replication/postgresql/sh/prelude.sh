# Put before every script: names what each needs to know of a server (the order: see engine.arguments).
bin=$1 data=$2 conf=$3 sock=$4 port=$5 user=$6 db=$7 log=$8; shift 8
# A limit that is set for all sessions, or for the role, is not meant for these: they have their own.
PGOPTIONS='-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0'
PGOPTIONS="$PGOPTIONS -c default_transaction_read_only=off -c synchronous_commit=local"
# Users of the database have functions of their own; none of them is meant by what is run here, as its owner.
PGOPTIONS="$PGOPTIONS -c search_path=pg_catalog"
export LC_ALL=C TZ=UTC PGCONNECT_TIMEOUT=2 PGAPPNAME=cctrl PGOPTIONS PGUSER="$user" PGDATABASE="$db" PGPORT="$port"
[ -z "$sock" ] || export PGHOST="$sock"
[ -z "$bin" ] || PATH=$bin:$PATH
umask 077
sql() { "${bin:+$bin/}psql" -XAtq -v ON_ERROR_STOP=1 "$@"; }
alive() { lives "$data"; }
status() { # the server's own word: "starting", "ready", "standby", "stopping"
  s=
  { for _ in 1 2 3 4 5 6 7; do read -r _; done; read -r s; } <"$data/postmaster.pid"
} 2>/dev/null
plain_environment() { # as the server's owner would start it
  unset LC_ALL TZ PGCONNECT_TIMEOUT PGAPPNAME PGOPTIONS PGUSER PGDATABASE PGPORT PGHOST
}
note_boot() { # directory of data that is whole now: which start of its host it is from
  [ ! -e "$1/cctrl.made" ] || cat /proc/sys/kernel/random/boot_id >"$1/cctrl.boot" 2>/dev/null || :
}
unsynced() { # where commits wait for no disk
  [ -n "$conf" ] && grep -q "^fsync = 'off'" "$conf" 2>/dev/null
}
launch() { # becomes the server: for use with & only
  forget_killed "$data" "$sock" "$port"
  note_boot "$data"
  plain_environment
  [ -z "$conf" ] || set -- "$@" -c "config_file=$conf"
  exec setsid postgres -D "$data" "$@" >>"$log" 2>&1 </dev/null
}
family() { # the children of a process
  for s in /proc/[0-9]*/stat; do
    { read -r line <"$s"; } 2>/dev/null || continue
    rest=${line##*) }; rest=${rest#* }
    [ "${rest%% *}" != "$1" ] || { s=${s#/proc/}; echo "${s%/stat}"; }
  done
}
end_server() { # fast|immediate, how often to look until the next stronger signal, how often then until SIGKILL
  alive || return 0
  set -- "$1" "$2" "$pid" "${3:-150}"
  if [ "$1" = fast ]; then
    kill -INT "$3" && wait_gone "$3" "$2" && return 0
    echo "not stopped in time: immediate shutdown" >&2
  fi
  kill -QUIT "$3" 2>/dev/null; wait_gone "$3" "$4" && return 0
  # shellcheck disable=SC2046
  kill -KILL "$3" $(family "$3") 2>/dev/null # not before: to look at every process takes 100 ms
  wait_gone "$3" 150 || { echo "process $3 does not end, even by SIGKILL" >&2; return 1; }
  rm -f "$data/postmaster.pid"
}
set_conninfo() { # the line for postgresql.auto.conf
  auto=$data/postgresql.auto.conf
  { [ ! -f "$auto" ] || sed -E '/^[[:space:]]*primary_conninfo[[:space:]=]/d' "$auto"; } >"$auto.cctrl" &&
    printf '%s\n' "$1" >>"$auto.cctrl" && mv "$auto.cctrl" "$auto"
}
mark_standby() { # conninfo line
  set_conninfo "$1" && : >"$data/standby.signal" && rm -f "$data/cctrl.fenced" && sync "$data/standby.signal" "$data"
}
configure() { # text of postgresql.conf, text of pg_hba.conf: both beside the data, where no copy overwrites them
  mkdir -p "${conf%/*}" || return 1
  for f in postgresql.conf pg_hba.conf; do
    printf '%s' "$1" >"${conf%/*}/$f.new" && mv "${conf%/*}/$f.new" "${conf%/*}/$f" || return 1
    shift
  done
}
own_files() { # from a directory to another: the configuration that a server has in its data directory
  for f in "$1"/*.conf "$1"/*.crt "$1"/*.crl "$1"/*.key "$1"/*.pem "$1"/conf.d; do
    [ -e "$f" ] || continue
    n=${f##*/}
    [ "$n" != conf.d ] || rm -rf "$2/conf.d"
    cp -a "$f" "$2/$n" || return 1
  done
}
copy_places() { # of a copy: beside the directory itself, where the data directory is a link to it
  real=$(readlink -f "$data") && [ -n "$real" ] || real=$data
  work=${real%/*}/.cctrl-${real##*/}.copy
}
unwritten() { # a WAL file that was made ahead of its use
  [ "$(od -A n -N 8 -t x1 "$1" 2>/dev/null)" = ' 00 00 00 00 00 00 00 00' ]
}
log_end() { # directory, WAL file: where the files that follow it without a gap end, as pg_waldump's -e takes it
  # Without an end pg_waldump waits 5 s for the file after the last one.
  n=$2 size=$(wc -c <"$1/$2") || return 1
  while [ -e "$1/$n" ]; do
    high=${n#????????} low=$((0x${n#????????????????} + 1))
    high=$((0x${high%????????}))
    [ "$((low * size))" -lt 4294967296 ] || { high=$((high + 1)); low=0; }
    n=$(printf '%s%08X%08X' "${n%????????????????}" "$high" "$low")
  done
  printf '%X/%X' "$high" "$((low * size))"
}
