"""Which machines an OpenStack cloud has: by a real database, by captured lists of APIs, and by both together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cs_exporter.model import (
    Census,
    CloudKind,
    CloudTarget,
    Host,
    ProbeFailed,
    Reason,
    Role,
    Schema,
    SdkTarget,
    UnsupportedError,
)
from cs_exporter.platforms.openstack.api.asking import NO_SUCH_SERVICE
from cs_exporter.ports import ApiError, ApiRow, CloudApi, Sql
from cs_exporter.probes.openstack.openstack_census import SPEC, OpenstackCensusSettings, probe
from tests import world
from tests.lab.mysql import MysqlServer
from tests.lab.openstack_api import LISTS, captured
from tests.lab.openstack_database import OpenStackDatabase
from tests.platforms.openstack.database.openstack_stand import account, asking, endpoint
from tests.probes.cloudstack.polled import ENDPOINT as CLOUDSTACK
from tests.probes.cloudstack.test_asking import NoDatabase

SDK = SdkTarget("lab")
ONLY_API = Host("endpoint:os", "192.0.2.9", cloud=CloudTarget(CloudKind.OPENSTACK, sdk=SDK))
REFUSED = ProbeFailed(Reason.REFUSED, "nobody listens there either")


class Api:
    """ports.CloudApi: the captured lists but those that are given, or a failure."""

    def __init__(self, failure: ProbeFailed | None = None, **lists: list[ApiRow]) -> None:
        self.failure = failure
        taken = {command: captured(file, name) for command, (name, file) in LISTS.items()}
        self.lists = {command: lists.get(command.partition(".")[0], rows) for command, rows in taken.items()}
        self.asked: list[str] = []

    async def listed(self, command: str, deadline: float, **arguments: str) -> tuple[ApiRow, ...]:
        """One of the lists."""
        assert deadline > 0
        assert not arguments
        self.asked.append(command)
        if self.failure is not None:
            raise self.failure
        return tuple(self.lists[command])


def ovn(host: str, kind: str = "OVN Controller agent") -> ApiRow:
    """An agent of OVN as neutron lists it (plugins/ml2/drivers/ovn/agent/neutron_agent.py)."""
    return {"id": f"{kind} {host}", "agent_type": kind, "binary": "ovn-controller", "host": host, "alive": True}


async def census(host: Host, *, sql: Sql | None = None, api: CloudApi | None = None) -> Census:
    """The answer of these sources; without one of them nobody is to ask it."""
    asked = api or Api(REFUSED)
    io = world.io(api=asked) if sql is None else world.io(sql=sql, api=asked)
    return await probe(host, io, OpenstackCensusSettings())


async def test_by_the_apis_alone() -> None:
    """All that the captured cloud has; nobody stands in for anybody."""
    found = await census(ONLY_API, api=Api())
    assert {"ctl1", "cmp1", "cmp2", "net1"} == {host.name for host in found.hosts}
    assert not found.stand_in


async def test_the_apis_stand_in_for_the_database() -> None:
    """Of a cloud whose database does not listen; where neither answers, both failures are told."""
    both = replace(ONLY_API, cloud=CloudTarget(CloudKind.OPENSTACK, schemas=(Schema("nova", "nova"),), sdk=SDK))
    found = await census(both, sql=NoDatabase(), api=Api())
    assert (True, True) == (found.stand_in, "cmp1" in {host.name for host in found.hosts})
    with pytest.raises(ProbeFailed) as raised:
        await census(both, sql=NoDatabase())
    assert "refused: nobody listens; nor does the API: nobody listens there either" == str(raised.value)


async def test_only_clouds_of_its_kind_are_asked() -> None:
    """And their cells; a host has nothing to say to it."""
    host = Host("cmp1", "192.0.2.1")
    cell = Host("endpoint:os.east", "192.0.2.8", cloud=CloudTarget(CloudKind.OPENSTACK, cell="east"))
    assert [True, True, False, False] == [SPEC.applies(one) for one in (ONLY_API, cell, CLOUDSTACK, host)]
    with pytest.raises(UnsupportedError):
        await census(host)


@pytest.fixture
def cloud(mariadb: MysqlServer) -> Iterator[OpenStackDatabase]:
    """A controller, two hypervisors, and tunnels made by neither of them: a cloud with OVN."""
    made = OpenStackDatabase(mariadb)
    made.create()
    account(made)
    made.nova("ctl1", "nova-conductor")
    made.nova("cmp1")
    made.nova("cmp2")
    made.neutron("ctl1", "neutron-dhcp-agent")
    yield made
    made.drop()


async def both(cloud: OpenStackDatabase, api: CloudApi | None, *, sdk: SdkTarget | None = SDK) -> Census:
    """The answer of a cloud that has both."""
    host = endpoint(cloud)
    assert host.cloud is not None
    async with asking(cloud) as sql:
        return await census(replace(host, cloud=replace(host.cloud, sdk=sdk)), sql=sql, api=api)


def roles(found: Census) -> dict[str, set[Role]]:
    """Who is there, and what for."""
    return {host.name: set(host.roles) for host in found.hosts}


KNOWN = {"ctl1": {Role.CONTROLLER, Role.NETWORK}, "cmp1": {Role.HYPERVISOR}, "cmp2": {Role.HYPERVISOR}}


@pytest.mark.lab
async def test_agents_of_ovn_are_the_apis_word(cloud: OpenStackDatabase) -> None:
    """No table has them: a gateway that runs nothing else is found by them, and what the tables tell stays."""
    gateway = "OVN Controller Gateway agent"
    listed = [ovn("cmp1"), ovn("cmp2", gateway), ovn("gw1", gateway), *captured("neutron-agents.json", "agents")]
    api = Api(neutron=listed)
    found = await both(cloud, api)
    assert {**KNOWN, "cmp2": {Role.HYPERVISOR, Role.NETWORK}, "gw1": {Role.NETWORK}} == roles(found)
    assert (True, (), False, ["neutron.agents"]) == (found.complete, found.lacking, found.stand_in, api.asked)


@pytest.mark.lab
async def test_without_an_api_nobody_asks_it(cloud: OpenStackDatabase) -> None:
    """The databases are a whole answer."""
    found = await both(cloud, None, sdk=None)
    assert (KNOWN, True, ()) == (roles(found), found.complete, found.lacking)


@pytest.mark.lab
async def test_nobody_counts_as_gone_while_agents_of_ovn_can_not_be_listed(cloud: OpenStackDatabase) -> None:
    """Unless others make the tunnels, or there is no neutron that could be asked."""
    found = await both(cloud, None)
    line = "neutron: agents of OVN, which only the API knows: nobody listens there either"
    assert (KNOWN, False, (line,)) == (roles(found), found.complete, found.lacking)
    absent = Api(ApiError(Reason.COMMAND, "no such service", NO_SUCH_SERVICE))
    assert (True, ()) == ((whole := await both(cloud, absent)).complete, whole.lacking)
    cloud.neutron("cmp1", "neutron-openvswitch-agent", configurations={"tunneling_ip": "198.51.100.1"})
    assert (True, (line,)) == ((tunnels := await both(cloud, None)).complete, tunnels.lacking)
