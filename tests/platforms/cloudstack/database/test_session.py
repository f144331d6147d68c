"""Questions over the kept connection, beside databases that change, die, freeze or are upgraded under it."""

from __future__ import annotations

import asyncio
import time

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.cloudstack import database as source
from cs_exporter.platforms.cloudstack.database.session import Session
from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import Listing
from tests.lab import fair, faults
from tests.lab.cloud_database import CloudDatabase
from tests.lab.mysql_fixtures import BOTH
from tests.lab.wait import wait_until_async
from tests.platforms.cloudstack.database.cloud_stand import (
    ACCOUNT,
    LIMIT,
    SCHEMA,
    SmallCloud,
    account,
    asking,
    endpoint,
)

pytestmark = pytest.mark.lab


def few(columns: Columns) -> Listing:
    """Two hosts at most."""
    return Listing(("id",), columns.table("host"), 2)


def slow(columns: Columns) -> Listing:
    """Answered after a minute."""
    return Listing(("SLEEP(60)",), columns.table("data_center"), 2)


@BOTH
async def test_a_list_that_is_longer_than_its_limit(small: SmallCloud) -> None:
    """It is cut, and that is said."""
    async with asking(small.database.server) as sql:
        session = Session(sql, SCHEMA, LIMIT)
        await session.open(fresh=True)
        assert [["1"], ["2"]] == await session.needed("hosts", few)
    assert (["hosts: only 2 lines were read, there are others"], {"hosts"}) == (session.lacking, session.partial)


@BOTH
async def test_a_list_that_the_server_cuts(small: SmallCloud) -> None:
    """A session whose lists are cut short does not take them for whole ones."""
    async with asking(small.database.server) as sql:
        session = Session(sql, SCHEMA, LIMIT)
        await session.open(fresh=True)
        await sql.query("SET SESSION group_concat_max_len = 5", LIMIT)
        assert [["1"], ["2"]] == await session.needed(
            "hosts", lambda columns: Listing(("id",), columns.table("host"), 9)
        )
    assert {"hosts"} == session.partial


@BOTH
async def test_what_is_visible_is_read_once_for_a_connection(small: SmallCloud) -> None:
    """States ask nothing of information_schema again until the connection is another one."""
    server = small.database.server
    async with asking(server) as sql:
        await source.states(endpoint(server), sql, LIMIT)
        account(small.database, "mshost")  # a connection that stands keeps what it may do only in part
        await sql.leave()
        found = await source.states(endpoint(server), sql, LIMIT)
        assert any("table cloud.mshost" in line for line in found.lacking)


@BOTH
async def test_a_revoked_grant(small: SmallCloud) -> None:
    """Seen while the connection stands: the part is lacking at once, all else goes on."""
    server = small.database.server
    async with asking(server) as sql:
        assert () == (await source.states(endpoint(server), sql, LIMIT)).lacking
        server.sql(f"REVOKE SELECT ON cloud.mshost FROM '{ACCOUNT}'@'%'")  # noqa: S608
        for _ in range(2):
            found = await source.states(endpoint(server), sql, LIMIT)
            assert ((), 4) == (found.servers, len(found.hosts))
            [line] = found.lacking
            assert "management servers: " in line


@BOTH
async def test_an_upgrade(small: SmallCloud) -> None:
    """New columns are no harm, and one that goes costs one answer at most."""
    server = small.database.server
    cloud = CloudDatabase(server, "4.15")
    cloud.create()
    account(cloud)
    SmallCloud(cloud)
    async with asking(server) as sql:
        assert () == (await source.census(endpoint(server), sql, LIMIT)).lacking
        cloud.upgrade("4.22")
        assert () == (await source.states(endpoint(server), sql, LIMIT)).lacking
        server.sql("ALTER TABLE cloud.op_ha_work CHANGE step stage varchar(32)")
        told = [(await source.states(endpoint(server), sql, LIMIT)).lacking for _ in range(2)]
        assert "step" in told[0][0]
        assert ("investigations: not visible to our account: cloud.op_ha_work: step",) == told[1]


@BOTH
async def test_killed_in_the_middle_of_a_statement(small: SmallCloud) -> None:
    """Reset, at once; the next answer comes over a new connection."""
    server = small.database.server
    async with asking(server) as sql:
        session = Session(sql, SCHEMA, LIMIT)
        await session.open(fresh=True)
        asked = asyncio.ensure_future(session.part("slow", slow))
        await wait_until_async(lambda: "SLEEP" in str(server.sql("SHOW FULL PROCESSLIST")), what="the statement to run")
        [number] = server.sessions(ACCOUNT)
        server.end_session(number)
        with pytest.raises(ProbeFailed) as raised:
            await asked
        assert Reason.RESET is raised.value.reason
        assert 4 == len((await source.states(endpoint(server), sql, LIMIT)).hosts)


@BOTH
async def test_the_server_dies_in_the_middle_of_a_statement(small: SmallCloud) -> None:
    """Reset, then refused; once it is back, so is the census."""
    server = small.database.server
    async with asking(server) as sql:
        session = Session(sql, SCHEMA, LIMIT)
        await session.open(fresh=True)
        asked = asyncio.ensure_future(session.part("slow", slow))
        await wait_until_async(lambda: "SLEEP" in str(server.sql("SHOW FULL PROCESSLIST")), what="the statement to run")
        server.kill()
        try:
            with pytest.raises(ProbeFailed) as raised:
                await asked
            assert Reason.RESET is raised.value.reason
            with pytest.raises(ProbeFailed) as raised:
                await source.census(endpoint(server), sql, LIMIT)
            assert Reason.REFUSED is raised.value.reason
        finally:
            server.start()

        async def back() -> bool:
            try:
                return (await source.census(endpoint(server), sql, LIMIT)).complete
            except ProbeFailed:
                return False

        deadline = time.monotonic() + 60.0
        while not await back():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)


@BOTH
async def test_a_frozen_server(small: SmallCloud) -> None:
    """Mute within the deadline, whichever statement it is."""
    server = small.database.server
    async with asking(server) as sql:
        await source.states(endpoint(server), sql, LIMIT)
        with faults.frozen(server):
            began = fair.seconds()
            with pytest.raises(ProbeFailed) as raised:
                await source.census(endpoint(server), sql, 0.5)
            assert Reason.MUTE is raised.value.reason
            assert fair.seconds() - began < 2.0
        assert (await source.census(endpoint(server), sql, LIMIT)).complete


@BOTH
async def test_census_and_states_at_once(small: SmallCloud) -> None:
    """Both over one connection, a statement of one between two of the other, and neither is the other's."""
    server = small.database.server
    async with asking(server) as sql:
        one, census, other = await asyncio.gather(
            source.states(endpoint(server), sql, LIMIT),
            source.census(endpoint(server), sql, LIMIT),
            source.states(endpoint(server), sql, LIMIT),
        )
        assert 1 == len(server.sessions(ACCOUNT))
    assert (4, one.hosts) == (len(one.hosts), other.hosts)
    assert (True, 10) == (census.complete, len(census.hosts))
