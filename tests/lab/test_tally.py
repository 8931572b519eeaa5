"""What a record of acknowledged rows is taken to mean."""

from __future__ import annotations

from cctrl.lab.tally import Record, Row, lines, parse, tally

ONE, OTHER = "127.0.0.1:1", "127.0.0.1:2"


def row(number: int, at: float, server: str = ONE, timeline: str = "1", client: int = 0) -> Row:
    return Row(number, client, server, timeline, at - 0.001, at)


def test_a_record_is_read_up_to_its_last_whole_line() -> None:
    text = "begin 1.0\nrow 1 0 127.0.0.1:1 00000001 1.1 1.2\nrow 2 0 127.0.0.1:1 0000"
    assert parse(text) == Record(1.0, (Row(1, 0, ONE, "00000001", 1.1, 1.2),))
    assert parse("begin 1.0\nend 2.0\n") == Record(1.0, (), 2.0)


def test_gaps_are_those_of_the_application_the_first_and_the_last_too() -> None:
    record = Record(0.0, (row(1, 0.05), row(2, 0.25), row(3, 0.26, client=1), row(4, 0.30)), 0.55)
    found = tally(record, {1, 2, 3, 4}, now=9.0)
    assert [(round(gap.milliseconds), gap.over) for gap in found.gaps] == [(200, True), (250, False)]
    assert found.longest == found.gaps[1]
    lasting = tally(Record(0.0, (row(1, 0.05),)), {1}, now=1.05)
    assert round(lasting.longest.milliseconds) == 1000


def test_lost_rows_are_counted_and_some_are_named() -> None:
    found = tally(Record(0.0, tuple(row(n, n / 100) for n in range(1, 21))), set(range(1, 9)), now=0.21)
    assert (len(found.lost), found.clean) == (12, False)
    told = lines(found, "host2", {ONE: "host1"}.__getitem__, str)
    assert told[0] == "20 rows acknowledged, by host1"
    assert told[3] == "acknowledged but missing on host2: 12 (9, 10, 11, 12, 13, 14, 15, 16, 17, 18, …)"
    assert told[4] == "two servers took writes at the same time: never"


def test_a_move_there_and_back_is_no_overlap() -> None:
    rows = (
        row(1, 1),
        row(2, 2),
        row(3, 3, OTHER, "2"),
        row(4, 4, OTHER, "2"),
        row(5, 5, ONE, "3"),
        row(6, 6, ONE, "3"),
    )
    found = tally(Record(0.0, rows), range(7), now=6.0)
    assert found.clean
    assert found.servers == (ONE, OTHER)


def test_an_old_primary_that_takes_writes_again_is_an_overlap() -> None:
    rows = (row(1, 1), row(2, 2, OTHER, "2"), row(3, 3, OTHER, "2"), row(4, 4, ONE, "1"))
    found = tally(Record(0.0, rows), range(7), now=6.0)
    assert found.overlaps == ((ONE, OTHER),)
    assert not found.clean
    assert lines(found, "x", {ONE: "a", OTHER: "b"}.__getitem__, str)[4].endswith(": a and b")


def test_an_acknowledgement_that_comes_late_is_no_overlap() -> None:
    late = Row(1, 0, ONE, "1", 0.9, 3.5)
    rows = (row(0, 0.5), row(2, 3, OTHER, "2"), row(3, 3.4, OTHER, "2"), late)
    assert tally(Record(0.0, rows), range(7), now=6.0).clean
