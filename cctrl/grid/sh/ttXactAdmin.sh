# ttXactAdmin [DSN]: the open transactions of an element on this instance, the oldest first, with their locks.
dsn=
for word; do
  case $word in
    -*) echo "usage: $program [DATABASE]   (the options of TimesTen have no counterpart here)" >&2; exit 2 ;;
    *) dsn=$word ;;
  esac
done
if [ -z "$dsn" ]; then
  set -- "$home"/db/*/data
  [ $# = 1 ] && [ -d "$1" ] || { echo "usage: $program DATABASE" >&2; exit 2; }
  dsn=${1%/data} dsn=${dsn##*/}
fi
dsn=$(printf '%s' "$dsn" | tr '[:upper:]' '[:lower:]')
server=$home/db/$dsn/data
lives "$server" || { echo "$program: $dsn is not loaded on $name" >&2; exit 1; }
PGPORT=$(sed -n 4p "$server/postmaster.pid") && export PGPORT
export PGOPTIONS='-c search_path=pg_catalog' # a user's own functions are not meant
psql -XAtqw -v ON_ERROR_STOP=1 -v data="$server" <<'SQL'
select to_char(clock_timestamp(), 'YYYY-MM-DD HH24:MI:SS.MS') || E'\n' || :'data' || E'\nPostgreSQL ' ||
  current_setting('server_version') || E'\n\nOutstanding locks\n\n'
  'PID     Context   TransID     TransStatus Resource   ResourceID   Mode                Name';
with open as (
  select pid::text, coalesce(nullif(application_name, ''), backend_type) as program, xact_start,
    coalesce(backend_xid::text, '-') as xid, case state when 'active' then 'Active' else 'Idle' end as status
  from pg_stat_activity where xact_start is not null and pid <> pg_backend_pid() and backend_type = 'client backend'
  union all
  select '-', 'prepared ' || gid, prepared, transaction::text, 'Prepared' from pg_prepared_xacts),
held as (
  select o.*, l.locktype, coalesce(l.relation, 0) as number, coalesce(l.mode, '') as mode,
    coalesce(n.nspname || '.' || c.relname, '') as object
  from open o left join pg_locks l on l.pid::text = o.pid and l.granted and l.locktype in ('relation', 'tuple')
    and l.database = (select oid from pg_database where datname = current_database())
  left join pg_class c on c.oid = l.relation left join pg_namespace n on n.oid = c.relnamespace
  where n.nspname is distinct from 'pg_catalog')
select E'\nProgram File Name: ' || program || E'\n\n' || string_agg(format('%-7s %-9s %-11s %-11s %-10s %-12s %-19s %s',
  pid, '-', xid, status, coalesce(initcap(locktype), 'Database'), number, mode, object), E'\n' order by object)
  || format(E'\n\nopen for %s s', extract(epoch from clock_timestamp() - xact_start)::int)
from held group by program, pid, xid, status, xact_start order by xact_start;
SQL
