"""What is read: every column of it is in every version, and nothing else is needed."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.cloudstack import database as source
from cs_exporter.platforms.cloudstack.database.columns import columns
from cs_exporter.platforms.cloudstack.database.tables import READ, whole
from cs_exporter.platforms.columns import LackingError
from tests.lab.cloud_database import CloudDatabase
from tests.lab.cloud_schema import VERSIONS
from tests.lab.mysql_fixtures import BOTH
from tests.platforms.cloudstack.database.cloud_stand import ACCOUNT, LIMIT, SmallCloud, account, asking, endpoint


def test_what_is_lost_without_them() -> None:
    """Each has words of its own."""
    assert len(READ) == len({table.tells for table in READ.values()})


def test_whole() -> None:
    """Every column that is read must be visible; others are nobody's business."""
    seen = [{"named": "op_ha_work", "seen": "id,step"}, {"named": "HOST", "seen": "ID,name"}]
    found = columns("cloud", seen)
    whole(found, "op_ha_work")
    with pytest.raises(LackingError, match=r"table cloud\.mshost") as raised:
        whole(found, "mshost")
    assert "mshost" == raised.value.table
    with pytest.raises(LackingError, match=r"cloud\.host: uuid, .*, removed"):
        whole(found, "host")


@pytest.mark.lab
@BOTH
@pytest.mark.parametrize("version", VERSIONS)
async def test_columns(small: SmallCloud, version: str) -> None:
    """An account that may select these columns only is told all: nothing is lacking, of machines or of states."""
    cloud = CloudDatabase(small.database.server, version)
    cloud.create()
    account(cloud, *READ)
    for name, table in READ.items():
        cloud.server.sql(f"GRANT SELECT ({', '.join(table.columns)}) ON cloud.{name} TO '{ACCOUNT}'@'%'")
    made = SmallCloud(cloud)
    async with asking(cloud.server) as sql:
        census = await source.census(endpoint(cloud.server, **made.names), sql, LIMIT)
        states = await source.states(endpoint(cloud.server), sql, LIMIT)
    assert ((), (), True, 10) == (census.lacking, states.lacking, census.machines_told, len(census.hosts))
