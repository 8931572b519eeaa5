# Ends the process that receives; the server starts another one. Arguments: the SQL that yields its number.
receiver=$(sql -c "$1") || exit 1
[ -n "$receiver" ] || exit 0
kill -TERM "$receiver" && wait_gone "$receiver" 500
