# What there is of a server's process: its pid file, the number in it, the lock file of its socket, whether it lives.
file=0 lock=0 lives=0
[ ! -e "$data/postmaster.pid" ] || file=1
pid_of "$data"
[ ! -e "${sock:-/tmp}/.s.PGSQL.$port.lock" ] || lock=1
! alive || lives=1
echo "@process $file ${pid:-0} $lock $lives"
