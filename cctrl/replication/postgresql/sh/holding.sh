# Keeps definitions (tables, functions, types …) from being changed in all databases, for as long as somebody listens.
# Arguments: how long to wait for transactions that have changed some; the SQL that lists the databases; the SQL that locks.
# It says how many databases there are, then `held` and the name of each again and again: a session whose listener is gone
# ends when it speaks next, and its locks with it.
names=$(sql -c "$2") || exit 1
echo "databases $(printf '%s\n' "$names" | wc -l)"
PGAPPNAME='cctrl holding'
printf '%s\n' "$names" | {
  while IFS= read -r name; do
    PGDATABASE=$name
    printf "begin;\nset local lock_timeout = '%s';\n%s;\nselect 'held ' || current_database() \\\\watch 0.2\n" "$1" "$3" |
      sql 2>&1 &
  done
  wait
}
