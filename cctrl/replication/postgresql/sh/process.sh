# What there is of a server's process: its pid file, the number in it, the lock file of its socket, whether it lives, whether a
# signal has stopped it.
file=0 lock=0 lives=0 stopped=0
[ ! -e "$data/postmaster.pid" ] || file=1
pid_of "$data"
[ ! -e "${sock:-/tmp}/.s.PGSQL.$port.lock" ] || lock=1
if alive; then
  lives=1
  { read -r line <"/proc/$pid/stat"; } 2>/dev/null
  case $line in *') T '*) stopped=1 ;; esac
fi
echo "@process $file ${pid:-0} $lock $lives $stopped"
