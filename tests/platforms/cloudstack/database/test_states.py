"""How a cloud is, by a real database: states follow what CloudStack writes."""

from __future__ import annotations

import time
from dataclasses import fields

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.cloudstack import database as source
from cs_exporter.platforms.cloudstack.states import HostState, Source, States, VmsInState
from tests.lab.cloud_database import CloudDatabase, Expression
from tests.lab.cloud_schema import VERSIONS
from tests.lab.mysql_fixtures import BOTH
from tests.platforms.cloudstack.database.cloud_stand import LIMIT, MARIADB, SmallCloud, account, asking, endpoint

pytestmark = pytest.mark.lab


async def states(small: SmallCloud) -> States:
    """What is told now."""
    async with asking(small.database.server) as sql:
        return await source.states(endpoint(small.database.server), sql, LIMIT)


def host(found: States, name: str) -> HostState:
    """The hypervisor of that name."""
    [row] = [row for row in found.hosts if (row.name, row.kind) == (name, "Routing")]
    return row


@BOTH
@pytest.mark.parametrize("version", VERSIONS)
async def test_every_version(small: SmallCloud, version: str) -> None:
    """Every part is there, and nothing is lacking."""
    cloud = CloudDatabase(small.database.server, version)
    cloud.create()
    account(cloud)
    cloud.setting("host", "192.0.2.1")
    cloud.vm("stuck", state="Starting")
    made = SmallCloud(cloud)
    found = await states(made)
    empty = {each.name for each in fields(found) if getattr(found, each.name) in ((), None, frozenset())}
    assert ({"lacking", "untold"}, Source.DATABASE, 30.0) == (empty, found.source, found.ping_interval)
    assert {"kvm1", "kvm2", "esx1", "v-2-VM"} == {row.name for row in found.hosts}


@BOTH
async def test_a_host_is_lost_and_comes_back(small: SmallCloud) -> None:
    """State, transitions and the server follow; "connected since" moves with the agent's connection only."""
    cloud, [server, _] = small.database, small.servers
    cloud.update("host", f"id = {small.kvm1.number}", last_ping=1_700_000_000)
    before = host(await states(small), "kvm1")
    cloud.transition(small.kvm1, "Alert")
    alert = host(await states(small), "kvm1")
    assert (1_700_000_000 * 1.024, "Up", "mgmt1", 2) == (
        before.connected,
        before.state,
        before.server,
        before.transitions,
    )
    assert (before.connected, "Alert", "", 3) == (alert.connected, alert.state, alert.server, alert.transitions)
    cloud.connect(small.kvm1, server)
    back = host(await states(small), "kvm1")
    assert ("Up", "mgmt1", 5) == (back.state, back.server, back.transitions)
    assert back.connected == pytest.approx(time.time(), abs=LIMIT)


@MARIADB
async def test_pings_are_missing(small: SmallCloud) -> None:
    """While only the investigation answers, both move and the state does not."""
    cloud = small.database
    cloud.update("host", f"id = {small.kvm1.number}", last_ping=1_700_000_000)
    before = host(await states(small), "kvm1")
    cloud.investigated(small.kvm1)
    after = host(await states(small), "kvm1")
    assert ("Up", "Up") == (before.state, after.state)
    assert (after.transitions or 0) - (before.transitions or 0) == 1
    assert (after.connected or 0) - (before.connected or 0) > 1e6


@BOTH
async def test_management_servers(small: SmallCloud) -> None:
    """The age of their beat by the database's clock, their agents, and what others who live think of them."""
    cloud, [one, other] = small.database, small.servers
    third = cloud.management_server("mgmt3", "192.0.2.3", state="PreparingForMaintenance")
    gone = cloud.management_server("mgmt4", "192.0.2.4", state="Down")
    cloud.beat(one, ahead=30)
    cloud.beat(other, ahead=-60)
    for owner, state in ((one, "Down"), (third, "Up"), (gone, "Down"), (other, "Down")):
        cloud.peer(owner, other, state)
    found = {server.name: server for server in (await states(small)).servers}
    assert found["mgmt1"].beat_age == pytest.approx(-30, abs=3)
    assert found["mgmt2"].beat_age == pytest.approx(60, abs=3)
    assert (3, 1, 0) == tuple(found[f"mgmt{number}"].agents for number in (1, 2, 3))
    assert (0, 1) == (found["mgmt1"].peers_down, found["mgmt2"].peers_down)
    assert ("PreparingForMaintenance", one.number) == (found["mgmt3"].state, found["mgmt1"].number)
    cloud.update("mshost", f"msid = {other.number}", runid=Expression("runid + 1"))
    assert 0 == {server.name: server for server in (await states(small)).servers}["mgmt2"].peers_down


@BOTH
async def test_a_server_with_a_new_network_card(small: SmallCloud) -> None:
    """Its old row is Down for ever and no server; one that is Down alone at its address is."""
    cloud, [one, _] = small.database, small.servers
    cloud.management_server("mgmt1", "192.0.2.1", state="Down")
    cloud.management_server("mgmt3", "192.0.2.3", state="Down")
    found = [(server.name, server.state) for server in (await states(small)).servers]
    assert [("mgmt1", "Up"), ("mgmt2", "Up"), ("mgmt3", "Down")] == sorted(found)
    async with asking(cloud.server) as sql:
        census = await source.census(endpoint(cloud.server), sql, LIMIT)
    assert [one.uuid] == [host.uuid for host in census.hosts if host.address == "192.0.2.1"]


@BOTH
async def test_vms(small: SmallCloud) -> None:
    """Those between two states and in Error, by zone, with the oldest one's age; others are not counted."""
    cloud = small.database
    second = cloud.zone("zone2")
    for seconds in (30, 600):
        cloud.vm("vm", state="Starting", update_time=Expression(f"UTC_TIMESTAMP() - INTERVAL {seconds} SECOND"))
    cloud.vm("vm", state="Error", data_center_id=second, update_time=None)
    cloud.remove("vm_instance", cloud.vm("vm", state="Stopping"))
    starting, error = sorted((await states(small)).vms, key=lambda row: row.count, reverse=True)
    assert ("zone1", "Starting", 2) == (starting.zone, starting.state, starting.count)
    assert starting.oldest == pytest.approx(600, abs=LIMIT)
    assert VmsInState("zone2", "Error", 1) == error


@BOTH
async def test_storage_and_the_rest(small: SmallCloud) -> None:
    """Pools with the hosts of those that are ill; nothing secret; investigations that are not done."""
    cloud = small.database
    for step in ("Investigating", "Scheduled", "Done", "Cancelled", "Error"):
        cloud.investigation(step)
    found = await states(small)
    pools = {pool.name: pool for pool in found.pools}
    assert ({small.kvm1.uuid, small.kvm2.uuid, small.esx.uuid}, ()) == ({*pools["ill"].hosts}, pools["primary"].hosts)
    assert ("rbd", "192.0.2.43") == (pools["ceph"].path, pools["ceph"].server)
    assert {"nfs://192.0.2.44/export/secondary", "https://s3.example/bucket"} == {s.url for s in found.image_stores}
    assert (2, ("192.0.2.1", "192.0.2.2")) == (found.investigations, found.agents_servers)
    assert [("v-1-VM", "Up"), ("s-2-VM", "")] == [(vm.name, vm.agent_state) for vm in found.system_vms]


@MARIADB
@pytest.mark.parametrize(
    "table", ["mshost", "mshost_peer", "vm_instance", "storage_pool", "op_ha_work", "data_center", "console_proxy"]
)
async def test_a_grant_is_missing(small: SmallCloud, table: str) -> None:
    """The hosts' states are told all the same."""
    [one, other] = small.servers
    small.database.peer(one, other, "Down")
    account(small.database, table)
    found = await states(small)
    assert "Up" == host(found, "kvm1").state
    untold = {"mshost": {"servers"}, "vm_instance": {"vms", "system_vms"}, "storage_pool": {"pools"}}
    assert untold.get(table, {"vms"} if table == "data_center" else set()) == found.untold
    assert f"table cloud.{table}" in " ".join(found.lacking)
    if table == "mshost_peer":
        assert [None, None] == [server.peers_down for server in found.servers]
    if table == "op_ha_work":
        assert found.investigations is None


@MARIADB
async def test_no_hosts_visible(small: SmallCloud) -> None:
    """Denied: nothing else can be told."""
    account(small.database, "host")
    with pytest.raises(ProbeFailed, match=r"table cloud\.host") as raised:
        await states(small)
    assert Reason.DENIED is raised.value.reason
