"""Who is asked which machines there are, whose failure is told, and what stands on the page.

With a real database it is tried in tests/live.
"""

from __future__ import annotations

import pytest

from cs_exporter.model import Census, Host, ProbeFailed, Reason, UnsupportedError
from cs_exporter.probes.cloudstack.cloudstack_census import SPEC, TELLING, CloudstackCensusSettings, probe
from tests import world
from tests.discovery.census import answer
from tests.probes.cloudstack.polled import ENDPOINT
from tests.probes.cloudstack.test_asking import BOTH, ONLY_API, Api, NoDatabase


async def census(host: Host, failure: ProbeFailed | None = None) -> Census:
    """The answer, where the database does not listen and the API has one host, or fails."""
    return await probe(host, world.io(sql=NoDatabase(), api=Api(failure)), CloudstackCensusSettings())


async def test_the_api_alone_is_no_stand_in() -> None:
    """Its word is the only one there is."""
    found = await census(ONLY_API)
    assert (False, []) == (found.stand_in, [line for line in found.lacking if "database" in line])


async def test_the_api_stands_in_for_the_database() -> None:
    """And that is said first of all that is lacking."""
    found = await census(BOTH)
    assert (True, "the database can't be asked (refused), so the API was") == (found.stand_in, found.lacking[0])


@pytest.mark.parametrize(
    ("host", "failure", "expected"),
    [
        (ENDPOINT, None, "refused: nobody listens"),
        (ONLY_API, ProbeFailed(Reason.DENIED, "no key"), "denied: no key"),
        (BOTH, ProbeFailed(Reason.DENIED, "no key"), "denied: nobody listens; nor does the API: no key"),
        (BOTH, ProbeFailed(Reason.TIMEOUT, "late"), "refused: nobody listens; nor does the API: late"),
    ],
)
async def test_the_more_telling_failure_is_told(host: Host, failure: ProbeFailed | None, expected: str) -> None:
    """A wrong key is for the operator to mend; both details are told."""
    with pytest.raises(ProbeFailed) as raised:
        await census(host, failure)
    assert expected == str(raised.value)


async def test_only_clouds_are_asked() -> None:
    """A host has nothing to say to it."""
    host = Host("kvm1", "192.0.2.1")
    assert (True, False) == (SPEC.applies(ENDPOINT), SPEC.applies(host))
    with pytest.raises(UnsupportedError):
        await census(host)


def test_both_sources_fit_into_one_run() -> None:
    """However short an operator makes the interval; and by default a large cloud has its time."""
    for interval in (3.0, 15.0, 60.0, 300.0):
        settings = CloudstackCensusSettings(interval=interval)
        assert settings.timeout is not None
        assert settings.timeout <= interval
        assert 2 * settings.patience() <= 0.9 * interval
    assert (10.0, 30.0) == (CloudstackCensusSettings().patience(), CloudstackCensusSettings().timeout)


def test_what_stands_on_the_page() -> None:
    """How many machines, and how much the cloud does not tell."""
    reading = Census(answer(range(3)).hosts, lacking=("settings", "mounts"))
    shown = {metric.name: [sample.value for sample in metric.read(reading)] for metric in SPEC.metrics}
    assert {"cs_discovery_hosts": [3.0], "cs_discovery_lacking": [2.0]} == shown


def test_who_can_be_mended_is_told_first() -> None:
    """A denied account before a network that is down; what says nothing comes last."""
    assert TELLING.index(Reason.DENIED) < TELLING.index(Reason.REFUSED) < TELLING.index(Reason.UNREACHABLE)
    assert len(TELLING) == len(set(TELLING))
