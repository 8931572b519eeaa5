# What a host has for backups. Arguments: the directory that they are kept in, the programs that might make them.
dir=$1; shift
p=$dir
while [ ! -d "$p" ] && [ "$p" != "${p%/*}" ]; do p=${p%/*}; p=${p:-/}; done
[ -w "$p" ] && echo "@writable yes" || echo "@writable $p"
echo "@free $(df -Pk "$p" | awk 'END { printf "%.0f", $4 * 1024 }')"
for agent; do command -v "$agent" >/dev/null && echo "@agent $agent"; done
! command -v pgbackrest >/dev/null || # what its own configuration knows
  printf '@info %s\n' "$(plain_environment
    timeout 10 pgbackrest --log-level-console=off --log-level-stderr=error info --output=json 2>&1)"
for f in "$dir"/store-*.properties; do
  [ -f "$f" ] || continue
  echo "@backup ${f##*/}"
  cat "$f"
done
exit 0
