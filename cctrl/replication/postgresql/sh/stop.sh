# Ends the client sessions, shuts the server down, prints its control data. Arguments: how often to look; the SQL.
n=$(sql -c "$2" 2>/dev/null)
echo "@sessions ${n:-0}"
end_server fast "$1" || exit 1
! unsynced || sync -f "$data"
pg_controldata -D "$data"
