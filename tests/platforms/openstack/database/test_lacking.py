"""What an account lacks, as the checklist says it: by a real server, schema by schema."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.platforms.openstack import database as source
from tests.lab.mysql_fixtures import BOTH
from tests.platforms.openstack.database.openstack_stand import (
    ACCOUNT,
    LIMIT,
    SmallCloud,
    account,
    asking,
    endpoint,
    schemas_of,
)

pytestmark = pytest.mark.lab


@BOTH
async def test_grants(small: SmallCloud) -> None:
    """Nothing with all of them; else those that are to be typed, and typing them mends it at the next login."""
    server, host = small.database.server, endpoint(small.database)
    async with asking(small.database) as sql:
        assert () == await source.lacking(host, sql, LIMIT)
    account(small.database, "nova.services", "neutron.agents")
    server.sql(f"GRANT SELECT (id, host) ON neutron.agents TO '{ACCOUNT}'@'%'")
    async with asking(small.database) as sql:
        lacks = await source.lacking(host, sql, LIMIT)
        assert ("SELECT ON `nova`.`services`", "SELECT ON `neutron`.`agents`") == lacks
        for grant in lacks:
            server.sql(f"GRANT {grant} TO '{ACCOUNT}'@'%'")
        await sql.leave()
        assert () == await source.lacking(host, sql, LIMIT)


@BOTH
async def test_a_schema_that_is_not_there(small: SmallCloud) -> None:
    """Nothing of it is visible, as without any right to it; where something is, only a right is missing."""
    host = endpoint(small.database)
    assert host.cloud is not None
    schemas = tuple(replace(each, name="nova_cell1") if each.service == "nova" else each for each in host.cloud.schemas)
    misnamed = replace(host, cloud=replace(host.cloud, schemas=schemas))
    account(small.database, "neutron.agents")
    small.database.server.sql(f"GRANT SELECT (id, host) ON neutron.agents TO '{ACCOUNT}'@'%'")
    async with asking(small.database) as sql:
        assert () == await source.doubted(host, sql, LIMIT)
        assert ("database.nova (nova_cell1)",) == await source.doubted(misnamed, sql, LIMIT)


@BOTH
async def test_no_such_database(small: SmallCloud) -> None:
    """Then it is all of them."""
    small.database.drop()
    async with asking(small.database) as sql:
        expected = source.grants(schemas_of(small.database))
        assert expected == await source.lacking(endpoint(small.database), sql, LIMIT)


@BOTH
async def test_a_nova_without_forced_down(small: SmallCloud) -> None:
    """A grant that leaves that column out is not the documented one."""
    account(small.database, "nova.services")
    known = "id, host, `binary`, topic, report_count, disabled, deleted, created_at, last_seen_up"
    small.database.server.sql(f"GRANT SELECT ({known}) ON nova.services TO '{ACCOUNT}'@'%'")
    async with asking(small.database) as sql:
        assert ("SELECT ON `nova`.`services`",) == await source.lacking(endpoint(small.database), sql, LIMIT)
