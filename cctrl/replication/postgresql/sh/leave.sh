# Waits until nothing on this standby receives from another server than it is told to; prints how far it has received.
# Arguments: the SQL that yields the number of a receiver that does, how often to look, the SQL of the position.
n=0
while other=$(sql -c "$1") || exit 1; [ -n "$other" ]; do
  [ "$n" -lt "$2" ] || { echo "process $other still receives from another server" >&2; exit 1; }
  n=$((n + 1)); [ "$n" -lt 15 ] || kill -TERM "$other" 2>/dev/null # a paused replay does not do it by itself
  sleep 0.02
done
sql -c "$3"
