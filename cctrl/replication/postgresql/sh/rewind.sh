# Rewinds a stopped server to another one. Arguments: source, primary_conninfo line, where to keep its own files.
# Status 1: nothing is overwritten yet; any other: the data directory is half rewound.
source=$1 line=$2 saved=$3
alive && { echo "its server runs" >&2; exit 1; }
# Two commands may ask for the same rewind: whoever comes when it is done finds it done, as long as nothing ran since.
if [ ! -e "$saved/begun" ] && [ -e "$data/standby.signal" ] && [ "$data/cctrl.rewound" -nt "$data/global/pg_control" ]
then echo "it was rewound already"; exit 0; fi
save() {
  [ ! -e "$saved/begun" ] || { : >"$saved/copying"; return; } # one was cut off: how far it came is not known
  rm -rf "$saved" && mkdir -p "$saved/files" && own_files "$data" "$saved/files"
}
put_back() { own_files "$saved/files" "$data"; }
state() { pg_controldata -D "$data" | sed -n 's/^Database cluster state: *//p'; }
settle() {
  case $(state) in 'shut down' | 'shut down in recovery') return 0 ;; esac
  echo "bringing it to a clean stop, reachable by nobody"
  sockets=$(mktemp -d) && : >"$data/standby.signal" || return 1
  launch -c listen_addresses= -c "unix_socket_directories=$sockets" -c primary_conninfo= -c primary_slot_name= \
    -c restore_command= -c recovery_target_timeline=current -c archive_mode=off -c hot_standby=on \
    -c wal_keep_size=2147483647 -c max_slot_wal_keep_size=-1 -c logging_collector=off -c synchronous_standby_names= \
    -c fsync=off & # as pg_rewind's own: it writes everything to disk at its end, and replay begins before this again
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
timelines() { # of the last checkpoint, and of what was replayed last
  pg_controldata -D "$data" | sed -n "s/^Latest checkpoint's TimeLineID: *//p; s/^Min recovery ending loc's timeline: *//p"
}
first_checkpoint() { # before version 16 pg_rewind takes the last checkpoint's timeline for the server's
  { read -r major <"$data/PG_VERSION"; } 2>/dev/null && [ "${major%%.*}" -lt 16 ] || return 0
  # shellcheck disable=SC2046
  set -- $(timelines)
  [ "${1:-0}" -lt "${2:-0}" ] || return 0
  echo "it died before its first checkpoint on timeline $2: it makes that now, alone"
  # A standby makes no checkpoint of its own. This one serves nobody, and the mark is back before anything else runs.
  rm -f "$data/standby.signal"
  (
    plain_environment
    exec postgres --single -F -D "$data" ${conf:+-c "config_file=$conf"} -c archive_mode=off -c restore_command= \
      -c wal_keep_size=2147483647 -c max_slot_wal_keep_size=-1 -c synchronous_standby_names= template1
  ) </dev/null >>"$log" 2>&1
  : >"$data/standby.signal" && sync "$data/standby.signal" "$data" || return 1
  # shellcheck disable=SC2046
  set -- $(timelines)
  [ "${1:-0}" -ge "${2:-0}" ] || { echo "that failed:"; tail -n 8 "$log"; return 1; }
}
save || { echo "cannot keep its configuration files in $saved"; exit 1; }
if [ ! -e "$saved/rewound" ]; then
  settle || exit 1
  # From here on the data directory must not be started before a rewind has come to its end: the next look sees this.
  : >"$saved/begun" && sync "$saved/begun" "$saved" || exit 1
  first_checkpoint || exit 1
  # What it says is kept: once it has said how much it copies it overwrites.
  rm -f "$saved/status"
  { pg_rewind -D "$data" --source-server="$source" --progress; echo "$?" >"$saved/status"; } 2>&1 | tee -a "$saved/said"
  rc=''; { read -r rc; } 2>/dev/null <"$saved/status"
  if [ "$rc" = 0 ]; then : >"$saved/rewound"
  elif [ -n "$rc" ] && [ ! -e "$saved/copying" ] && ! grep -q 'need to copy' "$saved/said"; then
    rm -rf "$saved" # it can be given up, and begun anew
    exit 1
  fi
  put_back || { echo "cannot put its configuration files back from $saved"; exit 76; }
  [ "$rc" = 0 ] || exit 76
fi
put_back || { echo "cannot put its configuration files back from $saved"; exit 76; }
mark_standby "$line" && : >"$data/cctrl.rewound" || exit 76
rm -rf "$saved"
