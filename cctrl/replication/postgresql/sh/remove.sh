# Removes a server that was made by create.sh, or as a copy of one that was: its data and its configuration.
# Argument: unmade where no record says that it was made. What served somebody then is left alone, with all of its own.
exec 7>>"${data%/*}/.cctrl-${data##*/}.making.lock" && flock -w 100 7 || exit 1 # as create.sh
if [ "$1" = unmade ] && [ -e "$data/postmaster.opts" ]; then exit 0; fi
if alive; then echo "its server runs" >&2; exit 1; fi
gone=${data%/*}/.cctrl-${data##*/}.removing
if [ -e "$data" ] && ! rmdir "$data" 2>/dev/null; then
  [ -e "$data/cctrl.made" ] || { echo "$data was not made by cctrl: it is left alone" >&2; exit 1; }
  rm -rf "$gone"
  mv -T "$data" "$gone" || exit 1
fi
rm -rf "$gone" "${data%/*}/.cctrl-${data##*/}.making" "${conf%/*}"
[ ! -e "$data" ] && [ ! -e "$gone" ]
