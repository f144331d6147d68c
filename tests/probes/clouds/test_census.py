"""Who is asked which machines a cloud has: the database first, the API in its place, and whose failure is told."""

from __future__ import annotations

import pytest

from cs_exporter.model import Census, ProbeFailed, Reason, UnsupportedError
from cs_exporter.probes.clouds.census import TELLING, Ask, CensusSettings, asked
from tests.discovery.census import answer

PATIENCE = 5.0


def source(*, number: int = 0, failure: ProbeFailed | None = None) -> Ask:
    """One that has so many hosts, or fails."""

    async def ask(deadline: float) -> Census:
        assert deadline == PATIENCE
        if failure is not None:
            raise failure
        return answer(range(number))

    return ask


REFUSED = source(failure=ProbeFailed(Reason.REFUSED, "nobody listens"))
DENIED = source(failure=ProbeFailed(Reason.DENIED, "no key"))
LATE = source(failure=ProbeFailed(Reason.TIMEOUT, "late"))


async def test_the_database_tells_more() -> None:
    """So the API is not asked where it answers."""
    found = await asked(source(number=3), DENIED, PATIENCE)
    assert (3, False, ()) == (len(found.hosts), found.stand_in, found.lacking)


async def test_the_api_alone_is_no_stand_in() -> None:
    """Its word is the only one there is."""
    found = await asked(None, source(number=2), PATIENCE)
    assert (2, False, ()) == (len(found.hosts), found.stand_in, found.lacking)


async def test_the_api_stands_in_for_the_database() -> None:
    """And that is said first of all that is lacking."""
    found = await asked(REFUSED, source(number=2), PATIENCE)
    instead = ("the database can't be asked (refused), so the API was",)
    assert (2, True, instead) == (len(found.hosts), found.stand_in, found.lacking)


@pytest.mark.parametrize(
    ("database", "api", "expected"),
    [
        (REFUSED, None, "refused: nobody listens"),
        (None, DENIED, "denied: no key"),
        (REFUSED, DENIED, "denied: nobody listens; nor does the API: no key"),
        (REFUSED, LATE, "refused: nobody listens; nor does the API: late"),
    ],
)
async def test_the_more_telling_failure_is_told(database: Ask | None, api: Ask | None, expected: str) -> None:
    """A wrong key is for the operator to mend; both details are told."""
    with pytest.raises(ProbeFailed) as raised:
        await asked(database, api, PATIENCE)
    assert expected == str(raised.value)


async def test_who_has_neither_is_no_cloud() -> None:
    """A host has nothing to say to it."""
    with pytest.raises(UnsupportedError):
        await asked(None, None, PATIENCE)


def test_both_sources_fit_into_one_run() -> None:
    """However short an operator makes the interval; and by default a large cloud has its time."""
    for interval in (3.0, 15.0, 60.0, 300.0):
        settings = CensusSettings(interval=interval)
        assert settings.timeout is not None
        assert settings.timeout <= interval
        assert 2 * settings.patience() <= 0.9 * interval
    assert (10.0, 30.0) == (CensusSettings().patience(), CensusSettings().timeout)


def test_who_can_be_mended_is_told_first() -> None:
    """A denied account before a network that is down; what says nothing comes last."""
    assert TELLING.index(Reason.DENIED) < TELLING.index(Reason.REFUSED) < TELLING.index(Reason.UNREACHABLE)
    assert len(TELLING) == len(set(TELLING))
