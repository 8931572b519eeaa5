"""The catalog's SQL on the coordinator: its tables and functions, reading, and changing it. Pure.

Tables are found by their bare names; what is cctrl's own lies in the schema `cctrl`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cctrl.replication.postgresql import queries
from cctrl.segments.catalog import Change, Row

LISTENER = "cctrl fts"  # application name of the session that hears requests for a scan
SLOT = "internal_wal_replication_slot"
WALRECEIVER = "gp_walreceiver"
SETTLE = 5  # seconds that a mirror gets to count for commits, and then to have all, before the next cycle looks again

# Which start of the coordinator this is, as the utilities call it.
ERA = """\
select lpad(to_hex(system_identifier), 16, '0') || '_' || to_char(pg_postmaster_start_time(), 'YYMMDDHH24MISS')
 from pg_control_system()"""

READ = f"""\
select json_build_object('version', version(), 'era', ({ERA}), 'rows', (select json_agg(row_to_json(c)
 order by content, preferred_role desc) from public.gp_segment_configuration c))"""

REQUESTS = f"select set_config('application_name', '{LISTENER}', false) || '|' || cctrl.fts_request()"
"""The last request for a scan: at once where it is another than the session has told before, else after a second."""

SCAN = "select public.gp_request_fts_probe_scan()"

LEFT_TABLE = """\
create table if not exists cctrl.left_place (dbid smallint not null, hostname text not null, port integer not null,
 datadir text not null, primary key (hostname, datadir))"""
LEFT = "select coalesce(json_agg(row_to_json(l)), '[]') from cctrl.left_place l"
"""The places that segments were moved away from."""

TABLES = f"""\
set local session_replication_role = replica;
create schema if not exists cctrl;
create table if not exists public.gp_segment_configuration (
 dbid smallint not null, content smallint not null, role "char" not null, preferred_role "char" not null,
 mode "char" not null, status "char" not null, port integer not null, hostname text, address text, datadir text);
create unique index if not exists gp_segment_config_dbid_index on public.gp_segment_configuration (dbid);
create table if not exists public.gp_configuration_history (
 time timestamptz not null, dbid smallint not null, "desc" text);
create table if not exists cctrl.access (dbid smallint primary key, command text not null);
{LEFT_TABLE};
grant select on public.gp_segment_configuration, public.gp_configuration_history to public;
create sequence if not exists cctrl.fts_requests;
create sequence if not exists cctrl.fts_answers;
create table if not exists cctrl.fts_problem (request bigint not null, problem text not null);
create or replace function cctrl.fts_request() returns bigint
 language plpgsql set search_path = pg_catalog as $$
declare
 until timestamptz := clock_timestamp() + interval '1 s';
 told text := current_setting('cctrl.told', true);
 last bigint;
begin
 loop
  select case when is_called then last_value else 0 end into last from cctrl.fts_requests;
  exit when last::text is distinct from told or clock_timestamp() > until;
  perform pg_sleep(0.02);
 end loop;
 perform set_config('cctrl.told', last::text, false);
 return last;
end $$;
create or replace function public.gp_request_fts_probe_scan() returns boolean
 language plpgsql security definer set search_path = pg_catalog as $$
declare
 mine bigint := nextval('cctrl.fts_requests');
 heard timestamptz := clock_timestamp();
 answered bigint;
 said text;
begin
 loop
  select case when is_called then last_value else 0 end into answered from cctrl.fts_answers;
  exit when answered >= mine;
  perform pg_stat_clear_snapshot();
  if exists (select from pg_stat_activity where application_name = '{LISTENER}') then
   heard := clock_timestamp();
  end if;
  if clock_timestamp() > heard + interval '10 s' then
   raise exception 'FTS does not run' using hint = 'start the manager: cctrl manager';
  end if;
  perform pg_sleep(0.02);
 end loop;
 select problem into said from cctrl.fts_problem where request >= mine;
 if found then
  raise exception 'FTS could not look: %', said;
 end if;
 return true;
end $$;
create or replace function cctrl.wal_senders() returns table (content smallint, sender json)
 language plpgsql security definer set search_path = pg_catalog, pg_temp set client_min_messages = warning as $$
declare
 one record;
begin
 create temp table if not exists cctrl_wal_senders (line json);
 for one in select c.content, a.command from public.gp_segment_configuration c join cctrl.access a using (dbid)
  where c.content >= 0 and c.role = 'p' order by c.content
 loop
  begin
   truncate pg_temp.cctrl_wal_senders;
   execute format('copy pg_temp.cctrl_wal_senders from program %L', one.command);
   return query select one.content::smallint, line from pg_temp.cctrl_wal_senders;
  exception when external_routine_exception then
   raise warning 'the acting primary of content % does not answer', one.content;
  end;
 end loop;
end $$;
create or replace view public.gp_stat_replication as
 select w.content as gp_segment_id, r.*, 'none'::text as sync_error
 from cctrl.wal_senders() w, json_to_record(w.sender) as r(pid integer, usesysid oid, usename text,
  application_name text, client_addr inet, client_hostname text, client_port integer, backend_start timestamptz,
  backend_xmin xid, state text, sent_lsn pg_lsn, write_lsn pg_lsn, flush_lsn pg_lsn, replay_lsn pg_lsn,
  write_lag interval, flush_lag interval, replay_lag interval, sync_priority integer, sync_state text,
  reply_time timestamptz);
"""
"""All of it in one transaction, without the event triggers of users; nothing is changed where it is there already."""


def text(value: str) -> str:
    """A string as SQL has it."""
    return "'" + value.replace("'", "''") + "'"


def fill(rows: Sequence[Row]) -> str:
    """Put the inventory into a catalog that is empty."""
    values = ", ".join(
        f"({r.dbid}, {r.content}, {text(r.role)}, {text(r.preferred_role)}, {text(r.mode)}, {text(r.status)}, {r.port},"
        f" {text(r.hostname)}, {text(r.address)}, {text(r.datadir)})"
        for r in rows
    )
    return (
        f"insert into public.gp_segment_configuration select * from (values {values}) v "
        "where not exists (select from public.gp_segment_configuration)"
    )


SENDERS = "select row_to_json(r) from pg_stat_replication r"


def access(commands: Iterable[tuple[int, str]]) -> str:
    """The shell's command, for each dbid, by which the coordinator asks an instance for SENDERS."""
    values = ", ".join(f"({dbid}, {text(command)})" for dbid, command in commands)
    return (
        f"insert into cctrl.access values {values} on conflict (dbid) do update set command = excluded.command "
        "where access.command <> excluded.command"
    )


def history(dbid: int, desc: str) -> str:
    """One row of the history."""
    return f"insert into public.gp_configuration_history values (clock_timestamp(), {dbid}, {text(desc)})"


def by_fts(changes: Sequence[Change]) -> str:
    """All changes and a row of the history for each, in one transaction, which fails where a row is no more as it was
    read: somebody was quicker. "" where there is nothing to change."""
    real = [change for change in changes if change.real]
    statements = [_as_read(change.row) for change in real]
    for change in real:
        row = change.row
        statements.append(
            f"update public.gp_segment_configuration set role = {text(change.role)}, status = {text(change.status)}, "
            f"mode = {text(change.mode)} where dbid = {row.dbid}"
        )
        desc = (
            f"FTS: update role, status, and mode for dbid {row.dbid} with contentid {row.content} to "
            f"{change.role}, {change.status}, and {change.mode}"
        )
        statements.append(history(row.dbid, desc))
    return "; ".join(statements)


def turned(content: int) -> str:
    """What a person types where the catalog has a pair the wrong way round: its mirror is the acting primary."""
    role = "case role when 'p' then 'm' else 'p' end"
    status = "case role when 'p' then 'd' else 'u' end"
    table = "gp_segment_configuration"
    return f"update {table} set role = {role}, mode = 'n', status = {status} where content = {content}"


def _as_read(row: Row) -> str:
    """Hold a row that is as it was read; fail where it is not."""
    state = f"{text(row.role)}, {text(row.status)}, {text(row.mode)}"
    return (
        f"do $$ begin perform from public.gp_segment_configuration where dbid = {row.dbid} "
        f"and (role, status, mode) = ({state}) for update; if not found then "
        f"raise exception 'the catalog has changed: dbid {row.dbid} is no more {row.role}, {row.status}, {row.mode}'; "
        "end if; end $$"
    )


def moved(changes: Sequence[tuple[Row, Row]], what: str) -> str:
    """Put segments at other places, each from the row as it was read to another, with the documented row of the history
    for each; `what` is `resync` or `backout`. What they leave is kept in mind. In one transaction."""
    statements: list[str] = [LEFT_TABLE]
    for old, new in changes:
        place = f"port = {new.port}, hostname = {text(new.hostname)}, address = {text(new.address)}"
        where = f"datadir = {text(new.datadir)} where dbid = {old.dbid}"
        inserted = f"inserted segment configuration for full recovery or original dbid {old.dbid}"
        statements += [
            _as_read(old),
            f"update public.gp_segment_configuration set {place}, {where}",
            history(old.dbid, f"gprecoverseg: segment config for {what}: {inserted}"),
            f"insert into cctrl.left_place values ({old.dbid}, {text(old.hostname)}, {old.port}, {text(old.datadir)}) "
            "on conflict (hostname, datadir) do update set (dbid, port) = (excluded.dbid, excluded.port)",
            forgotten(new.hostname, new.datadir),
        ]
    return "; ".join(statements)


def forgotten(hostname: str, datadir: str) -> str:
    """A place is no longer one that was left."""
    return f"delete from cctrl.left_place where hostname = {text(hostname)} and datadir = {text(datadir)}"


def answered(request: int, problem: str = "") -> tuple[str, str]:
    """A scan that began after this request is over, or could not be made: `problem` says why. Each is a transaction:
    whoever sees the answer sees its problem. What was answered stays so, also where a manager that stood still comes
    late: whoever waits for it asks no second time."""
    told = f"insert into cctrl.fts_problem values ({request}, {text(problem)})"
    first = "delete from cctrl.fts_problem" + (f"; {told}" if problem else "")
    last = "(select last_value from cctrl.fts_answers where is_called)"
    return first, f"select setval('cctrl.fts_answers', greatest({request}, {last}))"


ANEW = r"\connect"
"""A new session: its server has told everybody of a new setting before it accepts one. A session that is there already
may hear of it late, and within a statement it never does."""


def _once(declared: str, wanted: str, problem: str) -> str:
    """Wait until a mirror is as `wanted`; fail with `problem` where it is not soon."""
    return (
        f"do $$ declare until timestamptz := clock_timestamp() + interval '{SETTLE} s'; {declared} begin "
        f"while not exists (select from pg_stat_replication where application_name = '{WALRECEIVER}' and {wanted}) "
        f"loop if clock_timestamp() > until then raise exception '{problem}'; end if; "
        "perform pg_sleep(0.01), pg_stat_clear_snapshot(); end loop; end $$"
    )


SYNCHRONISED = (
    *queries.acknowledge(WALRECEIVER),
    ANEW,
    _once("", "sync_state = 'sync'", "its mirror does not count for commits yet"),
    "checkpoint",
    _once("mark pg_lsn := pg_current_wal_lsn();", "flush_lsn >= mark", "its mirror does not have everything yet"),
)
"""On an acting primary: commits wait for its mirror, and that has all that was there before. That they wait is the
checkpointer's to say, and one that is busy hears of a new setting late: a checkpoint that is asked for after it is made
after it."""

ENSURE_SLOT = (
    f"select pg_create_physical_replication_slot('{SLOT}', true) "
    f"where not exists (select from pg_replication_slots where slot_name = '{SLOT}')"
)
DROP_SLOT = (
    f"select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '{SLOT}' and not active"
)
