"""A Galera node's view from real status variables; and who is no node of a cluster."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.mysql_galera import NO_UUID, GaleraNode, NodeState, listed, node, standard
from cs_exporter.parsers.mysql_status import by_name
from tests.parsers.mysql_rows import named, rows, table
from tests.parsers.outcomes import outcome

UUID = "93ca72ce-e56b-11f1-bc9f-b61b7b566986"
ADDRESSES = frozenset({"127.0.0.1", "127.0.0.2", "127.0.0.3"})
CONFIGURED = by_name(table("galera.variables"))


def view(change: str, size: int, said: str, state: NodeState) -> GaleraNode:
    """What a node of the captured cluster sees; `said`: those of primary, connected and ready that it says."""
    primary, connected, ready = (word in said.split() for word in ("primary", "connected", "ready"))
    return GaleraNode(
        *("demo", ADDRESSES, UUID, change, size, primary, connected, ready, state),
        queue=0,
        number="93ca3e2a-e56b-11f1-9900-63a4e1e97513",
        paused_ns=0,
    )


@pytest.mark.parametrize(
    ("captured", "expected"),
    [
        ("galera-healthy", view("3", 3, "primary connected ready", NodeState.SYNCED)),
        ("galera-2of3", view("4", 2, "primary connected ready", NodeState.SYNCED)),
        ("galera-nonprimary", view("18446744073709551615", 1, "connected", NodeState.INITIALISED)),
    ],
)
def test_views_of_real_nodes(captured: str, expected: GaleraNode) -> None:
    """Of a cluster that is whole, has lost a node, and has lost its majority."""
    assert expected == node(by_name(table(f"{captured}.status")), CONFIGURED)


def test_servers_that_are_no_nodes() -> None:
    """MariaDB has the variables without a cluster, MySQL has none of them."""
    assert node(by_name(rows("mariadb-wsrep")), by_name(rows("mariadb-variables"))) is None
    assert node({}, by_name(rows("mysql9-variables"))) is None
    switched_off = {**CONFIGURED, "wsrep_on": "OFF"}
    assert node(by_name(rows("mariadb-wsrep")), switched_off) is None


def test_a_node_whose_replication_is_switched_off_is_still_one() -> None:
    """SET GLOBAL wsrep_on = OFF leaves it in the cluster, where it would otherwise be seen missing."""
    found = node(by_name(table("galera-healthy.status")), {**CONFIGURED, "wsrep_on": "OFF"})
    assert found is not None


def test_a_node_that_has_not_found_its_cluster() -> None:
    """It has no data of the cluster, no state and no queue."""
    status = by_name(named(wsrep_cluster_size=0, wsrep_cluster_status="Disconnected", wsrep_cluster_state_uuid=NO_UUID))
    found = node(status, CONFIGURED)
    assert found is not None
    assert (None, NodeState.INITIALISED, 0, False) == (found.uuid, found.state, found.queue, found.primary)
    assert found.number is None


@pytest.mark.parametrize(
    ("number", "expected"), [(1, "joining"), (2, "donor"), (3, "joined"), (4, "synced"), (5, "other"), (-1, "other")]
)
def test_states(number: int, expected: str) -> None:
    """By their numbers in Galera's manual."""
    found = node(by_name(named(wsrep_cluster_size=1, wsrep_local_state=number)), CONFIGURED)
    assert found is not None
    assert expected == found.state.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gcomm://192.0.2.1,192.0.2.2:4567,DB3:4567", {"192.0.2.1", "192.0.2.2", "db3"}),
        ("gcomm://[2001:DB8::1]:4567, 2001:db8:0::2?pc.wait_prim=no", {"2001:db8::1", "2001:db8::2"}),
        ("gcomm://", set()),
        ("", set()),
    ],
)
def test_members_that_are_listed(text: str, expected: set[str]) -> None:
    """Without ports and options, each in one spelling; none where a node is to begin a cluster."""
    assert expected == listed(text)
    assert expected == {standard(member) for member in expected}


@given(
    st.dictionaries(st.sampled_from(["wsrep_cluster_size", "wsrep_local_state", "wsrep_ready"]), st.text(max_size=5))
)
def test_any_status(status: dict[str, str]) -> None:
    """A view, or an UnparsableError."""
    assert isinstance(outcome(lambda values: node(values, CONFIGURED), status), GaleraNode | UnparsableError)


@given(st.text(max_size=40))
def test_any_list(text: str) -> None:
    """Never an error: what nobody has as an address matches nobody."""
    assert "" not in listed(text)
