# Runs SQL on the server, one statement an argument, all in one session; `END_LEFTOVERS` knows it by its name.
PGAPPNAME='cctrl step'
set -- "$@"
for statement; do
  set -- "$@" -c "$statement"
  shift
done
sql "$@"
