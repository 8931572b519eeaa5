# Put before the prelude, and into programs that are left on a host: whether a server lives, and when it has ended.
pid_of() { pid=; { read -r pid; } <"$1/postmaster.pid"; } 2>/dev/null # data directory
lives() { # data directory: a process of that number works in it; numbers are used again after a crash
  pid_of "$1"; [ -n "$pid" ] && [ "$pid" -gt 1 ] 2>/dev/null && kill -0 "$pid" 2>/dev/null && [ "/proc/$pid/cwd" -ef "$1" ]
}
wait_gone() { # PID, how often to look
  n=$2
  while kill -0 "$1" 2>/dev/null; do
    line=
    { read -r line <"/proc/$1/stat"; } 2>/dev/null
    case $line in *') Z '*) return 0 ;; esac
    [ "$n" -gt 0 ] || return 1
    n=$((n - 1)); sleep 0.02
  done
}
