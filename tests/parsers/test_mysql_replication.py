"""Replication status of real replicas, running, stopped and in error, of both flavours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.mysql_replication import MAX_CHANNELS, Channel, channels
from cs_exporter.parsers.mysql_status import Row
from tests.parsers.mysql_rows import rows
from tests.parsers.outcomes import outcome

COLUMNS = ("Slave_IO_Running", "Slave_SQL_Running", "Seconds_Behind_Master", "Last_IO_Errno", "SQL_Delay")


def channel(running: str, lag: int | None, io_error: int, sql_error: int, name: str = "default") -> Channel:
    """A channel; `running`: its threads that run. One that was stopped has none, and no error."""
    return Channel(
        *(name, "io" in running.split(), "sql" in running.split(), lag, io_error, sql_error),
        stopped=not (running or io_error or sql_error),
    )


@pytest.mark.parametrize(
    ("captured", "expected"),
    [
        ("mariadb-replica-none", []),
        ("mariadb-replica-running", [channel("io sql", 0, 0, 0)]),
        ("mariadb-replica-sql-stopped", [channel("io", None, 0, 0)]),
        ("mariadb-replica-stopped", [channel("", None, 0, 0)]),
        ("mariadb-replica-io-connecting", [channel("sql", None, 1045, 0)]),
        ("mariadb-replica-named-sql-error", [channel("io", None, 0, 1133, name="one")]),
        ("mysql9-replica-running", [channel("io sql", 0, 0, 0)]),
        ("mysql9-replica-stopped", [channel("", None, 0, 0)]),
    ],
)
def test_real_replicas(captured: str, expected: list[Channel]) -> None:
    """A thread that is not running leaves no lag behind that could be taken for none."""
    assert expected == [*channels(rows(captured))]


@pytest.mark.parametrize(("behind", "delay", "expected"), [("90", "60", 30), ("10", "60", 0), ("5", None, 5)])
def test_a_delay_on_purpose_is_no_lag(behind: str, delay: str | None, expected: int) -> None:
    """Only what goes beyond the configured delay counts."""
    [row] = rows("mariadb-replica-running")
    [found] = channels([{**row, "Seconds_Behind_Master": behind, "SQL_Delay": delay}])
    assert expected == found.lag


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, True), ({"Slave_IO_Running": "Connecting"}, False), ({"Last_SQL_Errno": "1062"}, False)],
)
def test_who_was_stopped(changes: dict[str, str], expected: bool) -> None:  # noqa: FBT001  # a table's column
    """Neither one that tries to reach its source, nor one that an error stopped."""
    [row] = rows("mariadb-replica-stopped")
    [found] = channels([{**row, **changes}])
    assert expected is found.stopped


def test_rows_are_bounded() -> None:
    """A server with hundreds of sources costs no more than 64."""
    assert MAX_CHANNELS == len(channels(rows("mariadb-replica-running") * 100))


def test_rows_of_another_question() -> None:
    """They are refused, and the missing column is named."""
    with pytest.raises(UnparsableError, match="Seconds_Behind_Master is missing"):
        channels([{"Value": "1"}])


@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), st.none() | st.text(max_size=5))))
def test_any_rows(found: list[Row]) -> None:
    """Channels, or an UnparsableError."""
    assert isinstance(outcome(channels, found), tuple | UnparsableError)
