"""The rows of the matrix about a Galera node: a donor is at work, a queue that does not shrink is a symptom."""

from __future__ import annotations

import pytest

from cs_exporter.probes.mysql.galera_symptoms import CLUSTER_SYMPTOMS, NODE_SYMPTOMS
from cs_exporter.spec import Severity
from tests.probes.mysql.mysql_stand import Server, galera, symptoms


@pytest.mark.parametrize(
    ("capture", "expected"),
    [
        ("galera-healthy", []),
        ("galera-2of3", []),
        ("galera-nonprimary", ["GaleraNotPrimary", "GaleraNotReady"]),
    ],
)
async def test_captured_views(capture: str, expected: list[str]) -> None:
    """A node without its cluster is red; one in a cluster that lost a node is not, by its own view."""
    assert expected == symptoms(await Server(galera(capture)).poll())


@pytest.mark.parametrize(("polls", "expected"), [(5, []), (6, ["GaleraQueueGrows"])])
async def test_a_donor_is_no_symptom_and_its_queue_may_be(polls: int, expected: list[str]) -> None:
    """As while a backup holds it: more than a minute without becoming shorter."""
    server = Server(galera())
    for number in range(polls):
        server.answers("status", wsrep_local_state=2, wsrep_local_recv_queue=20 + number)
        reading = await server.poll()
    assert expected == symptoms(reading)


@pytest.mark.parametrize(("paused", "expected"), [(1.5, []), (1.6, ["GaleraFlowControl"])])
async def test_flow_control(paused: float, expected: list[str]) -> None:
    """More than a tenth of 15 s."""
    server = Server(galera())
    await server.poll()
    server.answers("status", wsrep_flow_control_paused_ns=int(paused * 1e9))
    assert expected == symptoms(await server.poll())


def test_what_pages() -> None:
    """A node that refuses its clients, a cluster that is split; of one that is silent its own state is the page."""
    critical = {row.name for row in (*NODE_SYMPTOMS, *CLUSTER_SYMPTOMS) if row.severity is Severity.CRITICAL}
    assert {"CsGaleraNotPrimary", "CsGaleraNotReady", "CsGaleraSplit"} == critical
