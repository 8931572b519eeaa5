# Put before the prelude, and into programs that are left on a host: whether a server lives, and when it has ended.
pid_of() { pid=; { read -r pid; } <"$1/postmaster.pid"; } 2>/dev/null # data directory
lives() { # data directory: a process of that number works in it; numbers are used again after a crash
  pid_of "$1"; [ -n "$pid" ] && [ "$pid" -gt 1 ] 2>/dev/null && kill -0 "$pid" 2>/dev/null && [ "/proc/$pid/cwd" -ef "$1" ]
}
forget_killed() { # data directory, socket directory, port: what a server left there that was killed. Its number may be
  # another process's by now, which the next one would take for its like, and not start.
  lives "$1" || [ -z "$pid" ] || rm -f "$1/postmaster.pid"
  file=${2:-/tmp}/.s.PGSQL.$3.lock
  { read -r other && read -r dir; } 2>/dev/null <"$file" && [ "$dir" -ef "$1" ] && [ ! "/proc/$other/cwd" -ef "$1" ] &&
    rm -f "$file"
}
wait_gone() ( # PID, how often to look; its number may be another process's by then, which began later
  who=$1 n=$2 born=
  while kill -0 "$who" 2>/dev/null; do
    line=
    { read -r line <"/proc/$who/stat"; } 2>/dev/null
    case $line in *') Z '*) exit 0 ;; esac
    # shellcheck disable=SC2086
    set -- ${line##*) }
    [ "${born:=${20-}}" = "${20-}" ] || exit 0
    [ "$n" -gt 0 ] || exit 1
    n=$((n - 1)); sleep 0.02
  done
)
