"""Databases of a member that has lost its cluster: it lets us in, and tells nothing of anybody."""

from __future__ import annotations

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.openstack import database as source
from tests.lab.galera import ALONE, GaleraNode, frozen
from tests.lab.openstack_database import OpenStackDatabase
from tests.lab.wait import wait_until
from tests.platforms.openstack.database.openstack_stand import LIMIT, SmallCloud, account, asking, endpoint

pytestmark = pytest.mark.lab


async def test_a_member_without_its_cluster(galera: list[GaleraNode]) -> None:
    """Not ready, which is no word about any agent: neither agents nor machines come from it; then they do again."""
    first, _ = galera
    database = OpenStackDatabase(first, heat="heat")
    database.create()
    account(database)
    SmallCloud(database)
    host = endpoint(database)
    async with asking(database) as sql:
        assert 11 == len((await source.agents(host, sql, LIMIT)).agents)
        with frozen(galera):
            wait_until(lambda: first.cluster_status("wsrep_ready") == "OFF", ALONE, "the first to know it is alone")
            for ask in (source.agents, source.census):
                with pytest.raises(ProbeFailed, match="1047") as raised:
                    await ask(host, sql, LIMIT)
                assert Reason.NOT_READY is raised.value.reason
        assert (await source.census(host, sql, LIMIT)).complete
        assert 11 == len((await source.agents(host, sql, LIMIT)).agents)
    database.drop()
