# Makes a backup of this server into the next store of a directory. Arguments: the directory, the agent, how the server
# is reached, service, member; its size, its system identifier, how many tablespaces it has; pgBackRest's stanza.
dir=$1 agent=$2 from=$3 service=$4 member=$5 size=$6 system=$7 tablespaces=$8 stanza=$9
mkdir -p "$dir" && rm -rf "$dir"/store-*.part || exit 1
last=0
for f in "$dir"/store-*; do # whatever lies there, by whomever: nothing is written over
  n=${f##*/store-}; n=${n%%.*}
  case $n in '' | *[!0-9]*) continue ;; esac
  n=$(printf %s "$n" | sed 's/^0*//')
  [ "${n:-0}" -le "$last" ] || last=$n
done
name=$(printf 'store-%010d' $((last + 1)))
part=$dir/$name.part
case $agent in
  pg_basebackup)
    pg_basebackup -w -D "$part" -d "$from" -c fast -X stream -P --manifest-checksums=SHA256 -l "cctrl $name" || exit 1
    if command -v pg_verifybackup >/dev/null; then pg_verifybackup -q "$part" || exit 1; fi
    (cd "$part" && sha256sum backup_manifest pg_wal/????????????????????????) >"$dir/$name.sha256" || exit 1
    for f in "$part"/pg_wal/????????????????????????; do wal=${f##*/}; done
    mv -T "$part" "$dir/$name" && sync "$dir" || exit 1
    sum=$(sed -n 's/ .*backup_manifest$//p' "$dir/$name.sha256")
    start=$(sed -n 's/^START WAL LOCATION: \([^ ]*\).*/\1/p' "$dir/$name/backup_label")
    size=$(du -sk "$dir/$name" | awk '{ printf "%.0f", $1 * 1024 }')
    ;;
  pgbackrest)
    # Of this server, whatever its configuration says; with the log that it needs, as its archive may be gone one day.
    from=no-backup-standby; [ ! -f "$data/standby.signal" ] || from=backup-standby
    mkdir "$part" || exit 1
    { (plain_environment; exec pgbackrest --stanza="$stanza" --"$from" --archive-check --archive-copy --no-log-timestamp \
      --log-level-console=detail backup); echo $? >"$part/rc"; } 2>&1 | tee "$part/said"
    read -r rc <"$part/rc" && [ "$rc" = 0 ] || exit 1
    said() { sed -n "s/^P00 *INFO: $1/\\1/p" "$part/said" | tail -n 1; }
    label=$(said 'new backup label = *\([^ ]*\)$')
    wal=$(said 'backup stop archive = *\([0-9A-F]*\),.*')
    start=$(said 'backup start archive = .*lsn = *\([^ ]*\)$')
    [ -n "$label" ] || { echo "pgbackrest did not say how it called the backup"; exit 1; }
    rm -rf "$part"
    ;;
esac
{
  printf 'agent=%s\nservice=%s\ndatasource=%s\n' "$agent" "$service" "$member"
  case $agent in
    pg_basebackup) printf 'directory=%s\nsha256=%s\nstart=%s\nlog=%s\n' "$dir/$name" "$sum" "$start" "$wal" ;;
    pgbackrest)
      printf 'stanza=%s\nlabel=%s\nstart=%s\nlog=%s\n' "$stanza" "$label" "$start" "$wal"
      printf 'tablespaces=%s\n' "$tablespaces"
      ;;
  esac
  printf 'created=%s\nsystem=%s\nsize=%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$system" "$size"
} >"$dir/$name.properties.new" && sync "$dir/$name.properties.new" &&
  mv "$dir/$name.properties.new" "$dir/$name.properties" && sync "$dir" || exit 1
echo "@store $name.properties"
