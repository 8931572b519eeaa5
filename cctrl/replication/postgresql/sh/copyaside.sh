# What was moved or kept aside beside a data directory. Arguments: "list", or "remove" and names; the job's lock.
verb=$1 job=$2; shift 2
copy_places
base=${real%/*}/.cctrl-${real##*/}.
outside() { # what a directory links to outside itself: its log and its tablespaces
  for link in "$1"/pg_wal "$1"/pg_tblspc/*; do [ ! -L "$link" ] || readlink -f "$link"; done
}
if [ "$verb" = list ]; then
  for d in "$base"aside-* "$base"kept-* "$work"; do
    [ -d "$d" ] || continue
    [ "$d" != "$work" ] || [ ! -e "$job" ] || flock -n -s "$job" true || continue
    echo "@aside ${d#"$base"} $(du -sk "$d" | awk '{ printf "%.0f", $1 * 1024 }') $(stat -c %Y "$d")"
    outside "$d" | sed 's/^/@outside /'
  done
  exit 0
fi
[ -e "$data/global/pg_control" ] || { echo "there is no data directory $data: what is aside may be all there is" >&2; exit 1; }
for name; do
  case $name in
    */* | *..*) exit 1 ;;
    aside-?* | kept-?* | copy) d=$base$name ;;
    *) exit 1 ;;
  esac
  [ "$d" != "$work" ] || [ ! -e "$job" ] || flock -n -s "$job" true || { echo "a copy is being made" >&2; exit 1; }
  outside "$d" | while IFS= read -r place; do # what another server may use too is left alone
    case $place in *.cctrl-*) outside "$data" | grep -qxF "$place" || rm -rf -- "$place" ;; esac
  done
  rm -rf -- "$d" || exit 1
done
sync "${real%/*}"
