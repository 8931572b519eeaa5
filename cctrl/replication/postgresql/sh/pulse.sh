# Says how the server is, for as long as somebody listens. Arguments: the SQL of one beat, seconds from beat to beat.
# One session for all beats: a beat costs the host next to nothing, and the end of the server is felt at the next one.
while :; do
  printf '%s \\watch %s\n' "$1" "$2" | sql -f - 2>/dev/null
  if alive; then echo running; else echo down; fi || exit
  sleep "$2"
done
