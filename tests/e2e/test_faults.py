"""Every fault of the catalogue turns the right rows red in time, nothing else at all, and heals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests.demo.catalogue import FAULTS
from tests.demo.fault import Fault
from tests.demo.pace import TEST
from tests.e2e.course import Course
from tests.e2e.judge import Evidence, Seen, Story, of_fault, of_pages, seen, stories_that_count, strangers, unasked
from tests.e2e.stand import Stand
from tests.exposition.stubs import promtool_says

pytestmark = [pytest.mark.lab, pytest.mark.heavy, pytest.mark.timeout(2700)]

SERIES = 120
"""Of one hypervisor at most; a typical one has about 80."""


@dataclass(frozen=True)
class Run:
    """What there is to judge; `page` is what the exporter showed when most was broken."""

    stand: Stand
    evidence: Evidence
    errors: Mapping[str, str]
    page: bytes

    def story(self, fault: Fault) -> Story:
        """The one of a fault that counts. Raises AssertionError if the lab could not break or mend it then."""
        assert self.errors.get(fault.name) is None
        (story,) = [story for story in stories_that_count(self.evidence) if story.placed.fault is fault]
        return story


def chosen(session: pytest.Session) -> list[Fault]:
    """The faults of the tests that are to run."""
    calls = [getattr(item, "callspec", None) for item in session.items if item.path.samefile(__file__)]
    names = {call.params["fault"].name for call in calls if call is not None}
    return [fault for fault in FAULTS if fault.name in names]


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest, record: list[Seen], again: dict[str, list[str]]) -> Iterator[Run]:
    """The small cloud, watched, after all faults have gone through it."""
    with Stand(TEST) as stand:
        course = Course(stand, chosen(request.session))
        evidence = course.run()
        record += [seen(story, evidence) for story in stories_that_count(evidence)]
        again.update(course.again)
        yield Run(stand, evidence, course.errors, course.page)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
def test_it_turns_red_in_time_and_heals(run: Run, fault: Fault) -> None:
    """All of what must show at one look, within two intervals of its probe; and it stays so until it is mended."""
    assert [] == list(of_fault(run.story(fault), run.evidence))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
def test_it_pages_once_with_its_cause_and_resolves(run: Run, fault: Fault) -> None:
    """Once per root cause, at its severity, in time, and until it is mended; of silent agents long before the cloud."""
    assert [] == list(of_pages(run.story(fault), run.evidence))


def test_nobody_was_told_of_anything_else(run: Run) -> None:
    """Neither of a healthy host, nor of one that was mended long ago; and the alert that always fires has come."""
    said = list(unasked(run.evidence))
    assert not said, "\n".join(said)


def test_nothing_else_was_red(run: Run) -> None:
    """On no host, at no look: no symptom of which somebody would be told, and no run that failed."""
    said = list(strangers(run.evidence))
    assert not said, "\n".join([*said, run.stand.exporter.log()[-10_000:]])


def test_promtool_is_content_with_the_page_of_a_broken_cloud(run: Run) -> None:
    """With as much broken as was at one time."""
    assert "" == promtool_says(run.page)


def test_a_hypervisor_has_about_eighty_series(run: Run) -> None:
    """So that a thousand of them are no burden to Prometheus; one more for each reason for which runs ever failed."""
    counted = '{job="cs_exporter", host=~"kvm.*", __name__!="cs_probe_failures_total"}'
    found = run.stand.prometheus.query(f"count by (host) ({counted})")
    assert 6 == len(found)
    assert [] == [(series.host, series.value) for series in found if series.value > SERIES]


def test_nobody_complained(run: Run) -> None:
    """Prometheus found no sample doubled, late or out of order; the exporter made no mistake of its own."""
    assert [] == re.findall(r".*level=(?:warn|error).*", run.stand.prometheus.log())
    assert [] == run.stand.exporter.trouble()
