# What was moved or kept aside beside a data directory. Arguments: "list" or "remove"; the job's lock; where its member has
# left that data directory the system identifier, else "": it is one of them then, under the name "left". To remove also
# directories that members of this host use, a line each; then names.
verb=$1 job=$2 system=$3; shift 3
copy_places
base=${real%/*}/.cctrl-${real##*/}.
outside() { # what a directory links to outside itself: its log and its tablespaces
  for link in "$1"/pg_wal "$1"/pg_tblspc/*; do [ ! -L "$link" ] || readlink -f "$link"; done
}
tell() { # directory, name
  echo "@aside $2 $(du -sk "$1" | awk '{ printf "%.0f", $1 * 1024 }') $(stat -c %Y "$1")"
  outside "$1" | sed 's/^/@outside /'
}
of_the_system() {
  [ -n "$system" ] && [ -e "$real/PG_VERSION" ] &&
    [ "$(pg_controldata -D "$real" 2>/dev/null | sed -n 's/^Database system identifier: *//p')" = "$system" ]
}
if [ "$verb" = list ]; then
  ! of_the_system || tell "$real" left
  for d in "$base"aside-* "$base"kept-* "$work"; do
    [ -d "$d" ] || continue
    [ "$d" != "$work" ] || [ ! -e "$job" ] || flock -n -s "$job" true || continue
    tell "$d" "${d#"$base"}"
  done
  exit 0
fi
used=$1; shift
unused() { # whether the data directory is what was left: of that system, and nobody's now
  if alive; then echo "a server runs in $real" >&2; return 1; fi
  while IFS= read -r d; do
    [ ! "$real" -ef "$d" ] || { echo "$real is in use" >&2; return 1; }
  done <<USED
$used
USED
  of_the_system || { echo "$real holds another database system than $system: it is left alone" >&2; return 1; }
}
[ -n "$system" ] || [ -e "$data/global/pg_control" ] ||
  { echo "there is no data directory $data: what is aside may be all there is" >&2; exit 1; }
for name; do
  case $name in
    */* | *..*) exit 1 ;;
    left) # moved first, so that no half of one passes for it
      unused || exit 1
      d=${base}aside-left
      rm -rf -- "$d" && mv -T "$real" "$d" || exit 1 ;;
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
