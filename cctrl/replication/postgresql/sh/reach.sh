# Whether this host can open a replication connection. Arguments: how the other server is reached.
psql -XAtq -d "$1 connect_timeout=2 replication=database" -c 'IDENTIFY_SYSTEM' >/dev/null
