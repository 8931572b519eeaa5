# Starts the server, if it does not run, and waits until it accepts connections.
# Arguments: "wait" where a service command has started it, else ""; how often to look.
started='' tries=$2
while [ "$tries" -gt 0 ]; do
  if alive; then
    status
    case $s in ready*) exit 0 ;; esac
  elif [ -n "$started" ] && ! kill -0 "$started" 2>/dev/null; then
    tail -n 8 "$log" >&2
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
