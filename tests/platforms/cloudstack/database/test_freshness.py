"""A database that stands still is told apart from servers that are dead, by a real one that is only read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.cloudstack import database as source
from tests.lab.mysql import MysqlServer
from tests.lab.mysql_fixtures import BOTH
from tests.platforms.cloudstack.database.cloud_stand import LIMIT, MARIADB, SmallCloud, asking, endpoint

pytestmark = pytest.mark.lab


@contextmanager
def only_read(server: MysqlServer) -> Iterator[None]:
    """Nobody but an administrator may write, as on a replica."""
    server.sql("SET GLOBAL read_only = 1")
    try:
        yield
    finally:
        server.sql("SET GLOBAL read_only = 0")


def beat(small: SmallCloud, *seconds: float) -> None:
    """Each server's last heartbeat was so many seconds ago."""
    for server, ago in zip(small.servers, seconds, strict=True):
        small.database.beat(server, ahead=-ago)


@BOTH
async def test_a_replica_that_stands_still_tells_nothing(small: SmallCloud) -> None:
    """Neither who is there nor how they are; and it does again as soon as it follows."""
    server, host = small.database.server, endpoint(small.database.server)
    beat(small, 120, 300)
    with only_read(server):
        async with asking(server) as sql:
            for ask in (source.states, source.census):
                with pytest.raises(ProbeFailed, match="read_only") as raised:
                    await ask(host, sql, LIMIT)
                assert Reason.NOT_READY is raised.value.reason
            beat(small, 1, 300)
            ages = {one.name: one.beat_age for one in (await source.states(host, sql, LIMIT)).servers}
            assert (True, True) == ((await source.census(host, sql, LIMIT)).complete, (ages["mgmt2"] or 0) > 290)


@BOTH
async def test_servers_that_are_dead_are_told(small: SmallCloud) -> None:
    """Where they could write, and none of them does, it is they who stand still."""
    host = endpoint(small.database.server)
    beat(small, 120, 300)
    async with asking(small.database.server) as sql:
        found = await source.states(host, sql, LIMIT)
        assert (await source.census(host, sql, LIMIT)).complete
    assert [True, True] == [(server.beat_age or 0) > 100 for server in found.servers]
    assert () == found.lacking


@MARIADB
async def test_a_replica_that_is_behind_tells_no_heartbeats(small: SmallCloud) -> None:
    """Its delay is in all of them: they would page for every server at once. All else is told."""
    server = small.database.server
    beat(small, 30, 31)
    with only_read(server):
        async with asking(server) as sql:
            found = await source.states(endpoint(server), sql, LIMIT)
    assert [None, None] == [one.beat_age for one in found.servers]
    assert (4, ("heartbeats of management servers: this database is a replica, and behind",)) == (
        len(found.hosts),
        found.lacking,
    )


@MARIADB
async def test_without_a_server_that_is_up_nothing_is_judged(small: SmallCloud) -> None:
    """Nobody has to write then."""
    server = small.database.server
    beat(small, 120, 300)
    small.database.update("mshost", "1", state="Maintenance")
    with only_read(server):
        async with asking(server) as sql:
            assert 4 == len((await source.states(endpoint(server), sql, LIMIT)).hosts)
