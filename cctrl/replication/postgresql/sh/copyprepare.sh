# Writes down what the next copy is to be, and clears away what an earlier one left half done. Prints "whole" where
# that one came to its end and is good still, "running" where it goes on. Arguments: the lock that the job holds; the
# source's system identifier, the first WAL file that the copy must reach on its timeline; the plan: operation, source, how it is reached, rate, directory for the log, options;
# then places outside the data directory, as pg_basebackup's -T takes them, each followed by the new directory alone.
job=$1 system=$2 first=$3; shift 3
copy_places
mkdir -p "$work" || exit 1
exec 8>>"$work/lock"
flock -w 5 8 || { echo "another command works on the copy in $work" >&2; exit 75; }
if [ -e "$job" ] && ! flock -n -s "$job" true; then echo running; exit 0; fi
good() {
  { read -r last; } 2>/dev/null <"$work/whole" || return 1
  [ -d "$work/new" ] && [ "${last%????????????????}" = "${first%????????????????}" ] && [ ! "$last" \< "$first" ] &&
    [ "$(pg_controldata -D "$work/new" | sed -n 's/^Database system identifier: *//p')" = "$system" ]
}
if good; then echo whole; exit 0; fi
empty() { # what an earlier copy put outside: only what it made itself, or found empty
  while IFS= read -r place; do
    [ -z "$place" ] || find "$place" -mindepth 1 -delete 2>/dev/null
    case $place in *.cctrl-*) rmdir "$place" 2>/dev/null ;; esac
  done
}
rm -f "$work/whole" "$work/plan"
[ ! -e "$work/places" ] || empty <"$work/places"
rm -rf "$work/new" "$work/session" "$work/places" || exit 1
plan=$1; shift
for n in 1 2 3 4 5; do plan="$plan
$1"; shift; done
wal=$(printf '%s\n' "$plan" | sed -n 5p)
: >"$work/places.new"
[ -z "$wal" ] || printf '%s\n' "$wal" >>"$work/places.new"
while [ $# -ge 2 ]; do
  plan="$plan
$1"
  printf '%s\n' "$2" >>"$work/places.new"
  shift 2
done
while IFS= read -r place; do
  [ ! -d "$place" ] || [ -z "$(ls -A "$place")" ] || { echo "$place is not empty" >&2; exit 1; }
done <"$work/places.new"
printf '%s\n' "$plan" >"$work/plan.new" && mv "$work/places.new" "$work/places" && mv "$work/plan.new" "$work/plan" &&
  sync "$work"
