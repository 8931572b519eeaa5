# Says how the server is, for as long as somebody listens. Arguments: the SQL of one beat, seconds from beat to beat.
# One session for all beats: a beat costs the host next to nothing. psql sleeps from one to the next; the end of the
# server's process is seen by tail, which looks ten times a second, and that of psql ends tail. Where tail can look at
# no process (busybox's), the end is seen at the next beat.
exec 2>/dev/null
end=
while :; do
  alive || pid=0 # tail waits for none
  case $(tail --help) in *--pid*) tail -f -s 0.1 --pid="$pid" /dev/null & end=$! ;; esac
  { printf '%s \\watch %s\n' "$1" "$2" | sql -f -; [ -z "$end" ] || kill "$end"; } & session=$!
  wait "${end:-$session}"
  kill "$session" # what it leaves of psql ends itself: its server is gone
  if alive; then echo running; else echo down; fi || exit
  sleep "$2"
done
