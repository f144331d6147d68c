"""Who is asked how agents are: a real database, lists of APIs where it can't be, and both where OVN is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from cs_exporter.model import CloudKind, CloudTarget, Host, ProbeFailed, Reason, Schema, UnsupportedError
from cs_exporter.platforms.openstack.agents import Agents, Service, Source
from cs_exporter.platforms.openstack.api.asking import NO_SUCH_SERVICE
from cs_exporter.ports import ApiError, ApiRow, Sql
from cs_exporter.probes.openstack.asking import ask, may_be_memcached
from tests import world
from tests.lab.mysql import MysqlServer
from tests.lab.openstack_database import AtTime, OpenStackDatabase
from tests.platforms.openstack.database.openstack_stand import account, asking, endpoint
from tests.probes.cloudstack.test_asking import NoDatabase
from tests.probes.openstack.agents_stand import RHYTHMS, fleet
from tests.probes.openstack.test_openstack_census import ONLY_API, REFUSED, SDK, Api, ovn

BOTH = replace(ONLY_API, cloud=CloudTarget(CloudKind.OPENSTACK, schemas=(Schema("nova", "nova"),), sdk=SDK))
ONLY_DATABASE = replace(ONLY_API, cloud=CloudTarget(CloudKind.OPENSTACK, schemas=(Schema("nova", "nova"),)))


async def asked(
    host: Host, sql: Sql | None = None, api: Api | None = None, *, memcached: bool = False
) -> tuple[Agents, str]:
    """The answer of these; nobody else is to be asked."""
    io = world.io(api=api or Api(REFUSED)) if sql is None else world.io(sql=sql, api=api or Api(REFUSED))
    return await ask(host, io, 4.0, 12.0, memcached=memcached)


async def test_by_the_apis_alone() -> None:
    """Nobody else was to be asked, so nobody is missed."""
    answer, unasked = await asked(ONLY_API, api=Api())
    assert (Source.API, "") == (answer.source, unasked)
    assert {Service.NOVA, Service.NEUTRON, Service.CINDER} == answer.told


async def test_the_apis_answer_for_a_database_that_is_away() -> None:
    """And why it did not is told with it."""
    answer, unasked = await asked(BOTH, NoDatabase(), Api())
    assert (Source.API, "refused: nobody listens") == (answer.source, unasked)


async def test_nobody_answers() -> None:
    """For the database's reason, with the other one's besides."""
    with pytest.raises(ProbeFailed) as raised:
        await asked(BOTH, NoDatabase())
    assert Reason.REFUSED is raised.value.reason
    assert "nobody listens; nor does the API: nobody listens there either" == raised.value.detail
    with pytest.raises(ProbeFailed) as alone:
        await asked(ONLY_DATABASE, NoDatabase())
    assert "nobody listens" == alone.value.detail


async def test_a_host_is_no_cloud() -> None:
    """It has nothing to say to it."""
    with pytest.raises(UnsupportedError):
        await asked(Host("cmp1", "192.0.2.1"))


@pytest.fixture
def cloud(mariadb: MysqlServer) -> Iterator[OpenStackDatabase]:
    """Two hypervisors, whose ports are made by none of neutron's own agents; one has a NIC of its own for that."""
    made = OpenStackDatabase(mariadb)
    made.create()
    account(made)
    made.nova("ctl1", "nova-conductor")
    made.nova("cmp1", age=4)
    made.nova("cmp2")
    made.neutron("cmp1", "neutron-sriov-nic-agent", agent_type="NIC Switch agent")
    yield made
    made.drop()


async def by_both(
    cloud: OpenStackDatabase, api: Api, *, cell: str = "", sdk: bool = True, memcached: bool = False
) -> Agents:
    """The answer of a cloud that may be asked both ways."""
    host = endpoint(cloud, cell=cell)
    assert host.cloud is not None
    if sdk:
        host = replace(host, cloud=replace(host.cloud, sdk=SDK))
    async with asking(cloud) as sql:
        answer, unasked = await asked(host, sql, api, memcached=memcached)
    assert "" == unasked
    return answer


def named(agents: Agents) -> set[str]:
    """Host and binary of all that are told."""
    return {f"{agent.host}/{agent.binary}" for agent in agents.agents}


OF_TABLES = {"ctl1/nova-conductor", "cmp1/nova-compute", "cmp2/nova-compute", "cmp1/neutron-sriov-nic-agent"}


@pytest.mark.lab
async def test_agents_of_ovn_are_told_beside_the_tables(cloud: OpenStackDatabase) -> None:
    """By the API, of which only that list is asked; what tables tell is the tables' word."""
    switch = {"id": "s", "agent_type": "NIC Switch agent", "binary": "neutron-sriov-nic-agent", "host": "cmp1"}
    api = Api(neutron=[ovn("cmp1"), ovn("cmp2"), switch])
    answer = await by_both(cloud, api)
    assert {*OF_TABLES, "cmp1/ovn-controller", "cmp2/ovn-controller"} == named(answer)
    assert (Source.DATABASE, ["neutron.agents"]) == (answer.source, api.asked)
    assert {None} == {agent.age for agent in answer.agents if agent.is_ovn}


@pytest.mark.lab
async def test_a_cloud_without_ovn_is_not_asked_twice(cloud: OpenStackDatabase) -> None:
    """Where a hypervisor has an agent of its own, or there is no API, or it is a cell."""
    api = Api()
    assert OF_TABLES == named(await by_both(cloud, api, sdk=False))
    assert OF_TABLES == named(await by_both(cloud, api, cell="east"))
    cloud.neutron("cmp1", "neutron-openvswitch-agent")
    assert {*OF_TABLES, "cmp1/neutron-openvswitch-agent"} == named(await by_both(cloud, api))
    assert [] == api.asked


@pytest.mark.lab
async def test_an_api_that_does_not_answer_lacks_ovn(cloud: OpenStackDatabase) -> None:
    """The rest is told; a catalog without neutron lacks nothing."""
    answer = await by_both(cloud, Api(REFUSED))
    assert (OF_TABLES, {Service.NEUTRON}) == (named(answer), set(answer.lacking))
    assert "nobody listens there either" in answer.lacking[Service.NEUTRON]
    absent = ApiError(Reason.NOT_READY, "no service of that kind", NO_SUCH_SERVICE)
    assert {} == dict((await by_both(cloud, Api(absent))).lacking)


@pytest.mark.lab
async def test_verdicts_stand_in_for_ages_that_mean_nothing(cloud: OpenStackDatabase) -> None:
    """Nova's heartbeats are in memcached: its rows were never written to, and only its API knows who is up."""
    cloud.neutron("cmp1", "neutron-openvswitch-agent")
    for agent in ("ctl1", "nova-conductor"), ("cmp1", "nova-compute"), ("cmp2", "nova-compute"):
        where = "host = '{}' AND `binary` = '{}'".format(*agent)
        never = "last_seen_up = NULL, updated_at = NULL, report_count = 0"
        cloud.server.sql(f"UPDATE nova.services SET {never} WHERE {where}")  # noqa: S608  # the test's own
    api = Api()
    answer = await by_both(cloud, api)
    nova = [agent for agent in answer.agents if agent.service is Service.NOVA]
    assert ({Service.NOVA}, ["nova.services"]) == (set(answer.unusable), api.asked)
    assert {True} == {agent.up for agent in nova}
    assert {None} == {agent.age for agent in nova}
    assert {Service.NOVA} == set((await by_both(cloud, Api(REFUSED))).lacking)
    assert {} == dict((await by_both(cloud, api, sdk=False)).lacking)


@pytest.fixture
def still(cloud: OpenStackDatabase) -> OpenStackDatabase:
    """The same, and nobody of nova writes into its table; a hypervisor's ports are made by an agent of neutron."""
    cloud.neutron("cmp1", "neutron-openvswitch-agent")
    cloud.server.sql("UPDATE nova.services SET last_seen_up = UTC_TIMESTAMP() - INTERVAL 5000 SECOND")
    return cloud


def nova_of(answer: Agents) -> set[tuple[bool | None, bool]]:
    """Of its services: the verdict, and whether there is an age."""
    return {(one.up, one.age is not None) for one in answer.agents if one.service is Service.NOVA}


@pytest.mark.lab
async def test_a_cloud_that_went_over_to_memcached(still: OpenStackDatabase) -> None:
    """All of nova's rows are as old as can be, and its API has services that are up: the rows mean nothing."""
    api = Api()
    answer = await by_both(still, api)
    assert ({Service.NOVA}, ["nova.services"]) == (set(answer.unusable), api.asked)
    assert "servicegroup_driver = mc" in answer.unusable[Service.NOVA]
    assert {(True, False)} == nova_of(answer)


DOWN: list[ApiRow] = [
    {"id": 1, "host": "cmp1", "binary": "nova-compute", "status": "enabled", "state": "down", "zone": "nova"}
]


@pytest.mark.lab
@pytest.mark.parametrize("api", [Api(nova=DOWN), Api(REFUSED)], ids=["down", "refused"])
async def test_rows_of_services_that_are_dead(api: Api, still: OpenStackDatabase) -> None:
    """Their API says so, too, or nothing at all: the database's ages are believed, and nothing is lacking."""
    answer = await by_both(still, api)
    assert ({}, {}, {(None, True)}) == (dict(answer.unusable), dict(answer.lacking), nova_of(answer))
    assert ["nova.services"] == api.asked


@pytest.mark.lab
async def test_the_api_is_not_asked_while_anybody_of_nova_reports(still: OpenStackDatabase) -> None:
    """One that is on time is enough: reports do reach the table."""
    still.nova("cmp9", age=4)
    api = Api()
    assert ({}, []) == (dict((await by_both(still, api)).unusable), api.asked)


@pytest.mark.lab
async def test_nor_of_a_database_that_stands_still_as_a_whole(still: OpenStackDatabase) -> None:
    """Neutron's rows are as old as nova's: a broken replica, and its ages are what tells that."""
    still.server.sql("UPDATE neutron.agents SET heartbeat_timestamp = UTC_TIMESTAMP() - INTERVAL 4995 SECOND")
    api = Api()
    answer = await by_both(still, api)
    assert ({}, [], {(None, True)}) == (dict(answer.unusable), api.asked, nova_of(answer))


@pytest.mark.parametrize("seconds", [60, 71, 74, 90, 3600])
def test_nobody_of_a_cloud_is_fresh(seconds: float) -> None:
    """At no moment is that memcached; it may be where others are fresh, or where there are none."""
    cloud = fleet()
    rows = tuple(replace(one, age=(one.age or 0) + seconds) for one in cloud.at(1000.0))
    assert not may_be_memcached(Agents(Source.DATABASE, rows, frozenset(Service)), RHYTHMS)
    nova = tuple(one for one in rows if one.service is Service.NOVA)
    others = (one for one in cloud.at(1000.0) if one.service is not Service.NOVA)
    for agents in ((*nova, *others), nova):
        assert (seconds > 70) is may_be_memcached(Agents(Source.DATABASE, agents, frozenset(Service)), RHYTHMS)


@pytest.mark.lab
async def test_nor_while_only_the_databases_clock_is_wrong(cloud: OpenStackDatabase) -> None:
    """By it all rows are old, by ours they are young."""
    cloud.neutron("cmp1", "neutron-openvswitch-agent")
    host, api = endpoint(cloud), Api()
    assert host.cloud is not None
    async with asking(cloud) as sql:
        ahead = AtTime(sql, lambda: time.time() + 5000)
        answer, _ = await asked(replace(host, cloud=replace(host.cloud, sdk=SDK)), ahead, api)
    assert 4900 < min(agent.age or 0 for agent in answer.agents)
    assert ({}, []) == (dict(answer.unusable), api.asked)


@pytest.mark.lab
@pytest.mark.parametrize("sdk", [False, True])
async def test_memcached_as_it_is_configured(cloud: OpenStackDatabase, *, sdk: bool) -> None:
    """Whatever the rows say; the API's verdict stands in for them where there is one."""
    cloud.neutron("cmp1", "neutron-openvswitch-agent")
    answer = await by_both(cloud, Api(), sdk=sdk, memcached=True)
    assert {Service.NOVA} == set(answer.unusable)
    assert "nova_driver: mc" in answer.unusable[Service.NOVA]
    assert {(True, False) if sdk else (None, True)} == nova_of(answer)
