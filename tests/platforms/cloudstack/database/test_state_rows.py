"""States as rows: units, and what odd rows mean."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.cloudstack.database import state_rows
from cs_exporter.platforms.cloudstack.states import HostState, VmsInState


def host(**changes: str) -> list[str]:
    """A record of `hosts`."""
    given = {"uuid": "u", "name": "kvm1", "type": "Routing", "status": "Up", "resource_state": "Enabled"}
    given |= {"hypervisor": "KVM", "msid": "7", "id": "5", "last_ping": "1590687129", "count": "3", "cluster": "1"}
    return [*(given | changes).values()]


def test_host() -> None:
    """Ticks of 1.024 s since the epoch become seconds: the pair of facts that was checked in a live cloud."""
    [found] = state_rows.host_states([host()], {"7": "mgmt1"})
    connected = 1590687129 * 1.024
    expected = HostState("u", "kvm1", "Routing", "Up", "Enabled", "KVM", "mgmt1", 5, connected, 3, 1)
    assert 1628863620 == pytest.approx(connected, abs=1)  # 2021-08-13 14:07 UTC
    assert expected == found


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"last_ping": "0"}, "connected", None),
        ({"last_ping": ""}, "connected", None),
        ({"count": ""}, "transitions", None),
        ({"cluster": ""}, "cluster_id", None),
        ({"msid": ""}, "server", ""),
        ({"msid": "8"}, "server", "8"),
    ],
)
def test_odd_hosts(changes: dict[str, str], field: str, expected: object) -> None:
    """What is NULL is not known; a server that has gone is called by its number."""
    [found] = state_rows.host_states([host(**changes)], {"7": "mgmt1"})
    assert expected == getattr(found, field)


def test_servers() -> None:
    """The age of its beat in seconds, negative where its clock is ahead; one without a name has its address."""
    records = [
        ["u1", "mgmt1", "Up", "192.0.2.1", "7", "4.22", "-1500000", "0"],
        ["u2", "", "Down", "192.0.2.2", "8", "", "", ""],
    ]
    first, second = state_rows.server_states(records, {"7": 3})
    assert (-1.5, 3, 0) == (first.beat_age, first.agents, first.peers_down)
    assert ("192.0.2.2", None, 0, None) == (second.name, second.beat_age, second.agents, second.peers_down)
    assert {"7": "mgmt1", "8": "192.0.2.2"} == state_rows.server_names(records)


def test_system_vms() -> None:
    """An agent is the host of the same name and kind, and of no other."""
    hosts = state_rows.host_states([host(name="v-1-VM", type="ConsoleProxy", status="Alert"), host(name="s-2-VM")], {})
    records = [
        ["u1", "v-1-VM", "ConsoleProxy", "Running", "203.0.113.31", "", "1", "", ""],
        ["u2", "s-2-VM", "SecondaryStorageVm", "Stopped", "", "", "", "", ""],
    ]
    first, second = state_rows.system_vm_states(records, hosts, {"1": "zone1"})
    assert ("ConsoleProxy", "Alert", "zone1", "u1") == (first.kind, first.agent_state, first.zone, first.uuid)
    assert ("SecondaryStorageVM", "", "") == (second.kind, second.agent_state, second.address)


def test_vms() -> None:
    """Ages are never negative, and NULL is not known."""
    records = [["1", "Starting", "3", "60"], ["1", "Error", "1", "-2"], ["9", "Stopping", "1", ""]]
    expected = (
        VmsInState("zone1", "Starting", 3, 60.0),
        VmsInState("zone1", "Error", 1, 0.0),
        VmsInState("", "Stopping", 1),
    )
    assert expected == state_rows.vms_in_state(records, {"1": "zone1"})


def test_storage() -> None:
    """Hosts stand at the pool they have; a store's address has no secrets."""
    [pool] = state_rows.pool_states(
        [["3", "u", "p", "RBD", "Down", "192.0.2.43", "rbd", "1"]], [["3", "h1"], ["3", "h2"], ["4", "h3"]], {"1": "z"}
    )
    assert (("h1", "h2"), "z", "Down") == (pool.hosts, pool.zone, pool.status)
    [store] = state_rows.store_states([["b", "s3", "https://key:secret@s3.example/b", "1", ""]], {})
    assert ("https://s3.example/b", True) == (store.url, store.readonly)
