# The last complaints of the server, for error messages.
f=$(sql -c "select pg_current_logfile()" 2>/dev/null); tail -n 200 "$log" "${f:+$data/$f}" 2>/dev/null | grep -E "FATAL|ERROR" | tail -n 3
