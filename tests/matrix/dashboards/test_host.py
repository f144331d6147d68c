"""The host's dashboard: of a chosen one, with all its lines, and what is wrong with it first."""

from __future__ import annotations

from cs_exporter.matrix.dashboards.host import dashboard
from tests.matrix.dashboards.stubs import ONE, titled

FOUND = dashboard(ONE)


def test_what_is_wrong_first() -> None:
    """State, time left, causes, alerts; then agent and clock."""
    assert ["Now", "Agent", "Clock"] == [section.title for section in FOUND.sections[:3]]
    assert "What is wrong" == FOUND.sections[0].panels[-1].title


def test_a_state_is_told_by_its_name() -> None:
    """In its colour, and no cause is none."""
    state, causes = titled(FOUND, "State"), titled(FOUND, "Suspected causes")
    assert ["/ Up$/", "/ up$/", "/ Alert$/", "/ down$/"] == [column.name for column in state.columns]
    assert ("name", "none") == (causes.options["textMode"], causes.otherwise)


def test_silence_is_beside_its_limit() -> None:
    """In one graph."""
    assert ["age {{host}} {{agent}} {{source}}", "limit {{host}} {{agent}}"] == [
        query.legend for query in titled(FOUND, "Silence of the agent").queries
    ]
