"""E8: what operators do themselves. Disabled is no heartbeat and no silence; forced down is planned work.

By the columns that move: a service that is disabled while it is frozen gets a new updated_at, and is as late as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cs_exporter.model import Inventory
from cs_exporter.platforms.openstack.database import census
from tests.lab.mysql import MysqlServer
from tests.lab.openstack_database import Agent, OpenStackDatabase
from tests.lab.openstack_schema import NOVA
from tests.platforms.openstack.database.openstack_stand import asking, endpoint
from tests.platforms.openstack.replay.agents_stage import AgentsStage, agents_stage
from tests.platforms.openstack.replay.test_agents import CMP1, CMP2, CONDUCTOR, DHCP, L3
from tests.platforms.openstack.replay.timelines import Story, Who, steady

FROZEN, DISABLED, THAWED, FORCED, DRAINED, END = 100, 125, 160, 220, 280, 400
SCHEDULER = Who(NOVA, "ctl1", "nova-scheduler")
LATE_OF_CMP2 = {
    (name, "cmp2") for name in ("CsHostAlertImminent", "CsHostAlertImminentCritical", "CsOpenStackAgentSilent")
}


def told() -> Story:
    """Everybody is well, but cmp2's nova-compute, which is frozen for a minute."""
    well = (CONDUCTOR, SCHEDULER, CMP1, DHCP, L3)
    beats = {who: steady(who, END, first=float(2 * number)) for number, who in enumerate(well)}
    stopped = (*steady(CMP2, FROZEN, first=9.0), *steady(CMP2, END, first=float(THAWED)))
    return Story(END, {**beats, CMP2: stopped})


def disable(database: OpenStackDatabase, agents: Mapping[Who, Agent]) -> None:
    """Through the API: the row is touched, the heartbeat is not."""
    database.disable(agents[CMP2], "maintenance T-1")


def force_down(database: OpenStackDatabase, agents: Mapping[Who, Agent]) -> None:
    """It beats, and the API says down."""
    database.change(agents[CMP2], forced_down=1)


def drain(database: OpenStackDatabase, agents: Mapping[Who, Agent]) -> None:
    """An agent of neutron that is to get nothing new: it is as alive as ever."""
    database.change(agents[L3], admin_state_up=0, description="drained")


async def planned(playing: AgentsStage) -> set[str]:
    """The hosts of which planned work is declared, by a census of now."""
    async with asking(playing.database) as sql:
        found = await census(endpoint(playing.database), sql, 10)
    return {host.name for host in found.hosts if host.maintenance}


async def test_disabled_forced_down_and_drained(mariadb: MysqlServer) -> None:
    """Frozen, it is late however it is marked; disabled it takes no guests; forced down it is at work, and mutes."""
    events = {DISABLED: disable, FORCED: force_down, DRAINED: drain}
    async with agents_stage(mariadb, told(), phase=7, events=events) as playing:
        stage = playing.stage
        await playing.play(DISABLED + 20)
        assert 0 == stage.value("cs_host_schedulable", "cmp2")
        assert 1 == stage.value("cs_host_schedulable", "cmp1")
        age = stage.value("cs_openstack_agent_age_seconds", "cmp2", "nova-compute", "")
        assert age is not None
        assert age >= DISABLED - FROZEN, "that the row was touched is no report"
        assert LATE_OF_CMP2 >= {(one.name, one.host) for one in stage.course.heard}
        await playing.play(FORCED - 1)
        assert not [one for one, seconds in stage.course.red.items() if seconds[-1] > THAWED + 20]
        await playing.play(FORCED + 20)
        assert {"cmp2"} == await planned(playing)
        assert 1 == stage.value("cs_host_state", "cmp2", "down")
        hosts = stage.board.inventory.hosts
        work = {name: replace(host, maintenance=name == "cmp2") for name, host in hosts.items()}
        stage.board.replace_inventory(Inventory(work))
        await playing.play(END)
        course = stage.course
    others = {(one.name, one.host) for one in course.heard if one.host not in work or not work[one.host].maintenance}
    assert set() == others
    assert set() == {one for one in course.red if one.host == "net1"}, "drained is no fault"
