# Makes a stopped server a standby. Arguments: its primary_conninfo line.
if alive; then echo "its server runs" >&2; exit 1; fi
mark_standby "$1"
