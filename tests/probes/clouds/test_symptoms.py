"""The rows of the matrix about clouds' verdicts: what a state comes to is in the tests of each platform."""

from __future__ import annotations

from cs_exporter.probes.clouds.symptoms import SYMPTOMS
from cs_exporter.spec import Cause, Severity


def test_every_row_is_of_one_state() -> None:
    """No state is two rows, and all of them are the agent's trouble."""
    states = [symptom.labels["state"] for symptom in SYMPTOMS]
    assert len(states) == len(set(states))
    assert {("cs_host_state", Cause.AGENT)} == {(symptom.metric, symptom.cause) for symptom in SYMPTOMS}


def test_what_pages() -> None:
    """Who is given up; what may come back by itself is a ticket."""
    critical = {symptom.labels["state"] for symptom in SYMPTOMS if symptom.severity is Severity.CRITICAL}
    assert {"Alert", "Down", "down"} == critical
