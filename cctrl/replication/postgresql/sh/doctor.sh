# What must be true on a host, as `name: value` lines. Arguments: programs that are needed, in one word each.
echo "who: $(id -un)"
missing=''
for program in flock setsid timeout sed awk sync mktemp df; do
  command -v "$program" >/dev/null || missing="$missing $program"
done
for program; do
  command -v "${bin:+$bin/}$program" >/dev/null || missing="$missing ${bin:+$bin/}$program"
done
echo "missing:$missing"
echo "version: $(postgres -V 2>&1)"
parent=${data%/*}
[ -w "$parent" ] && echo "parent: writable" || echo "parent: $parent is not writable for $(id -un)"
agents=''
for f in /proc/[0-9]*/comm; do
  { read -r name <"$f"; } 2>/dev/null || continue
  case $name in patroni | repmgrd | pg_autoctl | stolon-keeper) agents="$agents $name" ;; esac
done
echo "agents:$agents"
