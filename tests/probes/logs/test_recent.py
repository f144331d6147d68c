"""Rows about events: each is about an event of its log's list, and holds from the first line for five minutes."""

from __future__ import annotations

import pytest

from cs_exporter.probes.logs import agent_symptoms, server_symptoms, stems
from cs_exporter.probes.logs.recent import RECENT, recent
from cs_exporter.probes.logs.stems import Stems
from cs_exporter.spec import Cause, Severity, Symptom


@pytest.mark.parametrize(
    ("rows", "events"), [(server_symptoms.SYMPTOMS, stems.SERVER), (agent_symptoms.SYMPTOMS, stems.AGENT)]
)
def test_every_row_has_an_event(rows: tuple[Symptom, ...], events: Stems) -> None:
    """Of the list of its own log, and no two rows are about the same."""
    told = [symptom.labels["event"] for symptom in rows if symptom.labels]
    assert set(told) <= {*events}
    assert len(told) == len(set(told))


def test_a_row_holds_while_its_event_is_recent() -> None:
    """The limit is an age, and at the first sight of a line somebody is told."""
    row = recent(
        "cs_x_timestamp_seconds",
        "one",
        name="CsX",
        sees="It is seen.",
        cause=Cause.AGENT,
        severity=Severity.INFO,
        means="It means.",
        look=("look",),
        fix="Fix it.",
    )
    assert row.limit.age
    assert (True, False) == (row.limit.holds(RECENT - 1, RECENT), row.limit.holds(RECENT + 1, RECENT))
    assert 0 == row.wait(30.0)
