"""The tables of a real control plane, as its own services made and filled them, at the moment they were dumped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cs_exporter.model import Role
from cs_exporter.platforms.openstack import database as source
from cs_exporter.platforms.openstack.agents import Agents
from cs_exporter.platforms.openstack.database import OPTIONAL
from tests.lab.mysql import MysqlServer
from tests.lab.mysql_fixtures import BOTH
from tests.lab.openstack_database import AtTime, OpenStackDatabase
from tests.platforms.openstack.database.openstack_stand import LIMIT, account, asking, endpoint, row

pytestmark = pytest.mark.lab

CAPTURES = Path(__file__).parents[3] / "captures" / "openstack"
DUMPS = {
    "nova-services": "nova",
    "nova-compute_nodes": "nova",
    "neutron-agents": "neutron",
    "cinder-services": "cinder",
}
DUMPED = "2026-11-21 05:26:13"
COMPUTES = OPTIONAL.splitlines()[0].removeprefix("GRANT ").partition(" TO ")[0]

AGES = {
    "ctl1/nova-scheduler": 8,
    "ctl1/nova-conductor": 8,
    "cmp1/nova-compute": 2,
    "cmp2/nova-compute": 2,
    "net1/neutron-dhcp-agent": 0,
    "net1/neutron-l3-agent": 0,
    "net1/neutron-metadata-agent": 0,
    "cmp1/neutron-linuxbridge-agent": 25,
    "cmp2/neutron-linuxbridge-agent": 25,
    "ctl1/cinder-scheduler": 3,
    "ctl1@fake1/cinder-volume": 2,
    "ctl1@badlvm/cinder-volume": 153,
}
"""What was recorded beside the dumps, by the database's own clock."""


def load(server: MysqlServer, dump: str, schema: str) -> None:
    """Make a dumped table in a schema, in place of the one that is there."""
    text = (CAPTURES / f"{dump}.sql").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith(("/*", "LOCK", "UNLOCK")))
    server.sql(f"USE `{schema}`")
    for statement in re.split(r";\n", "\n".join(lines)):
        if statement.strip():
            server.sql(statement)


@pytest.fixture
def real(database: MysqlServer) -> Iterator[OpenStackDatabase]:
    """The cloud as it was dumped."""
    when = datetime.fromisoformat(DUMPED).replace(tzinfo=UTC).timestamp()
    made = OpenStackDatabase(database, clock=lambda: when)
    made.create()
    for dump, schema in DUMPS.items():
        load(database, dump, schema)
    account(made, more=(COMPUTES,))
    yield made
    made.drop()


async def told(real: OpenStackDatabase) -> Agents:
    """What is told at that moment."""
    async with asking(real) as sql:
        return await source.agents(endpoint(real), AtTime(sql, real.clock), LIMIT)


@BOTH
async def test_ages(real: OpenStackDatabase) -> None:
    """To the second as they were recorded; of one that never reported since its row was made."""
    found = await told(real)
    assert AGES == {f"{agent.host}/{agent.binary}": agent.age for agent in found.agents}
    assert ["ctl1@badlvm"] == [agent.host for agent in found.agents if not agent.reported]
    assert ([], []) == ([*found.lacking], [*found.unusable])


@BOTH
async def test_machines(real: OpenStackDatabase) -> None:
    """Four, by name: every service's own address is its loopback there."""
    async with asking(real) as sql:
        found = await source.census(endpoint(real), AtTime(sql, real.clock), LIMIT)
    roles = {"cmp1": Role.HYPERVISOR, "cmp2": Role.HYPERVISOR, "ctl1": Role.CONTROLLER, "net1": Role.NETWORK}
    assert [(name, name, {role}) for name, role in roles.items()] == [
        (host.name, host.address, {*host.roles}) for host in found.hosts
    ]
    assert ("fake", "nova", True) == (
        *(found.hosts[0].place.hypervisor, found.hosts[2].place.cloud_zone),
        found.complete,
    )


@BOTH
async def test_disabled_and_forced_down(real: OpenStackDatabase) -> None:
    """As an operator left it, who also gave a reason."""
    load(real.server, "disabled_forceddown_nova-services", "nova")
    found = await told(real)
    compute, other = row(found, "cmp2", "nova-compute"), row(found, "cmp1", "nova-compute")
    assert (False, True, 153) == (compute.enabled, compute.forced_down, compute.reports)
    assert (True, False, 166) == (other.enabled, other.forced_down, other.reports)
