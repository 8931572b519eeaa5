# Runs SQL on the server, one statement an argument, all in one session.
set -- "$@"
for statement; do
  set -- "$@" -c "$statement"
  shift
done
sql "$@"
