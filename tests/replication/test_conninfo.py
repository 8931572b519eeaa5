"""Connection strings and configuration lines mean to libpq and PostgreSQL what they mean here."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cctrl.config import Host, Server, Service
from cctrl.replication.postgresql import conninfo

# What a configuration may hold: characters that can be printed.
VALUES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("C", "Zl", "Zp")), max_size=30
)
KEYS = ("user", "host", "port", "passfile", "application_name", "dbname", "sslrootcert", "options")
HARD = r"""it's a \ "trap" = x  '\'"""


class _Option(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_char_p) for name in ("keyword", "envvar", "compiled", "val", "label", "dispchar")),
        ("dispsize", ctypes.c_int),
    )


Parse = Callable[[str], dict[str, str]]


@pytest.fixture(scope="module")
def libpq() -> Parse:
    """libpq's own reading of a connection string."""
    places = [*Path("/usr/lib").glob("*/libpq.so.5"), *Path("/usr/lib").glob("libpq.so.5")]
    if not places:
        pytest.skip("no libpq")
    library = ctypes.CDLL(str(places[0]))
    library.PQconninfoParse.restype = ctypes.POINTER(_Option)
    library.PQconninfoParse.argtypes = (ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p))

    def parse(text: str) -> dict[str, str]:
        problem = ctypes.c_char_p()
        options = library.PQconninfoParse(text.encode(), ctypes.byref(problem))
        assert options, (problem.value or b"").decode()
        found, at = {}, 0
        while options[at].keyword:
            if options[at].val is not None:
                found[options[at].keyword.decode()] = options[at].val.decode()
            at += 1
        library.PQconninfoFree(options)
        return found

    return parse


@given(parameters=st.dictionaries(st.sampled_from(KEYS), VALUES))
@example(parameters={"application_name": HARD})
@example(parameters={"application_name": ""})
def test_libpq_reads_what_was_written(libpq: Parse, parameters: dict[str, str]) -> None:
    assert libpq(conninfo.join(parameters)) == parameters


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
@example({"application_name": HARD})
def test_what_was_written_is_read_back(parameters: dict[str, str]) -> None:
    assert conninfo.split(conninfo.join(parameters)) == parameters


@pytest.mark.parametrize(
    "text",
    ["host=a port = 5432", "host='a b' user = 'it\\'s'", r"host=a\ b user=x\\y", "  host = a  ", "host='' port=1"],
)
def test_people_write_them_in_many_ways(libpq: Parse, text: str) -> None:
    assert conninfo.split(text) == libpq(text)


def service(**options: str) -> Service:
    member = Server("host2", Host("host2", "host2"), "10.0.0.2", 5433, "/data")
    return Service("dataservice", "alpha", (member,), **options)  # type: ignore[arg-type]  # all of them strings


def test_how_a_member_reaches_its_source(libpq: Parse) -> None:
    mine = service(passfile="/var/lib/my pass", conninfo="sslmode=verify-full connect_timeout=3")
    assert libpq(conninfo.to_source(mine, "host1", mine.members[0], database="postgres")) == {
        "user": "replicator", "host": "10.0.0.2", "port": "5433", "passfile": "/var/lib/my pass",
        "application_name": "host1", "dbname": "postgres", "connect_timeout": "3", "sslmode": "verify-full",
    }  # fmt: skip


def test_what_carries_a_copy_does_not_wait_for_hours_for_a_host_that_is_gone(libpq: Parse) -> None:
    said = libpq(conninfo.to_source(service(), "host1", service().members[0], bulk=True))
    assert int(said["keepalives_idle"]) + int(said["keepalives_interval"]) * int(said["keepalives_count"]) <= 30
    assert int(said["tcp_user_timeout"]) <= 30_000


def test_no_password_is_ever_part_of_it() -> None:
    assert "password" not in conninfo.to_source(service(), "host1", service().members[0])


@given(value=VALUES)
@example(value=HARD)
@settings(max_examples=12)
def test_postgresql_reads_the_setting_that_was_written(
    postgres_bin: Path, tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    place = tmp_path_factory.mktemp("conf")
    (place / "postgresql.conf").write_text(conninfo.setting("primary_conninfo", value) + "\n", encoding="utf-8")
    argv = [str(postgres_bin / "postgres"), "-C", "primary_conninfo", "-D", str(place)]
    done = subprocess.run(argv, capture_output=True, check=False)
    assert (done.stdout.decode(), done.returncode) == (value + "\n", 0), done.stderr.decode()
