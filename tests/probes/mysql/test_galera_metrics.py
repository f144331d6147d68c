"""The metrics of one Galera node, from captured views of a cluster in use."""

from __future__ import annotations

import pytest

from tests.probes.mysql.mysql_stand import Server, galera, mariadb, value, values


@pytest.mark.parametrize(
    ("capture", "size", "primary", "ready", "state"),
    [
        ("galera-healthy", 3.0, 1.0, 1.0, "synced"),
        ("galera-2of3", 2.0, 1.0, 1.0, "synced"),
        ("galera-nonprimary", 1.0, 0.0, 0.0, "initialised"),
    ],
)
async def test_views(capture: str, size: float, primary: float, ready: float, state: str) -> None:
    """What the node says, as it says it: that two of three are green is for the comparison to see."""
    reading = await Server(galera(capture)).poll()
    told = [value(reading, f"cs_galera_{name}") for name in ("cluster_size", "primary", "ready", "connected")]
    assert [size, primary, ready, 1.0] == told
    assert {(state,): 1.0} == values(reading, "cs_galera_local_state")


async def test_a_server_that_is_no_node() -> None:
    """It has none of these, though MariaDB has the variables."""
    reading = await Server(mariadb()).poll()
    for name in ("cluster_size", "primary", "ready", "local_state", "receive_queue_size", "flow_control_paused_ratio"):
        assert {} == values(reading, f"cs_galera_{name}")


async def test_what_takes_two_readings() -> None:
    """The share of stalls, and how long the queue has not become shorter."""
    server = Server(galera())
    server.answers("status", wsrep_local_recv_queue=30)
    first = await server.poll()
    assert (30.0, 0.0, None) == (
        value(first, "cs_galera_receive_queue_size"),
        value(first, "cs_galera_receive_queue_unshrunk_seconds"),
        value(first, "cs_galera_flow_control_paused_ratio"),
    )
    server.answers("status", wsrep_local_recv_queue=30, wsrep_flow_control_paused_ns=3_000_000_000)
    second = await server.poll()
    assert (15.0, 0.2) == (
        value(second, "cs_galera_receive_queue_unshrunk_seconds"),
        value(second, "cs_galera_flow_control_paused_ratio"),
    )
