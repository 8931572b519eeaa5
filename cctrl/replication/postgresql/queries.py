"""The SQL that is run on the servers, for PostgreSQL 13 to 18."""

from cctrl.replication.synchrony import SETTING

# The functions below the statistics views are asked: without the views' joins a cold look is a third quicker.
FACTS = """\
select json_build_object(
 'version', current_setting('server_version_num')::int / 10000, 'recovery', r.r,
 'now', extract(epoch from clock_timestamp()), 'started', extract(epoch from pg_postmaster_start_time()),
 'data', current_setting('data_directory'),
 'system', (select system_identifier::text from pg_control_system()),
 'timeline', t.t, 'current', case when not r.r then pg_current_wal_lsn() end,
 'received', pg_last_wal_receive_lsn(), 'replayed', pg_last_wal_replay_lsn(),
 'replay_age', extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()),
 'paused', case when r.r then pg_is_wal_replay_paused() end,
 'files', (select json_object_agg(f, s.size is not null)
   from unnest('{standby.signal,recovery.signal,promote}'::text[]) f, lateral pg_stat_file(f, true) s),
 'receiver', (select json_build_object('state', status, 'host', sender_host, 'port', sender_port,
   'flushed', flushed_lsn, 'age', extract(epoch from clock_timestamp() - last_msg_receipt_time))
   from pg_stat_get_wal_receiver() where pid is not null),
 'senders', (select coalesce(json_agg(json_build_object('name', application_name, 'state', w.state,
   'flushed', flush_lsn, 'replayed', replay_lsn, 'flush_lag', extract(epoch from flush_lag), 'sync', sync_state,
   'pid', pid, 'address', host(client_addr), 'logical', exists (select from pg_get_replication_slots() s
     where s.active_pid = pid and s.slot_type = 'logical'))), '[]')
   from pg_stat_get_wal_senders() w join pg_stat_get_activity(null) a using (pid)),
 'history', case when t.t > 1 then
   pg_read_file('pg_wal/' || lpad(upper(to_hex(t.t)), 8, '0') || '.history', 0, 1000000, true) end,
 'oldest', (select min(substr(name, 9)) from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'),
 'wal_segment', (select bytes_per_wal_segment from pg_control_init()),
 'sessions', (select count(*) from pg_stat_get_activity(null)
   where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name not like 'cctrl%'),
 'sessions_ever', (select sum((to_jsonb(d) ->> 'sessions')::bigint) from pg_stat_database d),
 'settings', json_build_object('wal_log_hints', current_setting('wal_log_hints'),
   'data_checksums', current_setting('data_checksums'), 'full_page_writes', current_setting('full_page_writes'),
   'wal_level', current_setting('wal_level'), 'wal_keep_size', current_setting('wal_keep_size'),
   'max_wal_senders', current_setting('max_wal_senders'), 'hot_standby', current_setting('hot_standby'),
   'synchronous_standby_names', current_setting('synchronous_standby_names'),
   'primary_conninfo', current_setting('primary_conninfo'), 'primary_slot_name', current_setting('primary_slot_name'),
   'restore_command', current_setting('restore_command'), 'port', current_setting('port')))
from (select pg_is_in_recovery() as r) r,
 lateral (select case when r.r then greatest((select timeline_id from pg_control_checkpoint()),
   (select min_recovery_end_timeline from pg_control_recovery()), (select received_tli from pg_stat_get_wal_receiver()),
   (select max(('x' || left(name, 8))::bit(32)::int) from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'))
   else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end as t) t"""

# What a copy has to carry; pg_database_size would count a part in a tablespace, but not what is shared.
EXTENT = """\
select sum(pg_tablespace_size(oid)) || '|' || (select bytes_per_wal_segment from pg_control_init()) || '|'
 || current_setting('max_replication_slots') from pg_tablespace
union all
select * from (select pg_tablespace_size(oid) || '|' || pg_tablespace_location(oid) from pg_tablespace
 where pg_tablespace_location(oid) like '/%' order by oid) t"""

# What a copy consists of: `- directory`, `BYTES file`, `! name` for one that no list of lines could hold. Left out is
# what a server makes anew, what belongs to one place alone, and the control file, which comes last.
FILES = r"""
with recursive tree as (
 select f as path, size, isdir from pg_ls_dir('.', true, false) f, lateral pg_stat_file(f, true)
 union all
 select p, s.size, s.isdir from tree, lateral pg_ls_dir(path, true, false) f, lateral (select path || '/' || f) q(p),
  lateral pg_stat_file(p, true) s
 where tree.isdir
  and path !~ '^(pg_(wal|replslot|dynshmem|notify|serial|snapshots|stat_tmp|subtrans)|log|pg_tblspc/.*)$'
  and f !~ '^pgsql_tmp')
select case when path ~ '[\\\n]' then '! ' || translate(path, E'\n', '?') when isdir then '- ' || path
 else size || ' ' || path end
from tree where isdir is not null and path not in ('global/pg_control', 'promote', 'postgresql.auto.conf.tmp')
 and path !~ '^(postmaster\.|cctrl\.|current_logfiles|backup_(label|manifest)|tablespace_map)'
 and path !~ '^(standby|recovery)\.signal$' and path !~ '(^|/)pg_internal\.init'
 and path !~ '^base/[0-9]+/t[0-9]+_[0-9]+' -- temporary tables
order by path collate "C" """

# One line: a beat as replication.beat reads it.
PULSE = """\
select concat_ws('|', case when r then 'standby' else 'primary' end, coalesce(received, '0/0'),
 coalesce(replayed, '0/0'),
 coalesce(w.status, ''), coalesce(w.sender_host, ''), coalesce(w.sender_port::text, ''))
from (select pg_is_in_recovery() as r) r, lateral (select
  case when r then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) else pg_current_wal_flush_lsn() end
   as received,
  case when r then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end as replayed) p
 left join pg_stat_get_wal_receiver() w on w.pid is not null"""

CURRENT = "select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end"

# A wait commits as it goes: a standby puts off what its snapshot could still need, a vacuum's work say, for as long as
# max_standby_streaming_delay, and so the wait would hold up what it waits for.
WAIT = """\
do $$ declare last pg_lsn := '0/0'; here pg_lsn; idle float := 0; at timestamptz := clock_timestamp(); begin
 loop
  here := {position};
  exit when here {reached} '{wanted}' {and_also};
  if here is distinct from last then last := here; at := clock_timestamp(); end if;
  if clock_timestamp() - at > interval '{stall} s' then
   raise exception 'at % for {stall} s, wanted {wanted}', coalesce(here::text, 'no position'); end if;
  commit; perform pg_sleep(0.005);
 end loop; end $$"""

STANDS_STILL = """\
select 'its replay is paused; first, on it: select pg_wal_replay_resume()' where pg_is_wal_replay_paused()
union all
select 'it holds changes back for recovery_min_apply_delay = ' || current_setting('recovery_min_apply_delay')
 where current_setting('recovery_min_apply_delay') <> '0'
union all
select * from (select format('its session %s has run for %s s: %s', pid,
  extract(epoch from clock_timestamp() - coalesce(xact_start, query_start))::int, left(query, 60))
 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'
  and application_name not like 'cctrl%' order by coalesce(xact_start, query_start) limit 1) q"""

REPLAYED = "coalesce(pg_last_wal_replay_lsn(), '0/0')"
RECEIVED = "greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())"
STREAMING = (
    "and exists (select from pg_stat_wal_receiver where status = 'streaming' "
    "and sender_host = '{address}' and sender_port = {port})"
)

# One that is behind on purpose turns to another primary only when it goes on to replay.
HELD_BACK = f"""pg_is_wal_replay_paused()
   or current_setting('recovery_min_apply_delay') <> '0' and {RECEIVED} > {REPLAYED}"""
RESUME = "select pg_wal_replay_resume() where pg_is_wal_replay_paused()"
# On PostgreSQL 14 and later a pause that was asked for takes effect a moment later.
PAUSE = """\
do $$ declare at timestamptz := clock_timestamp(); here pg_lsn; begin
 perform pg_wal_replay_pause();
 loop
  here := pg_last_wal_replay_lsn();
  commit; perform pg_sleep(0.05);
  exit when pg_is_wal_replay_paused() and here is not distinct from pg_last_wal_replay_lsn();
  if clock_timestamp() - at > interval '10 s' then raise exception 'still replaying after 10 s'; end if;
 end loop; end $$"""

RECEIVER = "select pid from pg_stat_wal_receiver where pid is not null"

CLIENTS = """\
from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
 and application_name not like 'cctrl%'"""
SESSIONS = f"""\
select coalesce(json_agg(json_build_object('address', address, 'application', application, 'count', count)
 order by count desc, address, application), '[]')
from (select coalesce(host(client_addr), 'local') as address, application_name as application, count(*)
 {CLIENTS} group by 1, 2) s"""
END_SESSIONS = f"select count(pg_terminate_backend(pid)) {CLIENTS}"
# Superusers' sessions are their administrator's.
USERS = """\
from pg_stat_activity where backend_type = 'client backend'
 and not (select rolsuper from pg_roles where oid = usesysid)"""
_EACH_SESSION = """\
select coalesce(json_agg(json_build_object('pid', pid, 'user', usename,
 'client', coalesce(host(client_addr), 'local'), 'state', coalesce(state, '')) order by pid), '[]')"""
USER_SESSIONS = f"{_EACH_SESSION} {USERS}"
ALL_SESSIONS = f"""\
{_EACH_SESSION}
from pg_stat_activity where backend_type in ('client backend', 'walsender') and pid <> pg_backend_pid()"""
END_USERS = f"select count(pg_terminate_backend(pid)) {USERS}"
END_IDLE_USERS = f"{END_USERS} and state = 'idle'"
# One that is still connecting shows no address: to whom is not known then.
OTHER_RECEIVER = """\
select a.pid from pg_stat_get_activity(null) a left join pg_stat_wal_receiver r on r.pid = a.pid
where a.backend_type = 'walreceiver' and (r.sender_host, r.sender_port) is distinct from ('{address}', {port})"""

# A transactional one: its commit is flushed at once.
HEARTBEAT = "select pg_logical_emit_message(true, 'cctrl', 'heartbeat')"
FLUSHED = "select pg_current_wal_flush_lsn()"

CONNECTABLE = "select datname from pg_database where datallowconn and not datistemplate order by datname"
# Catalogs are locked for no longer than a statement lasts: who has changed a table and goes on still has that locked.
HOLD_DEFINITIONS = """\
lock table pg_class, pg_proc, pg_type, pg_namespace in share mode;
do $$ declare at timestamptz := clock_timestamp(); begin
 while exists (select from pg_locks where locktype = 'relation' and mode = 'AccessExclusiveLock' and granted
   and pid is distinct from pg_backend_pid()
   and database = (select oid from pg_database where datname = current_database()))
 loop
  if clock_timestamp() - at > current_setting('lock_timeout')::interval then raise exception 'lock timeout'; end if;
  perform pg_sleep(0.02);
 end loop; end $$"""

DATABASES = "select coalesce(json_agg(datname order by datname), '[]') from pg_database where datallowconn"
TABLES = """\
select coalesce(json_agg(json_build_array(nspname, relname) order by nspname, relname), '[]')
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where relkind = 'r' and relpersistence = 'p' and nspname not in ('pg_catalog', 'information_schema', 'pg_toast')"""
KEY = """\
select string_agg(quote_ident(attname), ', ' order by n) from pg_index i,
 unnest(i.indkey) with ordinality k(number, n) join pg_attribute a on a.attnum = number
where i.indrelid = '{table}'::regclass and indisprimary and a.attrelid = i.indrelid"""
# A sum needs neither a sort nor the memory for one; both halves of each row's MD5 are in it.
CHECKSUM = """\
select json_build_object('count', count(*), 'checksum',
 md5(concat_ws(',', sum(('x' || left(h, 16))::bit(64)::bigint::numeric),
  sum(('x' || right(h, 16))::bit(64)::bigint::numeric))))
from (select md5(cctrl_row::text) as h from (select * from {table} cctrl_row{only}) cctrl_row) s"""

WRITABLE = """\
do $$ declare at timestamptz := clock_timestamp(); begin
 while pg_is_in_recovery() loop
  if clock_timestamp() - at > interval '{limit} s' then raise exception 'still in recovery after {limit} s'; end if;
  commit; perform pg_sleep(0.005);
 end loop; end $$"""

PURGE_ALL = """\
select count(pg_terminate_backend(pid)) from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid()"""

# A clean shutdown waits until every connected standby has everything: one that is silent would hold it up for long.
PURGE = (
    "with silent as materialized (select pg_terminate_backend(pid) from pg_stat_replication "
    "where not application_name = any ({keep})), purged as ("
    + PURGE_ALL
    + ") select p.count + 0 * s.count from purged p, (select count(*) from silent) s"
)

END_LEFTOVERS = """\
do $$ declare until timestamptz := clock_timestamp() + interval '10 s'; begin
 loop
  perform pg_terminate_backend(pid) from pg_stat_activity
   where application_name = 'cctrl step' and pid <> pg_backend_pid();
  exit when not found or clock_timestamp() > until;
  perform pg_stat_clear_snapshot(), pg_sleep(0.005);
 end loop; end $$"""

ENSURE_SLOT = (
    "select pg_create_physical_replication_slot('{slot}') "
    "where not exists (select from pg_replication_slots where slot_name = '{slot}')"
)

DROP_SLOTS = (
    "select slot_name from (select slot_name, pg_drop_replication_slot(slot_name) from pg_replication_slots "
    "where slot_type = 'physical' and not active and slot_name = any ({names})) dropped"
)

RIGHTS = """\
select 'the role' where not exists (select from pg_roles where rolname = '{role}')
union all
select 'LOGIN REPLICATION' where not exists (
  select from pg_roles where rolname = '{role}' and (rolsuper or (rolreplication and rolcanlogin)))
union all
select f from unnest(array['pg_ls_dir(text,boolean,boolean)', 'pg_stat_file(text,boolean)', 'pg_read_binary_file(text)',
  'pg_read_binary_file(text,bigint,bigint,boolean)']) f
where exists (select from pg_roles where rolname = '{role}') and not has_function_privilege('{role}', f, 'execute')"""

# Of the functions that a differential copy needs; which ones there are depends on the version.
REUSE_RIGHTS = """\
select f from unnest(array['pg_ls_dir(text,boolean,boolean)', 'pg_stat_file(text,boolean)',
  'pg_read_binary_file(text,bigint,bigint,boolean)', 'pg_backup_start(text,boolean)', 'pg_backup_stop(boolean)',
  'pg_start_backup(text,boolean,boolean)', 'pg_stop_backup(boolean,boolean)']) f
where to_regprocedure(f) is not null and not has_function_privilege('{role}', to_regprocedure(f), 'execute')"""


def acknowledge(standbys: str) -> tuple[str, str]:
    """Let commits wait for these from now on, a synchronous_standby_names; for nobody where ""."""
    value = standbys.replace("'", "''")
    return f"alter system set {SETTING} = '{value}'", "select pg_reload_conf()"


def array(names: tuple[str, ...]) -> str:
    """An SQL array of names."""
    return "array[" + ", ".join("'" + name.replace("'", "''") + "'" for name in names) + "]::text[]"
