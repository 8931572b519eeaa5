# Gives a server that was copied to a new place a configuration in its data directory; one made for this place stays.
# Arguments: the first line, which names the place; the settings, pg_hba.conf, pg_ident.conf.
[ -d "$data" ] || { echo "there is no data directory $data" >&2; exit 1; }
[ -z "$conf" ] || { echo "its configuration is $conf" >&2; exit 1; }
line=''
{ IFS= read -r line; } 2>/dev/null <"$data/postgresql.conf"
[ "$line" != "$1" ] || exit 0
put() { # file, text
  printf '%s\n' "$2" >"$data/$1.cctrl" && sync "$data/$1.cctrl" && mv "$data/$1.cctrl" "$data/$1"
}
put pg_hba.conf "$3" && put pg_ident.conf "$4" && put postgresql.conf "$1
$2" && sync "$data"
