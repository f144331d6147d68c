"""Which of its sources a CloudStack cloud is asked by; how the one stands in for the other is of all clouds alike.

With a real database it is tried in tests/live.
"""

from __future__ import annotations

import pytest

from cs_exporter.model import Census, Host, ProbeFailed, Reason, UnsupportedError
from cs_exporter.probes.cloudstack.cloudstack_census import SPEC, CloudstackCensusSettings, probe
from tests import world
from tests.probes.cloudstack.polled import ENDPOINT
from tests.probes.cloudstack.test_asking import BOTH, ONLY_API, Api, NoDatabase


async def census(host: Host, failure: ProbeFailed | None = None) -> Census:
    """The answer, where the database does not listen and the API has one host, or fails."""
    return await probe(host, world.io(sql=NoDatabase(), api=Api(failure)), CloudstackCensusSettings())


@pytest.mark.parametrize(("host", "stand_in"), [(ONLY_API, False), (BOTH, True)])
async def test_the_api_is_asked_where_the_database_can_not_be(host: Host, stand_in: bool) -> None:  # noqa: FBT001
    """Alone, its word is the only one there is; else it stands in."""
    found = await census(host)
    assert (stand_in, stand_in) == (found.stand_in, "the database can't be asked" in "".join(found.lacking))


async def test_without_an_api_the_databases_failure_is_told() -> None:
    """As it is."""
    with pytest.raises(ProbeFailed) as raised:
        await census(ENDPOINT, ProbeFailed(Reason.DENIED, "not asked"))
    assert "refused: nobody listens" == str(raised.value)


async def test_only_clouds_are_asked() -> None:
    """A host has nothing to say to it."""
    host = Host("kvm1", "192.0.2.1")
    assert (True, False) == (SPEC.applies(ENDPOINT), SPEC.applies(host))
    with pytest.raises(UnsupportedError):
        await census(host)
