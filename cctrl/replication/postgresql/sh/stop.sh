# Ends the client sessions, shuts the server down, prints its control data. Arguments: how often to look.
n=$(sql -c "select count(pg_terminate_backend(pid)) from pg_stat_activity
  where backend_type = 'client backend' and pid <> pg_backend_pid()" 2>/dev/null)
echo "@sessions ${n:-0}"
end_server fast "$1" || exit 1
pg_controldata -D "$data"
