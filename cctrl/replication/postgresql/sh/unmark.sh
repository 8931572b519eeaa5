# Takes the standby mark off again, once a shutdown that was begun has ended. What was a standby keeps its mark.
while alive && status && [ "${s#stopping}" != "$s" ]; do sleep 0.02; done
alive && exit 0
case $(pg_controldata -D "$data" | sed -n 's/^Database cluster state: *//p') in
  'in archive recovery' | 'shut down in recovery') ;;
  '') exit 1 ;;
  *) rm -f "$data/standby.signal" ;;
esac
