"""The sheet: what is asked by default, what settings mean, and a real database whose agents live and die."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from cs_exporter.model import CloudKind, CloudTarget, Host
from cs_exporter.platforms.openstack.agents import Service
from cs_exporter.ports import Last, R, Sql
from cs_exporter.probes.openstack import openstack_agents
from cs_exporter.probes.openstack.openstack_agents import SPEC, OpenStackAgentsSettings, probe
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading, compared
from cs_exporter.probes.openstack.rows import Sign
from tests import world
from tests.aside import Aside
from tests.lab.mysql import MysqlServer
from tests.lab.openstack_database import AtTime, OpenStackDatabase
from tests.platforms.openstack.database.openstack_stand import SmallCloud, account, asking, endpoint
from tests.probes.cloudstack.polled import ENDPOINT as CLOUDSTACK
from tests.probes.openstack.agents_stand import NAMES, red

SETTINGS = OpenStackAgentsSettings()


def test_only_openstacks_pseudo_hosts_are_asked() -> None:
    """Its cells' as well."""
    cell = Host("endpoint:os.east", "192.0.2.8", cloud=CloudTarget(CloudKind.OPENSTACK, cell="east"))
    assert [True, False, False] == [SPEC.applies(one) for one in (cell, CLOUDSTACK, Host("cmp1", "192.0.2.1"))]


def test_defaults_are_openstacks_own() -> None:
    """Nova and cinder 10 and 60 s, neutron 30 and 75 s, heat 60 s and twice that; asked every 15 s."""
    rhythms = SETTINGS.rhythms()
    assert {Service.NOVA: (10, 60), Service.NEUTRON: (30, 75), Service.CINDER: (10, 60), Service.HEAT: (60, 120)} == {
        service: (rhythm.interval, rhythm.limit) for service, rhythm in rhythms.items()
    }
    assert {Service.NEUTRON, Service.HEAT} == {service for service, rhythm in rhythms.items() if rhythm.one_sided}
    assert (15.0, 13.5, 12.0, 4.0) == (
        SETTINGS.interval,
        SETTINGS.timeout,
        SETTINGS.api_limit(),
        SETTINGS.longest_wait(),
    )


def test_nova_raises_a_limit_that_is_too_short() -> None:
    """As its own start does: two and a half intervals, without a fraction."""
    short = OpenStackAgentsSettings(nova_report_interval=15, nova_down_time=15)
    assert 37 == short.rhythms()[Service.NOVA].limit


class Moment:
    """The exporter's clocks, the services' and the database's: all of them at the test's own time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        """The wall clock."""
        return 1_800_000_000.0 + self.now

    def monotonic(self) -> float:
        """The one that is never set."""
        return self.now


@dataclass
class Polled:
    """A run after the other, each with the reading before it."""

    host: Host
    sql: Sql
    clock: Moment
    reading: OpenStackAgentsReading | None = None
    settings: OpenStackAgentsSettings = SETTINGS

    async def poll(self) -> OpenStackAgentsReading:
        """The next run."""
        io = world.io(sql=self.sql, clock=self.clock, previous=self._previous)
        self.reading = await probe(self.host, io, self.settings)
        return self.reading

    def _previous(self, kind: type[R], /) -> Last[R] | None:
        return Last(self.reading, self.clock.now) if isinstance(self.reading, kind) else None


@pytest.fixture
def moment() -> Moment:
    """Now."""
    return Moment()


@pytest.fixture
def small(mariadb: MysqlServer, moment: Moment) -> Iterator[SmallCloud]:
    """A small cloud with all four services."""
    made = OpenStackDatabase(mariadb, heat="heat", clock=moment.time)
    made.create()
    account(made)
    yield SmallCloud(made)
    made.drop()


@pytest.mark.lab
async def test_a_real_database(small: SmallCloud, moment: Moment) -> None:
    """Agents that report are well, one that does not is dead, one that never did is what it is."""
    host = replace(endpoint(small.database), names=NAMES)
    async with asking(small.database) as sql:
        polled = Polled(host, AtTime(sql, moment.time), moment)
        first = await polled.poll()
        assert ({*Service}, set()) == (set(first.told), red(first))
        for _ in range(3):
            moment.now += 15
            for agent in small.alive:
                if agent is not small.cmp1:
                    small.database.report(agent)
            last = await polled.poll()
    signs = {(row.said.host, row.agent): row.sign for row in last.rows.values()}
    assert Sign.DEAD is signs.pop(("cmp1", "nova-compute"))
    assert Sign.UNSTARTED is signs.pop(("ctl1@badlvm", "cinder-volume"))
    assert {Sign.WELL} == set(signs.values())
    assert (True, "") == (last.database, last.unasked)
    assert 3 == last.rows[Service.NEUTRON, "net1", "neutron-l3-agent"].beats
    assert {"cmp1", "cmp2", "ctl1", "net1"} == {name for name, _ in SPEC.still(last, host).own}
    assert {"cmp2"} == {name for name, _ in SPEC.still(last, replace(host, names={"cmp2": "cmp2"})).own}


@pytest.mark.lab
async def test_two_looks_at_once_do_not_tell_death(small: SmallCloud, moment: Moment) -> None:
    """Who is late is named, with the age, until a later look tells what it is; who reports is not."""
    host = replace(endpoint(small.database), names=NAMES)
    async with asking(small.database) as sql:
        polled = Polled(host, AtTime(sql, moment.time), moment)
        moment.now += 30
        for agent in (small.dhcp, small.l3, *small.switches, small.volume, small.engine):
            small.database.report(agent)
        first = await polled.poll()
        moment.now += 0.007
        second = await polled.poll()
        moment.now += 40
        for agent in small.alive:
            small.database.report(agent)
        last = await polled.poll()
    nova = "2 nova-compute (cmp1, cmp2), 1 nova-scheduler (ctl1), 1 nova-conductor (ctl1)"
    late = f"{nova}, 1 cinder-volume (ctl1@badlvm)"
    ill = "no report for 195 s, or a clock that is wrong: look again in 20 s, or at the status page"
    assert (f"{late}: {ill}",) == first.lacking == second.lacking
    assert set() == red(second)
    assert () == last.lacking


@pytest.mark.lab
async def test_nova_with_memcached(small: SmallCloud, moment: Moment) -> None:
    """As it is set: its rows mean nothing, whether or not anything writes into them; all others' do."""
    host = replace(endpoint(small.database), names=NAMES)
    async with asking(small.database) as sql:
        own = OpenStackAgentsSettings(nova_driver="mc")
        polled = Polled(host, AtTime(sql, moment.time), moment, settings=own)
        for _ in range(4):
            last = await polled.poll()
            moment.now += 15
    untold = {row.said.service for row in last.rows.values() if row.age is None}
    assert {Service.NOVA} == untold == set(last.answer.unusable)
    assert "CsOpenStackAgesUnusable" in {name for name, *_ in red(last)}


@pytest.mark.lab
async def test_nobody_waits_while_answers_are_compared(
    small: SmallCloud, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the event loop: with ten thousand hypervisors it takes too long."""
    aside = Aside()
    monkeypatch.setattr(openstack_agents, "compared", aside.watched(compared))
    async with asking(small.database) as sql:
        await Polled(replace(endpoint(small.database), names=NAMES), sql, moment).poll()
    assert [True] == aside.done


def test_a_run_has_its_time() -> None:
    """Less than the interval, whatever that is; the API never less than the database would have."""
    long = OpenStackAgentsSettings(interval=60)
    assert (54.0, 12.0) == (long.timeout, long.api_limit())
    assert 4.0 == OpenStackAgentsSettings(interval=5, timeout=3).api_limit()
