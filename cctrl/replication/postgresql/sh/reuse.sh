# Makes a copy as copy.sh does, but takes what is the same in the old data directory from there: piece by piece, by its
# SHA-256 on both sides; only pieces that differ come from the source. Arguments: the SQL that lists the source's files.
# What is compared is what has come into the new directory: whatever becomes of the old one, no piece is wrong. One that
# is torn, or is changed afterwards, is right again once the log from the backup's start on is replayed.
files=$1
copy_places
{ IFS= read -r operation; IFS= read -r source; IFS= read -r from; IFS= read -r _; IFS= read -r wal; IFS= read -r slot
} <"$work/plan" || exit 1
[ ! -e "$work/whole" ] || { echo "the copy is whole"; exit 0; }
PIECE=2097152 BATCH=67108864 # bytes: compared at once, and asked for at once; so much lies beside the copy for a moment
new=$work/new here=$work/session
fail() {
  echo "$*"
  rm -rf "$new" "$here"
  [ -z "$wal" ] || find "$wal" -mindepth 1 -delete 2>/dev/null
  exit 1
}
rm -rf "$new" "$here"
mkdir -m 700 "$new" "$here" && mkdir "$here/took" && mkfifo "$here/in" "$here/out" || fail "cannot make $new"

# One session holds the backup and the log that it needs; with this shell it ends, however that ends.
psql -XAtqw -v ON_ERROR_STOP=1 -d "$from replication=database" <"$here/in" >"$here/out" &
exec 7>"$here/in" 6<"$here/out"
ask() { (printf '%s;\n' "$1" >&7) 2>/dev/null; hear || fail "$source has ended the session that holds the backup"; }
hear() { IFS= read -r said <&6; }
source_sql() { psql -XAtqw -v ON_ERROR_STOP=1 -d "$from" "$@" 6<&- 7>&-; }
ask "select current_setting('server_version_num')"
if [ "$said" -ge 150000 ]; then start=pg_backup_start stop=pg_backup_stop way='' stops=false
else start=pg_start_backup stop=pg_stop_backup way=', false' stops='false, false'; fi
[ "$said" -lt 140000 ] || ask "set idle_session_timeout = 0; select 1"
[ -n "$slot" ] || {
  slot=$(printf 'cctrl_%s_%s' "$operation" "$$" | tr '[:upper:]' '[:lower:]' | tr -c 'a-z0-9_' _)
  ask "CREATE_REPLICATION_SLOT $slot TEMPORARY PHYSICAL RESERVE_WAL"
}
echo "waiting for a checkpoint"
ask "select $start('cctrl $operation', true$way)"

source_sql -c "$files" >"$here/files" || fail "cannot list the files of $source"
bad=$(sed -n '/^! /{s///p;q;}' "$here/files")
[ -z "$bad" ] || fail "$source has a file whose name has a line break or a backslash: $bad"
! grep -q '^[^ ]* pg_tblspc/' "$here/files" || fail "$source has tablespaces: this way of copying takes none"
sed -n 's/^- //p' "$here/files" | while IFS= read -r path; do
  [ "$path" = pg_wal ] || mkdir -p "$new/$path" || exit 1
done || fail "cannot make the directories"
sed -n 's/^0 //p' "$here/files" | while IFS= read -r path; do : >"$new/$path" || exit 1; done || fail "cannot write"
total=$(awk -v piece="$PIECE" -v batch="$BATCH" -v to="$here/batch." '
  /^[1-9]/ {
    size = $1 + 0; total += size; path = substr($0, index($0, " ") + 1)
    for (at = 0; at < size; at += piece) {
      length_ = size - at < piece ? size - at : piece
      if (!n || sum + length_ > batch || count >= 1000) { if (n) close(to n); n++; sum = count = 0 }
      sum += length_; count++
      printf "%.0f %d %.0f %s\n", at, length_, size, path >(to n)
    }
  }
  END { printf "%.0f", total }' "$here/files")
seen=0 got=$(wc -c <"$here/files")
tell() { echo "$((seen / 1024))/$((total / 1024)) kB ($((total ? seen * 100 / total : 100))%), $1"; }
tell data

words() { # of a line of a batch
  rest=$1
  at=${rest%% *}; rest=${rest#* }; long=${rest%% *}; rest=${rest#* }; size=${rest%% *}; path=${rest#* }
  case $path in */*) of=${path%/*} ;; *) of=. ;; esac
}
theirs() { # the digests of a batch's pieces, by their number in it; "-" where a file is gone
  awk -v q="'" '
    BEGIN { print "select n, coalesce(encode(sha256(pg_read_binary_file(path, at, long, true)), " q "hex" q "), " \
      q "-" q ") from (values" }
    { at = $1; long = $2; path = $0; sub(/^[^ ]* [^ ]* [^ ]* /, "", path); gsub(q, q q, path)
      printf "%s(%d, %s%s%s, %s::bigint, %s::bigint)\n", (NR > 1 ? "," : ""), NR, q, path, q, at, long }
    END { print ") v(n, path, at, long);" }' "$1" >"$here/sql" && source_sql -F ' ' -f "$here/sql" >"$here/theirs"
}
from_old() { # takes a batch's pieces from the old directory, as far as they can be read there
  lines=$1 last=
  set --
  while IFS= read -r line; do
    words "$line"
    [ -f "$real/$path" ] || continue
    if [ "$long" != "$size" ]; then
      k=$((at / PIECE))
      dd if="$real/$path" of="$new/$path" bs="$PIECE" skip="$k" seek="$k" count=1 conv=notrunc
      continue
    fi
    [ "$of" = "$last" ] || { [ $# -eq 0 ] || cp "$@" "$new/$last"; set --; last=$of; }
    set -- "$@" "$real/$path"
  done <"$lines" 2>/dev/null
  [ $# -eq 0 ] || cp "$@" "$new/$last" 2>/dev/null
}
ours() { # the digests of what has been taken
  n=0
  : >"$here/whole"
  while IFS= read -r line; do
    n=$((n + 1))
    words "$line"
    [ -f "$new/$path" ] || continue
    if [ "$long" = "$size" ]; then echo "$n ./$path" >>"$here/whole"; continue; fi
    sum=$(dd if="$new/$path" bs="$PIECE" skip="$((at / PIECE))" count=1 2>/dev/null | sha256sum)
    echo "$n ${sum%% *}"
  done <"$1"
  [ -s "$here/whole" ] || return 0
  cut -d ' ' -f 2- "$here/whole" | tr '\n' '\0' | (cd "$new" && xargs -0 sha256sum) >"$here/sums" || return 1
  cut -d ' ' -f 1 "$here/whole" | paste -d ' ' - "$here/sums" | cut -d ' ' -f 1,2
}
take() { # has pieces sent, each as a file: lines of a batch; a row of the binary format holds one
  awk -v q="'" '
    { at = $1; long = $2; path = $0; sub(/^[^ ]* [^ ]* [^ ]* /, "", path); gsub(q, q q, path)
      printf "\\copy (select pg_read_binary_file(%s%s%s, %s, %s, true)) to %s%d%s (format binary)\n", \
        q, path, q, at, long, q, NR, q }' "$1" >"$here/sql" && (cd "$here/took" && source_sql -f "$here/sql")
}
put() { # the number of a file, and the line of its piece
  words "$2"
  f=$here/took/$1
  n=$(wc -c <"$f") && n=$((n - 27)) # 25 bytes before the piece, 2 after it
  got=$((got + n + 27))
  if [ "$n" -eq 0 ] && [ "$(od -A n -j 21 -N 4 -t x1 "$f")" = ' ff ff ff ff' ]; then rm -f "$new/$path" "$f"; return; fi
  if [ "$long" = "$size" ]; then
    tail -c +26 "$f" | head -c "$n" >"$new/$path" && rm -f "$f"
    return
  fi
  tail -c +26 "$f" | head -c "$n" | dd of="$new/$path" bs="$PIECE" seek="$((at / PIECE))" conv=notrunc 2>/dev/null ||
    return 1
  if [ "$n" -lt "$long" ] || [ "$((at + long))" = "$size" ]; then # the file ends here: the old one may have been longer
    dd of="$new/$path" bs=1 seek="$((at + n))" count=0 2>/dev/null || return 1
  fi
  rm -f "$f"
}
put_all() { # lines of a batch
  i=0
  while IFS= read -r line; do
    i=$((i + 1))
    put "$i" "$line" || return 1
  done <"$1"
}
b=1
while [ -f "$here/batch.$b" ]; do
  batch=$here/batch.$b
  theirs "$batch" &
  from_old "$batch"
  ours "$batch" >"$here/ours"
  wait "$!" || fail "cannot compare with $source"
  awk 'FILENAME == ARGV[1] { theirs[$1] = "x" $2; next } FILENAME == ARGV[2] { ours[$1] = "x" $2; next }
    !(FNR in ours) || ours[FNR] != theirs[FNR]' "$here/theirs" "$here/ours" "$batch" >"$here/other"
  [ ! -s "$here/other" ] || { take "$here/other" && put_all "$here/other"; } || fail "cannot take what differs"
  got=$((got + $(wc -c <"$here/theirs")))
  seen=$((seen + $(awk '{ sum += $2 } END { printf "%.0f", sum }' "$batch")))
  rm -f "$batch"
  tell data
  b=$((b + 1))
done

tell 'control file'
echo '0 8192 8192 global/pg_control' >"$here/other" # last: from where replay begins, and what is there by then
sound() { pg_controldata -D "$new" >"$here/control" 2>&1 && ! grep -qi crc "$here/control"; } # it may just be written
tries=10
until take "$here/other" && put_all "$here/other" && sound; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || fail "cannot take the control file of $source"
done

tell log
ask "select labelfile || '@stop ' || lsn from $stop($stops)"
label=
while [ "${said#@stop }" = "$said" ]; do
  label="$label$said
"
  hear || fail "$source has ended the session that holds the backup"
done
end=${said#@stop }
printf %s "$label" >"$new/backup_label" || fail "cannot write"
first=$(sed -n 's/^START WAL LOCATION: .*(file \([0-9A-F]*\)).*/\1/p' "$new/backup_label")
[ -n "$first" ] || fail "$source does not say where its backup begins"
if [ -z "$wal" ]; then mkdir "$new/pg_wal"; else mkdir -p "$wal" && ln -s "$wal" "$new/pg_wal"; fi ||
  fail "cannot write"
mkdir "$new/pg_wal/archive_status" && : >"$new/pg_wal/$first.partial" || fail "cannot write" # it goes on from there
text=$(pg_receivewal -w -D "$new/pg_wal" -d "$from" -n -E "$end" 2>&1 6<&- 7>&-) ||
  fail "cannot take the log of $source: $text"
for f in "$new"/pg_wal/*.partial; do [ ! -e "$f" ] || mv "$f" "${f%.partial}" || fail "cannot keep the log"; done
exec 6<&- 7>&-
log_size=0
for f in "$new"/pg_wal/????????????????????????; do
  [ -f "$f" ] || fail "the copy of $source has no log"
  last=${f##*/} log_size=$((log_size + $(wc -c <"$f")))
done
rm -rf "$here"
echo "took $got of $total bytes, and $log_size of log"
sync -f "$new" && { [ -z "$wal" ] || sync -f "$wal"; } || fail "cannot write the copy to disk"
printf '%s\n' "$last" >"$work/whole.new" && sync "$work/whole.new" && mv "$work/whole.new" "$work/whole" && sync "$work"
