# The ports that a new server could not listen on. Arguments: the address it would have.
hex=$(printf %s "$1" | awk -F . 'NF == 4 && !/[^0-9.]/ { printf "%02X%02X%02X%02X", $4, $3, $2, $1 }')
sed 1d /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v hex="$hex" '$4 == "0A" {
  split($2, at, ":")
  if (hex == "" || at[1] ~ /^0*$/ || at[1] == hex || at[1] == "0000000000000000FFFF0000" hex) print at[2]
}' | while read -r port; do echo "@port $((0x$port))"; done
echo "@end"
