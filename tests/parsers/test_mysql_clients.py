"""Clients of a database server: addresses become names of the inventory, in whatever way they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.mysql_clients import ClientSessions, sessions
from cs_exporter.parsers.mysql_status import Row
from tests.parsers.mysql_rows import rows
from tests.parsers.outcomes import outcome

NAMES = {"192.0.2.11": "ms1", "2001:db8::12": "ms2", "127.0.0.1": "db1"}


@pytest.mark.parametrize(
    ("captured", "names", "expected"),
    [
        ("mariadb-clients", {}, [("localhost", "", 2), ("localhost", "information_schema", 2)]),
        ("mysql9-clients", {}, [("127.0.0.1", "information_schema", 2), ("localhost", "", 1), ("127.0.0.1", "", 1)]),
        ("mysql9-clients", NAMES, [("db1", "information_schema", 2), ("localhost", "", 1), ("db1", "", 1)]),
    ],
)
def test_real_counts(captured: str, names: dict[str, str], expected: list[tuple[str, str, int]]) -> None:
    """MariaDB resolved the address of its clients, MySQL was told not to."""
    assert [ClientSessions(*row) for row in expected] == [*sessions(rows(captured), names)]


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("192.0.2.11", "ms1"),
        ("::ffff:192.0.2.11", "ms1"),
        ("2001:DB8:0::12", "ms2"),
        ("2001:db8::99", "2001:db8::99"),
        ("ms1", "ms1"),
        ("MS2.example.org", "ms2"),
        ("web.example.org", "web.example.org"),
        ("", "localhost"),
        (None, "localhost"),
    ],
)
def test_names(client: str | None, expected: str) -> None:
    """By address in any spelling, by name as the server resolved it; who is unknown keeps what he has."""
    [found] = sessions([{"client": client, "db": None, "sessions": "3"}], NAMES)
    assert ClientSessions(expected, "", 3) == found


def test_one_client_from_two_addresses_is_one() -> None:
    """Its sessions add up."""
    counted = [{"client": client, "db": "cloud", "sessions": "2"} for client in ("192.0.2.11", "::ffff:192.0.2.11")]
    assert (ClientSessions("ms1", "cloud", 4),) == sessions(counted, NAMES)


@given(st.lists(st.dictionaries(st.sampled_from(["client", "db", "sessions"]), st.none() | st.text(max_size=9))))
def test_any_rows(found: list[Row]) -> None:
    """Clients, or an UnparsableError."""
    assert isinstance(outcome(lambda given_rows: sessions(given_rows, NAMES), found), tuple | UnparsableError)
