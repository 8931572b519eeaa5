# Makes a server anew beside its place, and moves it there when it is whole. Given again, it goes on or has nothing to do.
# Arguments: the text of postgresql.conf and of pg_hba.conf; directory of the log; replication user; libpq password file.
text=$1 hba=$2 logs=$3 replication=$4 passwords=${5:-$HOME/.pgpass}
confdir=${conf%/*} new=${data%/*}/.cctrl-${data##*/}.making
# One that a manager began that has ended since goes on: it is waited for.
mkdir -p "${data%/*}" && exec 7>>"${data%/*}/.cctrl-${data##*/}.making.lock" && flock -w 100 7 || exit 1
if [ -e "$data/postmaster.opts" ]; then
  echo "$data has served before, and no record says for what: it is left as it is, and nothing is made in its place" >&2
  exit 1
fi
if [ -e "$data/cctrl.made" ]; then echo "it was made already"; exit 0; fi
if [ -e "$data" ] && ! rmdir "$data" 2>/dev/null; then echo "$data is not empty, and was not made by cctrl" >&2; exit 1; fi
mkdir -p "$confdir" "${data%/*}" "$logs" "$sock" || exit 1
configure "$text" "$hba" || exit 1
password() { # user: from the password file, whose fields are parted by colons, with \ before one that is meant
  [ -r "$passwords" ] || return 0
  while IFS= read -r line; do
    rest=$(printf '%s' "$line" | sed 's/\\:/\a/g')
    case $rest in '#'* | '') continue ;; esac
    of=$(printf '%s' "$rest" | cut -d : -f 4)
    if [ "$of" = "$1" ] || [ "$of" = '*' ]; then printf '%s' "$rest" | cut -d : -f 5- | sed 's/\a/:/g; s/\\\\/\\/g'; return; fi
  done <"$passwords"
}
quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"; }
rm -rf "$new"
said=$(plain_environment; initdb --no-sync --no-instructions --locale=C --encoding=UTF8 --data-checksums -U "$user" \
  --auth-local=trust --auth-host=scram-sha-256 -D "$new" 2>&1) || { printf '%s\n' "$said" | tail -n 4 >&2; exit 1; }
rm -f "$new/postgresql.conf" "$new/pg_hba.conf" "$new/pg_ident.conf"
theirs=$(password "$replication") own=$(password "$user")
[ -n "$theirs" ] || { echo "$passwords has no password of $replication" >&2; exit 1; }
{
  echo "set password_encryption = 'scram-sha-256'"
  echo "create role \"$replication\" login replication password $(quoted "$theirs")"
  for f in 'pg_ls_dir(text, boolean, boolean)' 'pg_stat_file(text, boolean)' 'pg_read_binary_file(text)' \
    'pg_read_binary_file(text, bigint, bigint, boolean)'; do
    echo "grant execute on function pg_catalog.$f to \"$replication\""
  done
  echo "grant pg_monitor to \"$replication\""
  [ -z "$own" ] || echo "alter role \"$user\" password $(quoted "$own")"
} | (plain_environment; exec postgres --single -F -D "$new" -c "config_file=$conf" -c "data_directory=$new" \
  -c logging_collector=off -c synchronous_standby_names= postgres) >"$new.log" 2>&1
grep -E 'ERROR|FATAL' "$new.log" >&2 && exit 1
rm -f "$new.log"
: >"$new/cctrl.made" && sync "$new/cctrl.made" "$new" && mv -T "$new" "$data" && sync "${data%/*}"
