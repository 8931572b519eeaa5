"""The text of a lab server's configuration files."""

from __future__ import annotations

from cctrl.lab.layout import HostPlan, Plan, ServerPlan

SUPERUSER = "postgres"
REPLICATION_USER = "replicator"
SLOT = "internal_wal_replication_slot"  # these two are of segment clusters: what a mirror uses on its primary,
WALRECEIVER = "gp_walreceiver"  # and how it calls itself there


def postgresql_conf(plan: Plan, host: HostPlan, server: ServerPlan) -> str:
    """postgresql.conf; it lies outside the data directory, so that a base backup or a rewind does
    not replace it by another host's."""
    conf = server.config_file.rpartition("/")[0]
    log_dir, _, log_name = server.log_file.rpartition("/")
    settings: dict[str, str | int] = {
        "data_directory": server.data_dir,
        "hba_file": f"{conf}/pg_hba.conf",
        "ident_file": f"{conf}/pg_ident.conf",
        "listen_addresses": host.inside,
        "port": server.port,
        "unix_socket_directories": server.socket_dir,
        "cluster_name": server.name,
        # replication, and what pg_rewind needs
        "wal_level": "replica",
        "wal_log_hints": "on",
        "hot_standby": "on",
        "max_wal_senders": max(10, len(plan.hosts) + 7),
        "max_replication_slots": max(10, len(plan.hosts) + 7),
        "wal_keep_size": f"{_share(plan, 512)}MB",
        "wal_receiver_status_interval": "1s",
        "wal_retrieve_retry_interval": "200ms",
        # a host that is cut off is noticed within ten seconds, not within a minute or two hours
        "wal_sender_timeout": "10s",
        "wal_receiver_timeout": "10s",
        "tcp_keepalives_idle": 5,
        "tcp_keepalives_interval": 2,
        "tcp_keepalives_count": 3,
        # a lab's data outlives kill -9 of the server (the kernel has its writes), not a power cut
        "fsync": "off",
        "shared_buffers": "16MB",
        "min_wal_size": "32MB",
        "max_wal_size": f"{_share(plan, 128)}MB",
        # in the data directory, not in /dev/shm: a killed lab leaves nothing there
        "dynamic_shared_memory_type": "mmap",
        "password_encryption": "scram-sha-256",
        "logging_collector": "on",
        "log_directory": log_dir,
        "log_filename": log_name,
        "log_file_mode": "0600",
        "log_line_prefix": "%m [%p] %a ",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "lc_messages": "C",
        "default_text_search_config": "pg_catalog.english",
    }
    if server.content >= 0 and server.preferred_role:
        settings["primary_slot_name"] = SLOT  # of a pair either may become the mirror
    lines = [f"{key} = {value if isinstance(value, int) else quoted(value)}" for key, value in settings.items()]
    return f"# Made by cctrl lab up for {server.name}.\n" + "\n".join(lines) + "\n"


def _share(plan: Plan, usual: int) -> int:
    """The MB of log kept: what is usual, or a quarter of a small file system."""
    return min(usual, plan.disk // 4) if plan.disk else usual


def pg_hba_conf(networks: tuple[str, ...]) -> str:
    """pg_hba.conf: the superuser without password on the socket, everyone by SCRAM from `networks`."""
    rows = [f"local all {SUPERUSER} trust", "local all all scram-sha-256"]
    for network in networks:
        rows += [
            f"host all all {network} scram-sha-256",
            f"host replication all {network} scram-sha-256",
        ]
    return "".join(row + "\n" for row in rows)


def standby_conf(plan: Plan, name: str, primary: HostPlan, server: ServerPlan) -> str:
    """postgresql.auto.conf of a standby called `name`, following `server` on `primary`."""
    words = {
        "application_name": name,
        "host": primary.address,
        "port": str(server.port),
        "user": REPLICATION_USER,
        "passfile": plan.passfile,
    }
    return f"primary_conninfo = {quoted(' '.join(f'{k}={conninfo_value(v)}' for k, v in words.items()))}\n"


def conninfo_value(value: str) -> str:
    """A value in a libpq connection string, quoted only where it must be."""
    if value and not set(value) & set(" '\\\t"):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def roles_sql(password: str) -> str:
    """The replication role, with what pg_rewind needs besides; `password` is plain letters and digits."""
    functions = (
        "pg_ls_dir(text, boolean, boolean)",
        "pg_stat_file(text, boolean)",
        "pg_read_binary_file(text)",
        "pg_read_binary_file(text, bigint, bigint, boolean)",
    )
    grants = "".join(f"GRANT EXECUTE ON FUNCTION pg_catalog.{f} TO {REPLICATION_USER};\n" for f in functions)
    watch = f"GRANT pg_monitor TO {REPLICATION_USER};\n"
    # A backup's functions have other names before version 15.
    backup = "'pg_backup_start', 'pg_backup_stop', 'pg_start_backup', 'pg_stop_backup'"
    where = f"proname IN ({backup}) AND pronamespace = 'pg_catalog'::regnamespace"
    each = f"SELECT oid::regprocedure FROM pg_proc WHERE {where}"
    give = f"EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO {REPLICATION_USER}', f);"
    grants += f"DO $$ DECLARE f regprocedure; BEGIN FOR f IN {each} LOOP {give} END LOOP; END $$;\n"
    return f"CREATE ROLE {REPLICATION_USER} LOGIN REPLICATION PASSWORD '{password}';\n{grants}{watch}"


STREAMING_SQL = """DO $$ BEGIN
  LOOP
    EXIT WHEN (SELECT count(DISTINCT application_name) FROM pg_stat_replication WHERE state = 'streaming') >= {count};
    PERFORM pg_sleep(0.01);
    PERFORM pg_stat_clear_snapshot();  -- else the first look is kept for the whole transaction
  END LOOP;
END $$;
"""  # ends when as many members stream; statement_timeout is its deadline


SLOT_SQL = f"SELECT pg_create_physical_replication_slot('{SLOT}', true);\n"

CATALOG_SQL = "SELECT count(*) FROM gp_segment_configuration WHERE content >= 0 AND mode = 's'"


def quoted(value: str) -> str:
    """A value in single quotes, as postgresql.conf reads it (a backslash is an escape there)."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
