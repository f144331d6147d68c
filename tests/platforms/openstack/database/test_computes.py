"""What nova knows of hypervisors: by a real database, with and without the rights to read it."""

from __future__ import annotations

import pytest

from cs_exporter.model import Census
from cs_exporter.platforms.openstack import database as source
from cs_exporter.platforms.openstack.database import OPTIONAL
from tests.lab.mysql_fixtures import BOTH
from tests.platforms.openstack.database.openstack_stand import LIMIT, SmallCloud, account, asking, endpoint

pytestmark = pytest.mark.lab

GRANTS = tuple(line.removeprefix("GRANT ").partition(" TO ")[0] for line in OPTIONAL.splitlines())


async def told(small: SmallCloud) -> Census:
    """What is told now."""
    async with asking(small.database) as sql:
        return await source.census(endpoint(small.database), sql, LIMIT)


@BOTH
async def test_where_hypervisors_are(small: SmallCloud) -> None:
    """Nova's own address of one, where four columns of that table may be read; none where its nodes differ in it."""
    account(small.database, more=GRANTS[:1])
    small.database.compute_node("cmp1", "198.51.100.1")
    small.database.compute_node("cmp1", "198.51.100.99", deleted=1, hypervisor_hostname="cmp1.old")
    for number in (1, 2):
        small.database.compute_node("cmp2", f"198.51.100.{number}", kind="ironic", hypervisor_hostname=f"node{number}")
    found = await told(small)
    assert [("198.51.100.1", "QEMU"), ("cmp2", "ironic")] == [
        (host.address, host.place.hypervisor) for host in found.hosts[:2]
    ]
    assert (True, ()) == (found.complete, found.lacking)


@BOTH
async def test_availability_zones(small: SmallCloud) -> None:
    """By the aggregate that has one; what another aggregate says, and one that nobody is in, are no zones."""
    account(small.database, more=GRANTS)
    small.database.compute_node("cmp2", "198.51.100.2")
    small.database.aggregate(1, "cmp1", "cmp2", availability_zone="az1", ssd="true")
    small.database.aggregate(2, "cmp1", gpu="true")
    small.database.aggregate(3, availability_zone="az3")
    found = await told(small)
    assert [("cmp1", "az1"), ("198.51.100.2", "az1")] == [
        (host.address, host.place.cloud_zone) for host in found.hosts[:2]
    ]
    assert (True, ()) == (found.complete, found.lacking)


@BOTH
async def test_without_the_rights(small: SmallCloud) -> None:
    """Nothing is lacking: everybody is known by name."""
    small.database.compute_node("cmp1", "198.51.100.1")
    small.database.aggregate(1, "cmp1", availability_zone="az1")
    found = await told(small)
    assert ("cmp1", "", True, ()) == (
        *(found.hosts[0].address, found.hosts[0].place.cloud_zone),
        *(found.complete, found.lacking),
    )
