# Whether this host can open a replication connection. Arguments: how the other server is reached; seconds one of two
# tries may take, "" for one that takes as long as libpq waits at least (2 s).
reach() { "$@" psql -XAtq -d "$way connect_timeout=2 replication=database" -c 'IDENTIFY_SYSTEM' >/dev/null; }
way=$1
[ -n "$2" ] || { reach; exit; }
reach timeout "$2" || { [ $? -ge 124 ] && reach timeout "$2"; } # whom a try waited for in vain is tried once more
