"""How agents are, by a real database: what each service writes, and what its ages say."""

from __future__ import annotations

import time

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms import listing
from cs_exporter.platforms.openstack import database as source
from cs_exporter.platforms.openstack.agents import Agents, AgentState, Service, Source
from cs_exporter.platforms.openstack.database import rows
from tests.aside import Aside
from tests.lab.mysql import MysqlServer
from tests.lab.mysql_fixtures import BOTH
from tests.lab.openstack_database import OpenStackDatabase
from tests.platforms.openstack.database.openstack_stand import (
    LIMIT,
    UUID,
    SmallCloud,
    account,
    asking,
    endpoint,
    row,
)

pytestmark = pytest.mark.lab

SLACK = 3.0
"""Seconds that pass between writing a row and reading it."""


def is_old(agent: AgentState, age: float) -> bool:
    """Whether an agent's last report is so long ago, and the time that has passed meanwhile."""
    return agent.age is not None and age - 1 <= agent.age < age + SLACK


async def told(small: SmallCloud) -> Agents:
    """What is told now."""
    async with asking(small.database) as sql:
        return await source.agents(endpoint(small.database), sql, LIMIT)


@BOTH
async def test_a_small_cloud(small: SmallCloud) -> None:
    """Every agent once, with its age; whoever serves an API never reports, and is none."""
    found = await told(small)
    names = {f"{agent.host}/{agent.binary}" for agent in found.agents}
    of_nova = {"ctl1/nova-scheduler", "ctl1/nova-conductor", "cmp1/nova-compute", "cmp2/nova-compute"}
    switches = {f"cmp{number}/neutron-openvswitch-agent" for number in (1, 2)}
    of_neutron = {"net1/neutron-dhcp-agent", "net1/neutron-l3-agent", *switches}
    others = {"ctl1@lvm/cinder-volume", "ctl1@badlvm/cinder-volume", "ctl1/heat-engine"}
    assert {*of_nova, *of_neutron, *others} == names
    assert (Source.DATABASE, frozenset(Service)) == (found.source, found.told)
    assert ([], []) == ([*found.lacking], [*found.unusable])
    assert len(found.agents) == len({(agent.service, agent.key) for agent in found.agents})
    ages = {("cmp1", "nova-compute"): 5, ("net1", "neutron-dhcp-agent"): 14, ("ctl1@lvm", "cinder-volume"): 3}
    for (host, binary), age in {**ages, ("ctl1", "heat-engine"): 20}.items():
        agent = row(found, host, binary)
        assert agent.reported
        assert is_old(agent, age), agent


@BOTH
async def test_nobody_waits_while_rows_are_read(small: SmallCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for the lines of an answer nor for what they mean: those of ten thousand hypervisors are many."""
    lines, meanings = Aside(), Aside()
    ask, made = rows.ASKED[Service.NOVA]
    monkeypatch.setattr(listing, "listed", lines.watched(listing.listed))
    monkeypatch.setitem(rows.ASKED, Service.NOVA, (ask, meanings.watched(made)))
    await told(small)
    assert ([True] * len(Service), [True]) == (lines.done, meanings.done)


@BOTH
async def test_rows(small: SmallCloud) -> None:
    """What each service tells of an agent beside its age."""
    small.database.change(small.cmp2, disabled=1, disabled_reason="maintenance")
    small.database.change(small.dhcp, admin_state_up=0)
    small.database.change(small.cmp1, forced_down=1)
    found = await told(small)
    cmp1, cmp2 = row(found, "cmp1", "nova-compute"), row(found, "cmp2", "nova-compute")
    dhcp, volume = row(found, "net1", "neutron-dhcp-agent"), row(found, "ctl1@lvm", "cinder-volume")
    assert ([True, False], [True, False]) == ([cmp1.enabled, cmp2.enabled], [cmp1.forced_down, cmp2.forced_down])
    assert (15, "compute", "") == (cmp1.reports, cmp1.topic, cmp1.cell)
    assert (UUID, False, "nova", "DHCP agent", "dhcp_agent", None) == (
        *(dhcp.key, dhcp.enabled, dhcp.zone, dhcp.kind, dhcp.topic, dhcp.reports),
    )
    assert ("nova", 15, True) == (volume.zone, volume.reports, volume.enabled)
    assert "192.0.2.1" == row(found, "cmp1", "neutron-openvswitch-agent").tunnel_address
    assert str(small.database.rows("nova", "host = 'cmp1'")[0]["last_seen_up"]) == cmp1.beat


@BOTH
async def test_ages_are_signed(small: SmallCloud) -> None:
    """A writer whose clock is ahead or behind: the count grows, the age says by how much."""
    small.database.report(small.cmp1, ahead=70)
    small.database.report(small.cmp2, ahead=-70)
    small.database.report(small.dhcp, ahead=30)
    found = await told(small)
    ahead, behind = row(found, "cmp1", "nova-compute"), row(found, "cmp2", "nova-compute")
    dhcp = row(found, "net1", "neutron-dhcp-agent")
    assert [16, 16] == [ahead.reports, behind.reports]
    assert [True] * 3 == [is_old(ahead, -70), is_old(behind, 70), is_old(dhcp, -30)]


@BOTH
async def test_an_age_is_never_a_condition(small: SmallCloud) -> None:
    """A row that stands still for a year is told as one of now is; one that was removed is not."""
    small.database.aged(small.cmp1, 365 * 86400)
    small.database.aged(small.dhcp, 365 * 86400)
    for agent in (small.cmp2, small.l3, small.volume):
        small.database.remove(agent)
    found = await told(small)
    for host, binary in (("cmp1", "nova-compute"), ("net1", "neutron-dhcp-agent")):
        assert is_old(row(found, host, binary), 365 * 86400)
    assert not {"cmp2/nova-compute", "net1/neutron-l3-agent", "ctl1@lvm/cinder-volume"} & {
        f"{agent.host}/{agent.binary}" for agent in found.agents
    }


@BOTH
async def test_who_never_reported(small: SmallCloud) -> None:
    """The age is since the row was made: a fresh service of nova, a backend of cinder that never initialised."""
    made = small.database.at(4)
    small.database.nova("cmp3", report_count=0, last_seen_up=None, updated_at=None, created_at=made)
    found = await told(small)
    fresh, ill = row(found, "cmp3", "nova-compute"), row(found, "ctl1@badlvm", "cinder-volume")
    assert (False, "", 0) == (fresh.reported, fresh.beat, fresh.reports)
    assert (False, 0) == (ill.reported, ill.reports)
    assert (True, True) == (is_old(fresh, 4), is_old(ill, 165))


@BOTH
async def test_an_operator_disables_a_frozen_compute(small: SmallCloud) -> None:
    """The row moves, the heartbeat does not."""
    small.database.aged(small.cmp1, 25)
    small.database.disable(small.cmp1)
    frozen = row(await told(small), "cmp1", "nova-compute")
    assert (True, False) == (is_old(frozen, 25), frozen.enabled)


@BOTH
async def test_workers_of_heat_are_one_agent(small: SmallCloud) -> None:
    """The youngest of a host counts: those that died leave their rows there."""
    for age in (5, 900):
        small.database.heat("ctl1", age=age)
    [engine] = [agent for agent in (await told(small)).agents if agent.service is Service.HEAT]
    assert ("ctl1", True) == (engine.host, is_old(engine, 5))


@BOTH
async def test_cells(database: MysqlServer) -> None:
    """Several on one server are told apart by their schemas; one on a server of its own by its name."""
    made = OpenStackDatabase(database, cells=("nova_cell0", "nova", "nova_cell2"), cinder="", neutron="")
    made.create()
    account(made)
    for cell in ("nova", "nova_cell2"):
        made.nova(f"cmp-{cell}", cell=cell)
    async with asking(made) as sql:
        found = await source.agents(endpoint(made), sql, LIMIT)
        assert {("nova", "nova:1"), ("nova_cell2", "nova_cell2:1")} == {
            (agent.cell, agent.key) for agent in found.agents
        }
        apart = await source.agents(endpoint(made, cell="cell9"), sql, LIMIT)
    made.drop()
    assert {"cell9"} == {agent.cell for agent in apart.agents}


@BOTH
async def test_heartbeats_in_memcached(small: SmallCloud) -> None:
    """No service of nova ever wrote one, though they have been there for long: their ages mean nothing."""
    for agent in (small.scheduler, small.conductor, small.cmp1):
        small.database.change(agent, report_count=0, last_seen_up=None)
    assert {} == (await told(small)).unusable
    small.database.change(small.cmp2, report_count=0, last_seen_up=None)
    found = await told(small)
    assert {Service.NOVA} == {*found.unusable}
    assert "servicegroup_driver = mc" in found.unusable[Service.NOVA]
    small.database.change(small.cmp2, created_at=small.database.at(3))
    assert {} == (await told(small)).unusable


@BOTH
async def test_one_service_that_never_reported_proves_nothing(database: MysqlServer) -> None:
    """A cloud of one row, which is not alive."""
    made = OpenStackDatabase(database, cinder="", neutron="")
    made.create()
    account(made)
    made.nova("cmp1", report_count=0, last_seen_up=None)
    async with asking(made) as sql:
        assert {} == (await source.agents(endpoint(made), sql, LIMIT)).unusable
    made.drop()


@BOTH
async def test_a_replica_that_stands_still_tells_nothing(small: SmallCloud) -> None:
    """All of its agents look dead; where the server may be written to, they are."""
    for agent in small.alive:
        small.database.aged(agent, 120)
    assert (await told(small)).agents
    small.database.server.sql("SET GLOBAL read_only = 1")
    try:
        for ask in (source.agents, source.census):
            async with asking(small.database) as sql:
                with pytest.raises(ProbeFailed, match="read_only") as raised:
                    await ask(endpoint(small.database), sql, LIMIT)
            assert Reason.NOT_READY is raised.value.reason
        small.database.report(small.scheduler)
        assert (await told(small)).agents
    finally:
        small.database.server.sql("SET GLOBAL read_only = 0")


@BOTH
async def test_the_clock(small: SmallCloud) -> None:
    """On one machine both are the same."""
    offset, error = (await told(small)).clock or (time.time(), 0.0)
    assert abs(offset) <= error + 0.05
