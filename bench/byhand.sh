#!/bin/sh
# What an administrator's own scripts would do with PostgreSQL's programs alone: byhand.sh VERB ARGUMENT...
# The environment names the servers: BIN, and for each host NAME_data, NAME_conf, NAME_sock, NAME_port, NAME_as (the
# words that run a command there as the servers' user), NAME_info_OTHER (the primary_conninfo of NAME under OTHER).
set -eu
of() { eval "printf %s \"\$$1_$2\""; }
sql() { "$BIN/psql" -XAtq -v ON_ERROR_STOP=1 -h "$(of "$1" sock)" -p "$(of "$1" port)" -U postgres -d postgres -c "$2"; }
ctl() { # HOST, pg_ctl's words
  host=$1; shift
  $(of "$host" as) "$BIN/pg_ctl" -s -w -D "$(of "$host" data)" "$@"
}
start() { ctl "$1" start -l "$(of "$1" data).byhand.log" -o "-c config_file=$(of "$1" conf)" >/dev/null; }
conninfo() { of "$1" "info_$2"; }
mark() { # HOST becomes a standby of OTHER at its next start
  data=$(of "$1" data)
  $(of "$1" as) sed -i '/^primary_conninfo/d' "$data/postgresql.auto.conf"
  printf "primary_conninfo = '%s'\n" "$(conninfo "$1" "$2")" >>"$data/postgresql.auto.conf"
  $(of "$1" as) touch "$data/standby.signal"
}
follow() { # a running standby HOST follows OTHER
  sql "$1" "alter system set primary_conninfo = '$(conninfo "$1" "$2")'"
  sql "$1" "select pg_reload_conf()" >/dev/null
}
until_true() { # HOST, a query that yields t in the end
  until [ "$(sql "$1" "$2")" = t ]; do sleep 0.02; done
}
caught_up() { # PRIMARY, a standby that has everything in the end
  until_true "$1" "select count(*) > 0 from pg_stat_replication where application_name = '$2'
    and state = 'streaming' and replay_lsn >= '$(sql "$1" "select pg_current_wal_flush_lsn()")'"
}
streaming() { # PRIMARY, how many standbys that have everything
  until_true "$1" "select count(*) = $2 from pg_stat_replication
    where state = 'streaming' and replay_lsn >= '$(sql "$1" "select pg_current_wal_flush_lsn()")'"
}

switch() { # OLD, NEW, OTHER
  old=$1 new=$2 other=$3
  sql "$old" checkpoint
  ctl "$old" stop -m fast
  end=$("$BIN/pg_controldata" "$(of "$old" data)" | sed -n 's/^Latest checkpoint location: *//p')
  until_true "$new" "select pg_last_wal_replay_lsn() > '$end'"
  mark "$old" "$new"
  ctl "$new" promote
  start "$old" &
  follow "$other" "$new"
  wait
  streaming "$new" 2
}

failover() { # OLD (dead), NEW, OTHER
  old=$1 new=$2 other=$3
  $(of "$old" as) touch "$(of "$old" data)/standby.signal"
  a=$(sql "$new" "select pg_last_wal_receive_lsn() - '0/0'") b=$(sql "$other" "select pg_last_wal_receive_lsn() - '0/0'")
  if [ "$a" -lt "$b" ]; then t=$new new=$other other=$t; fi
  ctl "$new" promote
  follow "$other" "$new"
  streaming "$new" 1
  echo "$new"
}

promote() { # NEW, whose commits wait for nobody then
  sql "$1" "alter system set synchronous_standby_names = ''"
  sql "$1" "select pg_reload_conf()" >/dev/null
  ctl "$1" promote
}

back() { # TARGET (stopped), SOURCE, how TARGET calls itself there: commits wait for it again when it has all
  start "$1"
  caught_up "$2" "$3"
  sql "$2" "alter system set synchronous_standby_names = 'FIRST 1 (\"$3\")'"
  sql "$2" "select pg_reload_conf()" >/dev/null
  until_true "$2" "select count(*) > 0 from pg_stat_replication where sync_state = 'sync'"
}

rewind() { # TARGET (dead), SOURCE, how TARGET calls itself there if not by its name
  sql "$2" checkpoint
  data=$(of "$1" data)
  rm -f "$data/standby.signal" "$data/cctrl.fenced" # pg_rewind's crash recovery cannot be a standby's
  said=$($(of "$1" as) "$BIN/pg_rewind" -D "$data" --config-file="$(of "$1" conf)" \
    --source-server="$(conninfo "$1" "$2") dbname=postgres" 2>&1) || { printf '%s\n' "$said" >&2; exit 1; }
  mark "$1" "$2"
  start "$1"
  caught_up "$2" "${3:-$1}"
}

copy() { # TARGET (without data), SOURCE, PRIMARY, how TARGET calls itself there if not by its name
  data=$(of "$1" data)
  $(of "$1" as) "$BIN/pg_basebackup" -w -D "$data" -d "$(conninfo "$1" "$2")" -c fast
  mark "$1" "$3"
  start "$1"
  caught_up "$3" "${4:-$1}"
}

make() { # DIRECTORY, POSTGRESQL.CONF, PORT PORT PORT: three servers that stream, on loopback
  top=$1 settings=$2 first=$3
  shift 2
  mkdir -p "$top"
  $AS "$BIN/initdb" -D "$top/$first" -U postgres -A trust --no-sync --no-instructions --locale=C -E UTF8 >/dev/null
  { cat "$settings"; echo "unix_socket_directories = '$top'"; } >>"$top/$first/postgresql.conf"
  for port; do
    if [ "$port" != "$first" ]; then
      $AS "$BIN/pg_basebackup" -D "$top/$port" -h "$top" -p "$first" -U postgres -c fast --no-sync -R
    fi
    $AS "$BIN/pg_ctl" -s -w -D "$top/$port" -l "$top/$port.log" -o "-p $port" start >/dev/null
  done
  until [ "$("$BIN/psql" -XAtq -h "$top" -p "$first" -U postgres -d postgres \
    -c "select count(*) from pg_stat_replication where state = 'streaming'")" = 2 ]; do sleep 0.02; done
}

unmake() { # DIRECTORY, PORT...
  top=$1
  shift
  for port; do $AS "$BIN/pg_ctl" -s -D "$top/$port" -m immediate stop; done
  rm -rf "$top"
}

"$@"
