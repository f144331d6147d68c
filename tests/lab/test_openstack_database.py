"""OpenStack's databases in the lab: rows as each service writes them, and time as the test wants it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.mysql import MysqlServer
from tests.lab.mysql_fixtures import BOTH
from tests.lab.openstack_database import AtTime, OpenStackDatabase
from tests.lab.openstack_schema import CINDER, HEAT, NEUTRON, NOVA
from tests.transports.mysql.databases import PATIENCE, kept

pytestmark = pytest.mark.lab


class Wall:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_600_000_000.0

    def __call__(self) -> float:
        """Now, in seconds since the epoch."""
        return self.now


@pytest.fixture
def wall() -> Wall:
    """The time in this test's rows."""
    return Wall()


@pytest.fixture
def cloud(database: MysqlServer, wall: Wall) -> Iterator[OpenStackDatabase]:
    """All schemas, empty."""
    made = OpenStackDatabase(database, heat="heat", clock=wall)
    made.create()
    yield made
    made.drop()


@BOTH
def test_reports(cloud: OpenStackDatabase, wall: Wall) -> None:
    """A report moves the time and, of nova and cinder, the count; an operator's change of a nova row moves neither."""
    compute, dhcp = cloud.nova("cmp1"), cloud.neutron("net1", "neutron-dhcp-agent")
    volume, engine = cloud.cinder("ctl1@lvm"), cloud.heat("ctl1")
    wall.now += 10
    for agent in (compute, dhcp, volume, engine):
        cloud.report(agent, ahead=-3)
    wall.now += 5
    cloud.disable(compute)
    [nova], [neutron], [cinder], [heat] = (cloud.rows(service) for service in (NOVA, NEUTRON, CINDER, HEAT))
    beats = [nova["last_seen_up"], neutron["heartbeat_timestamp"], cinder["updated_at"], heat["updated_at"]]
    assert ["2020-09-13 12:26:47"] * 4 == [str(beat) for beat in beats]
    assert ([2, 2], "2020-09-13 12:26:55") == ([nova["report_count"], cinder["report_count"]], str(nova["updated_at"]))
    cloud.remove(compute)
    cloud.remove(dhcp)
    assert ([nova["id"]], []) == ([row["deleted"] for row in cloud.rows(NOVA)], cloud.rows(NEUTRON))


@BOTH
def test_timeline(cloud: OpenStackDatabase, wall: Wall) -> None:
    """A row that only grows older is the same report, though its age was rounded; a younger one is counted."""
    compute = cloud.nova("cmp1", age=5, report_count=10)
    counts = []
    for seconds, age in ((9, 14), (9, 24), (9, 3), (22, 4), (5, -65)):
        wall.now += seconds
        cloud.aged(compute, age)
        counts.append(cloud.rows(NOVA)[0]["report_count"])
    assert [10, 10, 13, 15, 16] == counts


@BOTH
async def test_time(cloud: OpenStackDatabase, wall: Wall) -> None:
    """The server tells the time that it is given, to the session that asks and to no other."""
    wall.now += 0.25
    async with kept(cloud.server) as sql:
        at = AtTime(sql, wall)
        await at.login(PATIENCE)
        [row] = await at.query("SELECT CONCAT(UTC_TIMESTAMP(6)) AS now", PATIENCE)
    assert "2020-09-13 12:26:40.250000" == row["now"]
    assert str(cloud.server.sql("SELECT UTC_TIMESTAMP() AS now")[0]["now"]) > "2021"
