# Takes the standby mark off again.
alive || rm -f "$data/standby.signal"
