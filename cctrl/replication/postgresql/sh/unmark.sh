# Takes the standby mark off again, once a shutdown that was begun has ended.
while alive && status && [ "${s#stopping}" != "$s" ]; do sleep 0.02; done
alive || rm -f "$data/standby.signal"
