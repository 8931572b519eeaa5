"""The small POSIX sh scripts that run on the hosts; they need util-linux (setsid, flock) and coreutils."""

from __future__ import annotations

# Arguments: directory, name, id of this run, the command as text, command...
# The job inherits descriptor 9 and with it the lock: as long as anything of it lives the lock is held.
JOB_START = r"""
umask 077
d=$1 job=$1/.cctrl-job-$2 id=$3 text=$4
shift 4
fail() { printf '%s\n' "$*" >&2; exit 71; }
tell() {
    printf 'state=%s\npid=%s\nsince=%s\nid=%s\n' "$1" "$(cat "$job/pid" 2>&-)" "$(cat "$job/started" 2>&-)" \
        "$(cat "$job/id" 2>&-)"
    printf 'argv=%s\n' "$(cat "$job/argv" 2>&-)"
    exit 0
}
[ -d "$d" ] || fail "there is no directory $d"
for tool in setsid flock; do
    command -v "$tool" >/dev/null 2>&1 || fail "$tool is not installed (package util-linux)"
done
( : >>"$job.lock" ) || fail "cannot write in $d"
exec 9>>"$job.lock"
if ! flock -w 0.5 9; then
    [ "$(cat "$job/argv" 2>&-)" = "$text" ] || tell other
    [ ! -f "$job/rc" ] || tell leftover
    tell running
fi
rm -rf "$job" && mkdir "$job" || fail "cannot make $job"
( printf '%s\n' "$text" >"$job/argv" && date +%s >"$job/started" && printf '%s\n' "$id" >"$job/id" &&
    : >"$job/log" ) || fail "cannot write in $job"
setsid sh -c '
    job=$1; shift
    echo $$ >"$job/pid"
    "$@"
    rc=$?
    echo $rc >"$job/rc.new" && mv "$job/rc.new" "$job/rc"
' cctrl-job "$job" "$@" </dev/null >>"$job/log" 2>&1 &
echo $! >"$job/pid"
tell started
"""

# Arguments: directory, name, id, bytes of the log already seen, seconds a look lasts, looks.
# The log's new bytes go to stdout; the last line on stderr says how things stand.
JOB_FOLLOW = r"""
job=$1/.cctrl-job-$2 id=$3 seen=$4 pause=$5 looks=$6
while :; do
    state=running
    if [ "$(cat "$job/id" 2>&-)" != "$id" ]; then
        echo state=replaced >&2
        exit 0
    fi
    if flock -n -s "$job.lock" true; then state=lost; fi
    if [ -f "$job/rc" ]; then state=rc$(cat "$job/rc"); fi
    size=$(wc -c <"$job/log")
    if [ "$size" -gt "$seen" ]; then
        tail -c +$((seen + 1)) "$job/log" | head -c $((size - seen))
        seen=$((size))
    fi
    looks=$((looks - 1))
    if [ "$state" != running ] || [ "$looks" -le 0 ]; then
        echo "state=$state" >&2
        exit 0
    fi
    flock -s -w "$pause" "$job.lock" true
done
"""

# Arguments: directory, name, seconds to wait for its end.
JOB_END = r"""
job=$1/.cctrl-job-$2
[ -e "$job.lock" ] && ! flock -n -s "$job.lock" true || exit 0
{ read -r pid; } <"$job/pid" && [ "$pid" -gt 1 ] && kill -TERM "-$pid"
flock -s -w "$3" "$job.lock" true
"""

# Arguments: file, owner, seconds to wait, seconds without a heartbeat, then a command that is run once, as soon as the
# lock is held; its end is told as `ended STATUS`. A heartbeat is a line on stdin.
# Children do not get descriptor 9: the lock ends with this shell, however that ends. So where this shell lives, known
# by its number and by when it began, the lock is held.
LEASE = r"""
umask 077
file=$1 owner=$2 wait=$3 silence=$4
fail() { printf '%s\n' "$*" >&2; exit 71; }
for tool in flock timeout; do
    command -v "$tool" >/dev/null 2>&1 || fail "$tool is not installed"
done
dir=${file%/*}/
[ -d "$dir" ] || mkdir -p -- "$dir" || fail "cannot make $dir"
held() { echo held; head -c 2000 "$file" 2>&-; exit 75; }
exec 8<"$dir"
said=$( ( : >>"$file" ) 2>&1 )
if [ $? -eq 0 ]; then
    exec 9>>"$file"
    flock -w "$wait" 9 && flock -s -w "$wait" 8 || held
    ( printf '%s\n' "$owner" >"$file" ) 2>&- || : >"$file" # it is held all the same
else # on a full disk no file can be made: its directory is locked, which whoever locks a file in it would share
    case $said in *'o space left'* | *quota*) ;; *) fail "cannot write $file: $said" ;; esac
    flock -w "$wait" 8 || held
fi
{ read -r line <"/proc/$$/stat"; } 2>&-
began() { echo "locked $$ ${20-}"; }
began ${line##*) }
shift 4
[ $# -eq 0 ] || { "$@" 8<&- 9>&- </dev/null; echo "ended $?"; }
while timeout "$silence" sh -c 'read -r beat' 8<&- 9>&-; do :; done
[ ! -e "$file" ] || : >"$file"
"""

# Arguments: number and beginning of the shell that holds a lock; a command that is run only while that lives.
FENCED = r"""
{ read -r line <"/proc/$1/stat"; } 2>&-
began=$2
shift 2
lives() { [ "${1-}" != Z ] && [ "${20-}" = "$began" ]; } # one that has ended, and was not waited for yet, holds nothing
lives ${line##*) } || {
    echo "the lock of whoever gave this command is not held any more: nothing was done" >&2
    exit 77
}
exec "$@"
"""
