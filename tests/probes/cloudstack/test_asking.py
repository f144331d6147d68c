"""Who is asked: the database, or the API where that is not configured or can't be asked; and whose failure is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.model import ApiTarget, CloudKind, CloudTarget, Host, ProbeFailed, Reason, UnsupportedError
from cs_exporter.platforms.cloudstack.states import Source
from cs_exporter.ports import ApiRow, SqlRow, SqlServer
from cs_exporter.probes.cloudstack.asking import ask
from tests import world
from tests.probes.cloudstack.polled import ENDPOINT

API = ApiTarget("http://192.0.2.1:8080/client/api", "/key", "/secret")
BOTH = replace(ENDPOINT, cloud=CloudTarget(CloudKind.CLOUDSTACK, "cloud", API))
ONLY_API = replace(ENDPOINT, cloud=CloudTarget(CloudKind.CLOUDSTACK, None, API))
HOST: ApiRow = {"id": "h1", "name": "kvm1", "type": "Routing", "state": "Up", "resourcestate": "Enabled"}


class NoDatabase:
    """ports.Sql: nobody listens."""

    async def login(self, deadline: float) -> SqlServer:
        """Refused."""
        assert deadline > 0
        raise ProbeFailed(Reason.REFUSED, "nobody listens")

    async def query(self, statement: str, deadline: float) -> tuple[SqlRow, ...]:
        """Never without a login."""
        raise AssertionError(statement, deadline)

    async def leave(self) -> None:
        """Nothing is kept."""


class Api:
    """ports.CloudApi: one host, or a failure."""

    def __init__(self, failure: ProbeFailed | None = None) -> None:
        self.failure = failure
        self.first: float | None = None  # the deadline of the first list

    async def listed(self, command: str, deadline: float, **arguments: str) -> tuple[ApiRow, ...]:
        """The host, and nothing else."""
        assert deadline > 0
        self.first = deadline if self.first is None else self.first
        if self.failure is not None:
            raise self.failure
        return (HOST,) if command == "listHosts" and "page" not in arguments else ()


async def asked(host: Host, failure: ProbeFailed | None = None) -> tuple[Source, str]:
    """Whose word it is, and why it is not the database's."""
    states, unasked = await ask(host, world.io(sql=NoDatabase(), api=Api(failure)), 4.0, 12.0)
    assert ["kvm1"] == [one.name for one in states.hosts]
    return states.source, unasked


async def test_the_api_alone() -> None:
    """Nothing is missing where nothing else is configured."""
    assert (Source.API, "") == await asked(ONLY_API)


async def test_the_api_stands_in() -> None:
    """And it is told why."""
    assert (Source.API, "refused: nobody listens") == await asked(BOTH)


@pytest.mark.parametrize(
    ("host", "failure", "expected"),
    [
        (ENDPOINT, None, "refused: nobody listens"),
        (ONLY_API, ProbeFailed(Reason.DENIED, "no key"), "denied: no key"),
        (BOTH, ProbeFailed(Reason.DENIED, "no key"), "refused: nobody listens; nor does the API: no key"),
    ],
)
async def test_neither(host: Host, failure: ProbeFailed | None, expected: str) -> None:
    """The database's failure first: it is the one to mend."""
    with pytest.raises(ProbeFailed) as raised:
        await asked(host, failure)
    assert expected == str(raised.value)


@pytest.mark.parametrize(("host", "expected"), [(ONLY_API, 12.0), (BOTH, 10.0)])
async def test_an_api_has_more_time_than_a_database(host: Host, expected: float) -> None:
    """Its lists come one after the other; a database that was asked before it has had its half of the short limit."""
    api = Api()
    await ask(host, world.io(sql=NoDatabase(), api=api), 4.0, 12.0)
    assert pytest.approx(expected, abs=0.5) == api.first


async def test_no_cloud() -> None:
    """Does not apply."""
    with pytest.raises(UnsupportedError):
        await asked(replace(ENDPOINT, cloud=None))
