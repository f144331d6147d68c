"""Symptoms are lines that can be read: rows of one are merged, and what passes at once and matters little is none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cs_exporter.model import Inventory
from tests.demo import failing
from tests.demo.watching import SWEPT, Watching
from tests.lab.prometheus import PrometheusError, Series

DOWN = [
    {"symptom": "CsPortDownWarning", "host": "nfs1", "port": "2049", "vantage": vantage} for vantage in ("kvm1", "kvm2")
]
UNREAD = [{"symptom": "CsStorageHeartbeatUnread", "host": "kvm1", "mountpoint": "/mnt/primary"}]
FAILED = [{"host": "kvm3", "probe": "time_drift", "reason": "mute"}]
WELL = "all is well: every probe has run on every host, and no symptom holds"


class Answers:
    """What Prometheus says: the same until it is told otherwise."""

    def __init__(self) -> None:
        self.red: list[dict[str, str]] = []
        self.failed: list[dict[str, str]] = []
        self.swept = self.answers = True

    def __call__(self, query: str) -> Sequence[Series]:
        """An answer. Raises PrometheusError where there is none."""
        if not self.answers:
            raise PrometheusError("busy")
        rows = {SWEPT: [{"instance": "x"}] * self.swept, failing.QUERY: self.failed}.get(query, self.red)
        return [Series(row, ((0.0, 1.0),)) for row in rows]


@pytest.fixture
def answers() -> Answers:
    """All is well, at first."""
    return Answers()


def watched(answers: Answers, said: list[str], patience: float = 0.0) -> Watching:
    """What is told goes into `said`."""
    return Watching(answers, Inventory(), patience, said.append)


def test_rows_of_a_symptom_are_one_line(answers: Answers) -> None:
    """Its labels are told once, with all their values; and again when it goes, so that one knows which it was."""
    said: list[str] = []
    watch = watched(answers, said)
    answers.red = DOWN
    watch.look()
    came = "warning   nfs1   CsPortDownWarning: A port that part of the cloud needs does not answer."
    assert [f"{came} (2 times: port 2049, vantage kvm1 kvm2)"] == said == watch.holding
    answers.red = DOWN[:1]
    watch.look()
    assert said[1].startswith("gone      nfs1   CsPortDownWarning (port 2049, vantage kvm2), held for ")
    assert [f"{came} (port 2049, vantage kvm1)"] == watch.holding


def test_all_is_well(answers: Answers) -> None:
    """Not before every probe has run, nor while anything holds or fails; once, and again after something was told."""
    said: list[str] = []
    watch = watched(answers, said)
    answers.swept = False
    watch.look()
    assert [] == said
    answers.swept, answers.failed = True, FAILED
    watch.look()
    assert ["failing   kvm3   time_drift: mute"] == said == watch.holding
    answers.failed = []
    for _ in range(2):
        watch.look()
    assert [WELL] == said[2:]
    answers.answers, answers.red = False, DOWN
    watch.look()
    assert [WELL] == said[2:]


def test_what_is_no_news(answers: Answers) -> None:
    """A run in vain and what is only worth knowing, if they pass at once: nothing is told, and all is still well."""
    said: list[str] = []
    watch = watched(answers, said, patience=600)
    watch.look()
    answers.red, answers.failed = UNREAD, FAILED
    watch.look()
    assert 2 == len(watch.holding)
    answers.red, answers.failed = [], []
    watch.look()
    assert [WELL] == said
