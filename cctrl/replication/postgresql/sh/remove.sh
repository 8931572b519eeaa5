# Removes a server that was made by create.sh, or as a copy of one that was: its data and its configuration.
if alive; then echo "its server runs" >&2; exit 1; fi
gone=${data%/*}/.cctrl-${data##*/}.removing
if [ -e "$data" ] && ! rmdir "$data" 2>/dev/null; then
  [ -e "$data/cctrl.made" ] || { echo "$data was not made by cctrl: it is left alone" >&2; exit 1; }
  rm -rf "$gone"
  mv -T "$data" "$gone" || exit 1
fi
rm -rf "$gone" "${data%/*}/.cctrl-${data##*/}.making" "${conf%/*}"
[ ! -e "$data" ] && [ ! -e "$gone" ]
