# Which long work goes on by itself for a server: since when, and the last it said of how far it is. Arguments: names of jobs.
for name; do
  job=${data%/*}/.cctrl-job-$name
  [ -e "$job.lock" ] && ! flock -n -s "$job.lock" true || continue
  { read -r since; } 2>/dev/null <"$job/started" || since=0
  said=$(tail -c 2000 "$job/log" 2>/dev/null | tr '\r' '\n' | grep -E '[0-9]+/[0-9]+ kB' | tail -n 1)
  case $(cat "$job/argv") in *' cctrl-reuse '*) name=reuse-${name#*-} ;; esac # a copy of either kind is the same job
  echo "@work $name $since $said"
done
