"""The two clocks of an answer: by a server that is told the time, and by answers that tell none."""

from __future__ import annotations

import pytest

from cs_exporter.model import ProbeFailed, Reason, Schema
from cs_exporter.platforms.openstack import database as source
from cs_exporter.platforms.openstack.database.moment import Moment, moment
from cs_exporter.platforms.openstack.database.session import Session
from cs_exporter.ports import SqlRow, SqlServer
from tests.lab.mysql_fixtures import BOTH
from tests.lab.openstack_database import AtTime
from tests.platforms.openstack.database.openstack_stand import LIMIT, SmallCloud, asking, endpoint, row

NOON = 1_600_000_000.0


class Steps:
    """A clock that goes on by a second whenever it is looked at."""

    def __init__(self) -> None:
        self._now = NOON - 1.0

    def time(self) -> float:
        """See Clock."""
        self._now += 1.0
        return self._now

    def monotonic(self) -> float:
        """See Clock."""
        return self._now


class Answering:
    """ports.Sql of a server that gives this time."""

    def __init__(self, *rows: SqlRow) -> None:
        self._rows = rows

    async def login(self, deadline: float) -> SqlServer:
        """See ports.Sql."""
        assert deadline > 0
        return SqlServer("10.11.19-MariaDB", 1, 1)

    async def query(self, statement: str, deadline: float) -> tuple[SqlRow, ...]:
        """See ports.Sql."""
        assert "UTC_TIMESTAMP(6)" in statement
        assert deadline > 0
        return self._rows

    async def leave(self) -> None:
        """See ports.Sql."""


def session(sql: Answering) -> Session:
    """One answer's questions."""
    return Session(sql, (Schema("nova", "nova"),), LIMIT)


async def test_the_middle() -> None:
    """The database's time is of the middle between question and answer, known to half the time between them."""
    found = await moment(session(Answering({"now": "2020-09-13 12:26:50.750000", "only_read": "1"})), Steps())
    assert Moment(10.25, 0.5, only_read=True) == found


@pytest.mark.parametrize("rows", [(), ({},), ({"now": None},), ({"now": "today"},)])
async def test_no_time(rows: tuple[SqlRow, ...]) -> None:
    """Somebody else answers in the server's place."""
    with pytest.raises(ProbeFailed, match="is no time") as raised:
        await moment(session(Answering(*rows)), Steps())
    assert Reason.UNPARSABLE is raised.value.reason


@pytest.mark.lab
@BOTH
async def test_a_database_whose_clock_is_wrong(small: SmallCloud) -> None:
    """All agents look late by as much, and by as much its clock is ahead of ours."""
    async with asking(small.database) as sql:
        wrong = AtTime(sql, lambda: small.database.clock() + 90.0)
        found = await source.agents(endpoint(small.database), wrong, LIMIT)
    offset, error = found.clock or (0.0, 0.0)
    assert (True, True) == (abs(offset - 90.0) < 1.0, error < 1.0)
    ages = [row(found, host, "nova-compute").age or 0.0 for host in ("cmp1", "cmp2")]
    assert all(94.0 <= age < 100.0 for age in ages), ages
