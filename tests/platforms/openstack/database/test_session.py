"""Questions over the kept connection, beside databases that change, die, freeze or are upgraded under it."""

from __future__ import annotations

import asyncio

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import Listing
from cs_exporter.platforms.openstack import database as source
from cs_exporter.platforms.openstack.agents import Service
from cs_exporter.platforms.openstack.database.session import Session
from cs_exporter.ports import Sql
from tests.lab import fair, faults
from tests.lab.mysql_fixtures import BOTH
from tests.lab.wait import wait_until_async
from tests.platforms.openstack.database.openstack_stand import (
    ACCOUNT,
    LIMIT,
    SmallCloud,
    account,
    asking,
    endpoint,
    schemas_of,
)
from tests.transports.mysql.databases import failure

pytestmark = pytest.mark.lab

NOVA = "nova.services"
MARIADB = pytest.mark.parametrize("database", ["mariadb"], indirect=True)
"""For what MySQL does not have."""


def few(columns: Columns) -> Listing:
    """Two rows at most."""
    return Listing(("id",), f"{columns.table('services')} ORDER BY id", 2)


def all_of_them(columns: Columns) -> Listing:
    """Every row."""
    return Listing(("id",), f"{columns.table('services')} ORDER BY id", 99)


def slow(columns: Columns) -> Listing:
    """Answered after a minute."""
    return Listing(("SLEEP(60)",), columns.table("services"), 2)


async def opened(small: SmallCloud, sql: Sql) -> Session:
    """A session with all the time that it may want."""
    session = Session(sql, schemas_of(small.database), LIMIT)
    await session.open(fresh=True)
    return session


@BOTH
async def test_a_list_that_is_cut(small: SmallCloud) -> None:
    """By its limit or by the server: what came is taken, and it is no whole answer."""
    [nova, *_] = schemas_of(small.database)
    async with asking(small.database) as sql:
        session = await opened(small, sql)
        assert [["1"], ["2"]] == await session.part(nova, few)
        assert ({Service.NOVA: "schema nova: only 2 lines were read, there are others"}, {nova}) == (
            dict(session.lacking),
            session.partial,
        )
        session = await opened(small, sql)
        await sql.query("SET SESSION group_concat_max_len = 5", LIMIT)
        assert [["1"], ["2"]] == await session.part(nova, all_of_them)
        assert {nova} == session.partial


@MARIADB
async def test_nobody_waits_for_replication(small: SmallCloud) -> None:
    """A member of a cluster answers of itself at once, whatever its sessions do by default."""
    shown = "SHOW VARIABLES LIKE 'wsrep_sync_wait'"
    small.database.server.set("wsrep_sync_wait", 1)
    try:
        async with asking(small.database) as sql:
            await source.agents(endpoint(small.database), sql, LIMIT)
            assert [{"Variable_name": "wsrep_sync_wait", "Value": "0"}] == [*await sql.query(shown, LIMIT)]
    finally:
        small.database.server.set("wsrep_sync_wait", 0)


@BOTH
async def test_a_revoked_grant(small: SmallCloud) -> None:
    """Seen while the connection stands: the service is lacking at once, all others go on; and it comes back."""
    server, host = small.database.server, endpoint(small.database)
    async with asking(small.database) as sql:
        assert 11 == len((await source.agents(host, sql, LIMIT)).agents)
        server.sql(f"REVOKE SELECT ON {NOVA} FROM '{ACCOUNT}'@'%'")  # noqa: S608
        for _ in range(2):
            found = await source.agents(host, sql, LIMIT)
            assert ({Service.NOVA}, 7) == ({*found.lacking}, len(found.agents))
            assert {*Service} - {Service.NOVA} == found.told
        server.sql(f"GRANT SELECT ON {NOVA} TO '{ACCOUNT}'@'%'")
        await source.census(host, sql, LIMIT)
        assert {} == (await source.agents(host, sql, LIMIT)).lacking


@BOTH
async def test_what_is_visible_is_read_once_for_a_connection(small: SmallCloud) -> None:
    """Five statements for four schemas, whatever the number of agents; information_schema only at a new connection."""
    server, host = small.database.server, endpoint(small.database)
    async with asking(small.database) as sql:
        await source.agents(host, sql, LIMIT)
        before = server.status("Questions")
        await source.agents(host, sql, LIMIT)
        asked = server.status("Questions") - before
        account(small.database, NOVA)
        await sql.leave()
        assert {Service.NOVA} == {*(await source.agents(host, sql, LIMIT)).lacking}
    assert 5 == asked - 1  # one of them asks how many there were


@BOTH
async def test_an_upgrade(small: SmallCloud) -> None:
    """New columns are no harm, and one that goes costs one answer at most."""
    server, host = small.database.server, endpoint(small.database)
    async with asking(small.database) as sql:
        await source.census(host, sql, LIMIT)
        server.sql(f"ALTER TABLE {NOVA} ADD COLUMN colour VARCHAR(9) NULL")
        assert {} == (await source.agents(host, sql, LIMIT)).lacking
        server.sql("ALTER TABLE cinder.services CHANGE report_count reports INT")
        told = [(await source.agents(host, sql, LIMIT)).lacking[Service.CINDER] for _ in range(2)]
        assert "report_count" in told[0]
        assert "not visible to our account: cinder.services: report_count" == told[1]


@BOTH
async def test_a_schema_that_is_being_made_anew(small: SmallCloud) -> None:
    """One service is gone for a while, no other one."""
    host = endpoint(small.database)
    async with asking(small.database) as sql:
        await source.agents(host, sql, LIMIT)
        small.database.server.sql("RENAME TABLE neutron.agents TO neutron.elsewhere")
        found = await source.agents(host, sql, LIMIT)
        assert ({Service.NEUTRON}, False) == ({*found.lacking}, (await source.census(host, sql, LIMIT)).complete)


@BOTH
async def test_killed_in_the_middle_of_a_statement(small: SmallCloud) -> None:
    """Reset, at once; the next answer comes over a new connection."""
    server, [nova, *_] = small.database.server, schemas_of(small.database)
    async with asking(small.database) as sql:
        asked = asyncio.ensure_future((await opened(small, sql)).part(nova, slow))
        await wait_until_async(lambda: "SLEEP" in str(server.sql("SHOW FULL PROCESSLIST")), what="the statement to run")
        [number] = server.sessions(ACCOUNT)
        server.end_session(number)
        assert Reason.RESET is (await failure(asked)).reason
        assert 11 == len((await source.agents(endpoint(small.database), sql, LIMIT)).agents)


@BOTH
async def test_a_frozen_server(small: SmallCloud) -> None:
    """Mute within the deadline, whichever statement it is; it is asked nothing more meanwhile."""
    server, host = small.database.server, endpoint(small.database)
    async with asking(small.database) as sql:
        await source.agents(host, sql, LIMIT)
        with faults.frozen(server):
            for ask in (source.agents, source.census):
                began = fair.seconds()
                with pytest.raises(ProbeFailed) as raised:
                    await ask(host, sql, 0.5)
                assert Reason.MUTE is raised.value.reason
                assert fair.seconds() - began < 2.0
        assert (await source.census(host, sql, LIMIT)).complete
        assert 1 == len(server.sessions(ACCOUNT))


@BOTH
async def test_both_at_once(small: SmallCloud) -> None:
    """Over one connection, a statement of one between two of the other, and neither is the other's."""
    host = endpoint(small.database)
    async with asking(small.database) as sql:
        one, census, other = await asyncio.gather(
            source.agents(host, sql, LIMIT), source.census(host, sql, LIMIT), source.agents(host, sql, LIMIT)
        )
        assert 1 == len(small.database.server.sessions(ACCOUNT))
    assert {(a.host, a.binary) for a in one.agents} == {(a.host, a.binary) for a in other.agents}
    assert (11, 4, True) == (len(one.agents), len(census.hosts), census.complete)
