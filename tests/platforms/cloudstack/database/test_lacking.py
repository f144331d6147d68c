"""What the account lacks, as the checklist says it: by a real server, table by table and column by column."""

from __future__ import annotations

import pytest

from cs_exporter.model import ProbeFailed
from cs_exporter.platforms.cloudstack import database as source
from cs_exporter.platforms.cloudstack.database.tables import READ
from tests.lab.mysql_fixtures import BOTH
from tests.platforms.cloudstack.database.cloud_stand import ACCOUNT, LIMIT, SmallCloud, account, asking, endpoint

pytestmark = pytest.mark.lab


@BOTH
async def test_grants(small: SmallCloud) -> None:
    """Nothing with all of them; else those that are to be typed, and typing them mends it at the next login."""
    server = small.database.server
    async with asking(server) as sql:
        assert () == await source.lacking(endpoint(server), sql, LIMIT)
    account(small.database, "mshost", "vm_instance")
    server.sql(f"GRANT SELECT (id, name) ON cloud.vm_instance TO '{ACCOUNT}'@'%'")
    async with asking(server) as sql:
        lacks = await source.lacking(endpoint(server), sql, LIMIT)
        assert 2 == len(lacks)
        assert "SELECT ON `cloud`.`mshost`" in lacks
        small.database.grant(lacks, f"'{ACCOUNT}'@'%'")
        await sql.leave()
        assert () == await source.lacking(endpoint(server), sql, LIMIT)


@BOTH
async def test_no_such_database(small: SmallCloud) -> None:
    """Nothing is to be granted on it where another one is the cloud; where none is, it may be the one that will be."""
    server = small.database.server
    async with asking(server) as sql:
        with pytest.raises(
            ProbeFailed, match=r"clowd is visible to our account, but of cloud: is database\.name right"
        ):
            await source.lacking(endpoint(server, "clowd"), sql, LIMIT)
    account(small.database, *READ)
    async with asking(server) as sql:
        assert source.grants("clowd") == await source.lacking(endpoint(server, "clowd"), sql, LIMIT)
