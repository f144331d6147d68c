"""Which machines a cloud has, by a real database."""

from __future__ import annotations

import pytest

from cs_exporter.model import Census, ProbeFailed, Reason, Role, Traffic
from cs_exporter.platforms.openstack import database as source
from tests.lab.mysql_fixtures import BOTH
from tests.platforms.openstack.database.openstack_stand import (
    LIMIT,
    SmallCloud,
    account,
    asking,
    endpoint,
)

pytestmark = pytest.mark.lab


async def told(small: SmallCloud) -> Census:
    """What is told now."""
    async with asking(small.database) as sql:
        return await source.census(endpoint(small.database), sql, LIMIT)


@BOTH
async def test_machines(small: SmallCloud) -> None:
    """One for each name, whichever services run there; complete, though nobody may read where hypervisors are."""
    small.database.change(small.cmp2, forced_down=1)
    found = await told(small)
    assert (True, (), frozenset(), ()) == (found.complete, found.lacking, found.removed, found.untold)
    roles = {host.name: host.roles for host in found.hosts}
    computes = {name: {Role.HYPERVISOR} for name in ("cmp1", "cmp2")}
    assert {**computes, "ctl1": {Role.CONTROLLER}, "net1": {Role.NETWORK}} == roles
    [cmp1, cmp2, ctl1, net1] = found.hosts
    assert [False, True] == [cmp1.maintenance, cmp2.maintenance]
    assert ({Traffic.OVERLAY: "192.0.2.1"}, "cmp1", "cmp1") == (cmp1.addresses, cmp1.address, cmp1.uuid)
    assert ["nova", "nova"] == [ctl1.place.cloud_zone, net1.place.cloud_zone]


@BOTH
async def test_who_is_gone(small: SmallCloud) -> None:
    """A machine is there while any row names it, however old; an answer that lacks it is complete."""
    small.database.remove(small.cmp1)
    small.database.aged(small.cmp2, 86400)
    assert ["cmp1", "cmp2"] == [host.name for host in (await told(small)).hosts][:2]
    small.database.remove(small.switches[0])
    found = await told(small)
    assert (["cmp2", "ctl1", "net1"], True) == ([host.name for host in found.hosts], found.complete)


@BOTH
@pytest.mark.parametrize("table", ["nova.services", "neutron.agents", "cinder.services"])
async def test_a_table_that_is_not_visible(small: SmallCloud, table: str) -> None:
    """Who stands in it is missing, and so the answer is incomplete, and says why."""
    account(small.database, table)
    found = await told(small)
    [line] = found.lacking
    service = table.partition(".")[0]
    assert (False, f"{service}: not visible to our account: table {table}") == (found.complete, line)
    assert found.hosts


@BOTH
async def test_nothing_is_visible(small: SmallCloud) -> None:
    """Denied: that nobody is there is something else."""
    account(small.database, "nova.services", "neutron.agents", "cinder.services", "heat.service")
    with pytest.raises(ProbeFailed, match=r"table nova\.services") as raised:
        await told(small)
    assert Reason.DENIED is raised.value.reason


@BOTH
async def test_a_column_that_is_not_visible(small: SmallCloud) -> None:
    """Without forced_down everybody is known, and nobody's maintenance; it is said, and the answer is complete."""
    small.database.server.sql("ALTER TABLE nova.services DROP COLUMN forced_down")
    found = await told(small)
    assert (True, 4) == (found.complete, len(found.hosts))
    assert ("nova: not visible to our account: nova.services: forced_down",) == found.lacking
