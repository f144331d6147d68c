"""An agent's servers together: whose their sessions are, and whether one of them runs."""

from __future__ import annotations

import pytest

from cs_exporter.model import Host, Role
from cs_exporter.probes.agents.plan import plan
from cs_exporter.probes.agents.scenes import Scene, heard
from cs_exporter.probes.agents.sessions import Served
from tests.probes.agents.agent_stand import (
    AGENT,
    KVM1,
    KVM2,
    MS1,
    MS2,
    Fleet,
    at_server,
    closed,
    host,
    inventory,
    served,
)

NOW = 1000.0
BALANCER = host("lb1", "192.0.2.50", Role.LOAD_BALANCER)
ABROAD = host("kvm9", "192.0.2.19", Role.HYPERVISOR, platform="other")
SHARED = AGENT, ("ms1", "ms2")


@pytest.mark.parametrize(
    ("peers", "unmapped"),
    [
        ((KVM1,), 0),
        ((KVM1, KVM1), 0),
        (("192.0.2.99",), 1),
        ((BALANCER,), 1),
        ((BALANCER, BALANCER, KVM1), 2),
        ((MS2,), 0),
        ((MS2, MS2, MS2), 2),
        ((MS1,), 1),
        (("127.0.0.1",), 1),
        ((ABROAD,), 0),
    ],
)
def test_sessions_that_can_be_given_to_nobody(peers: tuple[Host | str, ...], unmapped: int) -> None:
    """Of no host, of a host without such an agent, and of servers all but the one by which they know each other."""
    known = plan(inventory(KVM1, KVM2, MS1, MS2, BALANCER, ABROAD))
    sessions: list[Served] = [served(peer, NOW, port=port) for port, peer in enumerate(peers)]
    found = heard({"ms1": at_server(*sessions)}, known, known.addresses)
    assert {("ms1", AGENT): unmapped} == found.unmapped
    assert {*found.best} <= {("kvm1", AGENT)}


def test_another_platforms_server() -> None:
    """A host that is heard at a server which is none of its own is neither heard there nor a stranger."""
    abroad = host("ms9", "192.0.2.9", Role.MANAGEMENT, platform="other")
    fleet = Fleet((KVM1, MS1, abroad))
    found = fleet.derive(NOW, {"ms1": at_server(), "ms9": at_server(served(KVM1, NOW)), "kvm1": None})
    assert (False, {("ms1", AGENT): 0, ("ms9", AGENT): 0}) == (found.rows["kvm1", AGENT].connected, found.unmapped)


def test_a_load_balancer_in_the_inventory() -> None:
    """A host behind it that can't be asked has no verdict."""
    fleet = Fleet((KVM1, KVM2, MS1, BALANCER))
    for passed in (0, 100, 200):
        ends = at_server(served(BALANCER, NOW + passed, port=1), served(BALANCER, NOW + passed, port=2))
        seen = fleet.row(NOW + passed, ms1=ends, kvm1=None)
        assert (None, None) == (seen.row.connected, seen.left)


def test_since_when_servers_run() -> None:
    """From before we came; again from the first look at one that listens after none did, or none could be asked."""
    fleet = Fleet((KVM1, MS1, MS2))
    moments: list[tuple[float, dict[str, bool | None], float | None]] = [
        (0, {}, None),
        (10, {"ms1": True, "ms2": None}, 0.0),
        (20, {"ms1": False, "ms2": None}, 0.0),
        (30, {"ms1": False, "ms2": True}, 1030.0),
        (40, {"ms1": True, "ms2": True}, 1030.0),
        (50, {"ms1": None, "ms2": None}, 1030.0),
        (60, {"ms1": True, "ms2": False}, 1060.0),
    ]
    for passed, says, since in moments:
        readings = {name: None if one is None else at_server() if one else closed() for name, one in says.items()}
        found = fleet.derive(NOW + passed, {**readings, "kvm1": None}).scenes[SHARED]
        assert (since, any(says.values())) == (found.since, found.listens), passed


def test_one_lost_poll_is_no_loss() -> None:
    """Its reading is still fresh."""
    fleet = Fleet((KVM1, MS1))
    fleet.row(NOW, ms1=at_server(), kvm1=None)
    fleet.derive(NOW + 15, {"ms1": at_server(), "kvm1": None}, {"ms1": NOW}, ("ms1",))
    assert 0.0 == fleet.derive(NOW + 30, {"ms1": at_server(), "kvm1": None}).scenes[AGENT, ("ms1",)].since


def test_what_matters_to_an_agent_that_one_has() -> None:
    """Not when they were asked."""
    one = Scene({"ms1": 1.0}, {"ms1": 2.0}, listens=True)
    assert one.alike(Scene({"ms1": 3.0}, {"ms1": 4.0}, listens=True))
    assert not one.alike(Scene({"ms2": 1.0}, {"ms2": 2.0}, listens=True))
    assert not one.alike(Scene({"ms1": 1.0}, {"ms1": 2.0}))
    assert not one.alike(None)
