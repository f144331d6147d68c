"""The rows of the matrix about an agent's log: which lines raise which."""

from __future__ import annotations

import pytest

from cs_exporter.board import Board
from cs_exporter.model import Inventory, Outcome
from cs_exporter.parsers.management_log import Cursor
from cs_exporter.probes.logs.agent_log import SPEC
from cs_exporter.probes.logs.agent_symptoms import SYMPTOMS
from cs_exporter.probes.logs.reading import Event, LogReading
from cs_exporter.spec import Severity
from cs_exporter.symptoms import holding
from tests.probes.logs.test_agent_log import HOST

EVENTS = {symptom.labels["event"]: symptom.name for symptom in SYMPTOMS}


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_raises_its_row(event: str) -> None:
    """From the first line on, and not any more five minutes after the newest."""
    reading = LogReading("/log", 1000.0, 5000.0, Cursor(1, 2, 3), events={event: Event(1, 1000.0)})
    for age, expected in ((0.0, {EVENTS[event]}), (299.0, {EVENTS[event]}), (301.0, set[str]())):
        board = Board(Inventory({HOST.name: HOST}))
        board.land(Outcome(SPEC.name, HOST.name, 6000.0, 1000.0, 0.1, reading), 30.0)
        found = holding(board.snapshot(1000.0), (SPEC,), 6000.0 + age)
        assert expected == {one.symptom.name for one in found}


def test_a_failed_heartbeat_pages_at_once() -> None:
    """There are fifty seconds until the host may be rebooted."""
    (row,) = [symptom for symptom in SYMPTOMS if symptom.name == "CsAgentHeartbeatWriteFailed"]
    assert (Severity.CRITICAL, 0.0) == (row.severity, row.wait(30.0))
