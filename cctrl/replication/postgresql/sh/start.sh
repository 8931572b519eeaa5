# Starts the server, if it does not run, and waits until it accepts connections.
# Arguments: "wait" where a service command has started it, else ""; how often to look.
collected() { # the file that the server's own collector of its log writes to
  f=
  { read -r _ f; } 2>/dev/null <"$data/current_logfiles"
  case $f in '' | /*) ;; *) f=$data/$f ;; esac
}
complaints() { # made since it was started, in that file
  collected
  [ "$f" = "$before" ] || size=0
  tail -c "+$((size + 1))" "$f" 2>/dev/null | grep -E 'FATAL|PANIC|could not' | tail -n 4
}
why() {
  tail -n 8 "$log"
  for _ in 1 2 3 4 5 6 7 8 9 10; do # the collector outlives the server by a moment
    said=$(complaints)
    [ -z "$said" ] || { printf '%s\n' "$said"; return; }
    sleep 0.02
  done
}
started='' tries=$2
collected
before=$f size=$(wc -c 2>/dev/null <"$f") || size=0
while [ "$tries" -gt 0 ]; do
  if alive; then
    status
    case $s in
      ready*) # its control data, which says that it runs, outlives a crash of the host that comes soon
        ! unsynced || sync "$data/global/pg_control" "$data/cctrl.boot" 2>/dev/null
        exit 0 ;;
    esac
  elif [ -n "$started" ] && ! kill -0 "$started" 2>/dev/null; then
    why >&2
    exit 1
  elif [ -z "$started$1" ]; then
    launch &
    started=$!
  fi
  tries=$((tries - 1))
  sleep 0.02
done
echo "does not accept connections yet: state '$s'" >&2
tail -n 4 "$log" >&2
exit 75
