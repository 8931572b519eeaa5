# Puts a backup, once it has been verified, where a copy would be made, so that it can take the data directory's place.
# What is to be restored stands in the plan that copyprepare.sh wrote.
copy_places
{ IFS= read -r _; IFS= read -r store; } <"$work/plan" || exit 1
[ ! -e "$work/whole" ] || { echo "the backup is there"; exit 0; }
if [ "${store#pgbackrest:}" != "$store" ]; then
  store=${store#pgbackrest:}
  # Whatever its configuration takes for the data directory: this one is made beside it. It verifies what it restores.
  mkdir -m 700 "$work/new" && (
    plain_environment
    exec pgbackrest --stanza="${store%/*}" --set="${store##*/}" --reset-pg1-host --pg1-path="$work/new" --type=none \
      --no-log-timestamp --log-level-console=detail restore
  ) 2>&1 || { rm -rf "$work/new"; exit 1; }
else
  echo "verifying $store"
  (cd "$store" && sha256sum -c --quiet "$store.sha256") || exit 1
  if command -v pg_verifybackup >/dev/null; then pg_verifybackup -q "$store" || exit 1; fi
  echo "copying $store"
  # Where the backup is a link to another place, what is there is copied; wherever it was, a server's directory is private.
  mkdir -m 700 "$work/new" && cp -a "$store/." "$work/new" && chmod 700 "$work/new" || { rm -rf "$work/new"; exit 1; }
  rm -f "$work/new/backup_manifest"
fi
for f in "$work"/new/pg_wal/????????????????????????; do last=${f##*/}; done
[ -f "$f" ] || { echo "the backup $store has no log"; rm -rf "$work/new"; exit 1; }
sync -f "$work/new"
printf '%s\n' "$last" >"$work/whole.new" && sync "$work/whole.new" && mv "$work/whole.new" "$work/whole" && sync "$work"
