"""A cloud's database on a Galera member that has lost its cluster: it lets us in, and tells nothing of the cloud."""

from __future__ import annotations

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.cloudstack import database as source
from tests.lab.cloud_database import CloudDatabase
from tests.lab.galera import ALONE, GaleraNode, frozen
from tests.lab.wait import wait_until
from tests.platforms.cloudstack.database.cloud_stand import LIMIT, SmallCloud, account, asking, endpoint

pytestmark = pytest.mark.lab


async def test_a_member_without_its_cluster(galera: list[GaleraNode]) -> None:
    """Not ready, by a Galera node's own word: no host is taken for gone. Then all are back."""
    first, _ = galera
    cloud = CloudDatabase(first)
    cloud.create()
    account(cloud)
    SmallCloud(cloud)
    host = endpoint(first)
    async with asking(first) as sql:
        known = len((await source.states(host, sql, LIMIT)).hosts)
        with frozen(galera):
            wait_until(lambda: "OFF" == first.cluster_status("wsrep_ready"), ALONE, "the first to know it is alone")
            for ask in (source.states, source.census):
                with pytest.raises(ProbeFailed, match=r"\(1047\): a Galera node that has lost its cluster") as raised:
                    await ask(host, sql, LIMIT)
                assert Reason.NOT_READY is raised.value.reason
        assert known == len((await source.states(host, sql, LIMIT)).hosts)
        assert (await source.census(host, sql, LIMIT)).complete
    cloud.drop()
