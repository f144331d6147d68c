"""Who holds the connections: the largest, those whose pool runs out, and the rest in one sum."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.parsers.mysql_clients import ClientSessions
from cs_exporter.probes.mysql.pools import OTHER, ClientRow, client_rows

MANY = [ClientSessions(f"h{number:02}", "cloud", number) for number in range(1, 31)]
SESSIONS = st.lists(
    st.builds(ClientSessions, st.sampled_from("abcdefgh"), st.sampled_from(["", "x"]), st.integers(1, 99))
)


def test_the_largest_and_the_sum_of_the_others() -> None:
    """Twenty clients at most, then what the others hold together."""
    found = client_rows(MANY, {}, 20)
    assert [f"h{number}" for number in range(30, 10, -1)] == [row.client for row in found[:-1]]
    assert ClientRow(OTHER, sum(range(1, 11))) == found[-1]


def test_without_others_there_is_no_sum() -> None:
    """Nobody is counted who is not there."""
    assert [ClientRow("h02", 2), ClientRow("h01", 1)] == [*client_rows(MANY[:2], {}, 20)]
    assert () == client_rows([], {}, 20)


def test_a_small_pool_that_runs_out_is_shown() -> None:
    """However many others have more connections."""
    found = client_rows(MANY, {"h05": 5}, 3)
    assert [ClientRow("h05", 5, 5, 1.0), ClientRow("h30", 30), ClientRow("h29", 29)] == [*found[:3]]


def test_the_fullest_of_several_pools_counts() -> None:
    """250 of 250 is the end, though the client's pools have 350 together."""
    sessions = [ClientSessions("ms1", "cloud", 250), ClientSessions("ms1", "cloud_usage", 3)]
    assert (ClientRow("ms1", 253, 350, 1.0),) == client_rows(sessions, {"ms1/cloud": 250, "ms1/cloud_usage": 100}, 20)
    assert (ClientRow("ms1", 253, 506, 0.5),) == client_rows(sessions, {"ms1": 506}, 20)


def test_a_client_that_should_be_there_and_is_not() -> None:
    """It is shown with nothing."""
    assert (ClientRow("ms1", 0, 10, 0.0),) == client_rows([], {"ms1": 10}, 20)


@given(SESSIONS, st.dictionaries(st.sampled_from(["a", "b/x", "c", "z"]), st.integers(1, 50)), st.integers(1, 5))
def test_no_session_is_lost(sessions: list[ClientSessions], sizes: dict[str, int], top: int) -> None:
    """Shown clients and the others add up to all, and there are never more rows than wanted."""
    found = client_rows(sessions, sizes, top)
    assert sum(row.sessions for row in sessions) == sum(row.connections for row in found)
    assert top >= len([row for row in found if row.client != OTHER])
