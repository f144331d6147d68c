"""Every fault of the catalogue turns the right rows red in time, nothing else at all, and heals."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.demo.catalogue import FAULTS
from tests.demo.pace import TEST
from tests.e2e.judge import Seen, problems, seen
from tests.e2e.stand import Stand
from tests.e2e.wave import Wave
from tests.e2e.waves import Placed, waves
from tests.exposition.stubs import promtool_says

pytestmark = [pytest.mark.lab, pytest.mark.heavy, pytest.mark.timeout(300)]

SERIES = 120
"""Of one hypervisor at most; a typical one has about 80."""


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """The small cloud, watched; it is green."""
    with Stand(TEST) as made:
        yield made


@pytest.mark.parametrize("placed", waves(FAULTS, TEST), ids=lambda wave: "+".join(map(str, wave)))
def test_faults_turn_red_and_heal_and_nothing_else_does(
    stand: Stand, record: list[Seen], placed: tuple[Placed, ...]
) -> None:
    """Several at a time, where they do not meet. The broken cloud's page is one that promtool is content with."""
    wave = Wave(stand, placed)
    evidence = wave.run()
    record += [seen(story, evidence) for story in evidence.stories]
    wrong = list(problems(evidence))
    assert not wrong, "\n".join([*wrong, stand.exporter.log()[-3000:]])
    assert "" == promtool_says(wave.page)


def test_a_hypervisor_has_about_eighty_series(stand: Stand) -> None:
    """So that a thousand of them are no burden to anyone's Prometheus."""
    found = stand.prometheus.query('count by (host) ({job="cs_exporter", host=~"kvm.*"})')
    assert 6 == len(found)
    assert [] == [(series.host, series.value) for series in found if series.value > SERIES]


def test_nobody_complained(stand: Stand) -> None:
    """Prometheus found no sample doubled, late or out of order; the exporter had no mistake of its own."""
    assert [] == re.findall(r".*level=(?:warn|error).*", stand.prometheus.log())
    assert [] == stand.exporter.trouble()
