"""A small OpenStack in a real database, and how the exporter's account asks it.

Shared by the tests of all that is read there; the account has the documented grants and no others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from cs_exporter.model import CloudKind, CloudTarget, Host, Schema
from cs_exporter.platforms.openstack.agents import Agents, AgentState
from cs_exporter.platforms.openstack.database import grants
from cs_exporter.ports import Sql
from tests.lab.mysql import PASSWORD
from tests.lab.openstack_database import OpenStackDatabase
from tests.transports.mysql.databases import servers, watched

LIMIT = 10.0
"""Seconds for an answer."""

ACCOUNT = "reader"
"""Has nothing but what is documented: the lab's own account has rights on the whole server."""

UUID = "2b8e2a37-da43-4006-851b-865e733f01c5"


def schemas_of(database: OpenStackDatabase) -> tuple[Schema, ...]:
    """As they are configured."""
    return tuple(Schema(service, name) for service, name in database.schemas)


def endpoint(database: OpenStackDatabase, *, cell: str = "") -> Host:
    """The pseudo-host of the cloud, or of a cell that has a server of its own."""
    target = CloudTarget(CloudKind.OPENSTACK, schemas=schemas_of(database), cell=cell)
    return replace(watched(database.server, user=ACCOUNT), name="endpoint:openstack", cloud=target)


def account(database: OpenStackDatabase, *without: str, more: tuple[str, ...] = ()) -> None:
    """Make the exporter's account anew, with the documented grants but those on `without` ("nova.services"), and more.

    A connection that stands keeps some of what it was granted: leave it first.
    """
    who = f"'{ACCOUNT}'@'%'"
    database.server.sql(f"DROP USER IF EXISTS {who}")
    database.server.sql(f"CREATE USER {who} IDENTIFIED BY '{PASSWORD}'")
    for grant in grants(schemas_of(database)):
        if grant.rpartition(" ")[2].replace("`", "") not in without:
            database.server.sql(f"GRANT {grant} TO {who}")
    for grant in more:
        database.server.sql(f"GRANT {grant} TO {who}")


@asynccontextmanager
async def asking(database: OpenStackDatabase) -> AsyncIterator[Sql]:
    """The kept connection of the exporter's account."""
    async with servers() as made:
        yield made.of(endpoint(database))


def row(found: Agents, host: str, binary: str) -> AgentState:
    """The agent of that name."""
    [agent] = [agent for agent in found.agents if (agent.host, agent.binary) == (host, binary)]
    return agent


class SmallCloud:
    """A controller, a network node, two hypervisors; a backend of cinder that never initialised; an engine of heat."""

    def __init__(self, database: OpenStackDatabase) -> None:
        self.database = database
        self.scheduler = database.nova("ctl1", "nova-scheduler", age=1, report_count=16)
        self.conductor = database.nova("ctl1", "nova-conductor", age=2, report_count=16)
        database.nova_api("ctl1")
        database.nova_api("ctl1", "nova-metadata")
        self.cmp1 = database.nova("cmp1", age=5, report_count=15)
        self.cmp2 = database.nova("cmp2", age=6, report_count=15)
        self.dhcp = database.neutron("net1", "neutron-dhcp-agent", age=14, availability_zone="nova", id=UUID)
        self.l3 = database.neutron("net1", "neutron-l3-agent", age=13, availability_zone="nova")
        self.switches = [
            database.neutron(
                f"cmp{number}",
                "neutron-openvswitch-agent",
                age=8,
                configurations={"tunnel_types": ["vxlan"], "tunneling_ip": f"192.0.2.{number}", "devices": 3},
            )
            for number in (1, 2)
        ]
        self.volume = database.cinder("ctl1@lvm", age=3, report_count=15)
        self.ill = database.uninitialised("ctl1@badlvm", age=165)
        self.engine = database.heat("ctl1", age=20)
        of_nova = (self.scheduler, self.conductor, self.cmp1, self.cmp2)
        self.alive = (*of_nova, self.dhcp, self.l3, *self.switches, self.volume, self.engine)
