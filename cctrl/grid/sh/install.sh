# Puts an instance into its home: its programs, what they need to know, its daemon; the first time it is started too.
# Arguments: stamp; home, name of the instance, address where the daemon listens, port, socket directory, user,
# PostgreSQL's programs; then name and text of each program.
stamp=$1 home=$2 name=$3 listen=$4 port=$5 sockets=$6 user=$7 bin=$8; shift 8
umask 077
[ -z "$bin" ] || PATH=$bin:$PATH
[ "$(cat "$home/conf/stamp" 2>/dev/null)" != "$stamp" ] || exit 0
for d in bin conf log db; do mkdir -p "$home/$d" || exit 1; done
mkdir -p "$sockets" || exit 1
exec 8>>"$home/conf/lock" && flock -w 60 8 || exit 1
quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"; }
if [ ! -e "$home/daemon/PG_VERSION" ]; then
  new=$home/.daemon.making
  rm -rf "$new"
  said=$(initdb --no-sync --no-instructions --locale=C --encoding=UTF8 -U "$user" --auth=trust -D "$new" 2>&1) ||
    { printf '%s\n' "$said" | tail -n 4 >&2; exit 1; }
  mv -T "$new" "$home/daemon" || exit 1
fi
# It keeps nothing and serves nobody but a look whether it is there: as small as a server can be.
cat >"$home/daemon/postgresql.conf" <<CONF
listen_addresses = $(quoted "$listen")
port = $port
unix_socket_directories = $(quoted "$sockets")
cluster_name = 'daemon'
max_connections = 8
shared_buffers = 1MB
wal_level = minimal
max_wal_senders = 0
max_logical_replication_workers = 0
autovacuum = off
fsync = off
bgwriter_lru_maxpages = 0
checkpoint_timeout = 1d
dynamic_shared_memory_type = mmap
superuser_reserved_connections = 1
CONF
printf 'local all all trust\nhost all all all reject\n' >"$home/daemon/pg_hba.conf"
word() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; } # as a shell reads it
echo "name=$(word "$name") port=$port sockets=$(word "$sockets") user=$(word "$user") bin=$(word "$bin")" \
  >"$home/conf/instance"
while [ $# -ge 2 ]; do
  printf '%s' "$2" >"$home/bin/.$1" && chmod 700 "$home/bin/.$1" && mv "$home/bin/.$1" "$home/bin/$1" || exit 1
  shift 2
done
[ -e "$home/conf/stamp" ] || "$home/bin/ttDaemonAdmin" -start 8>&- || exit 1
printf '%s' "$stamp" >"$home/conf/stamp"
