# Ends a failed server for good: it cannot start writable after this. Arguments: the text of the mark.
end_server immediate 0 25 || exit 1
if [ ! -d "$data" ]; then echo "there is no data directory that could be marked" >&2; exit 0; fi
: >"$data/standby.signal" || exit 1
printf '%s\n' "$1" >"$data/cctrl.fenced" && sync "$data/standby.signal" "$data/cctrl.fenced" "$data"
if alive; then echo "it was started again by something else" >&2; exit 1; fi
[ -e "$data/standby.signal" ]
