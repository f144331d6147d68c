"""Prints the table of faults at the end of a run, however quiet that run is."""

from __future__ import annotations

import pytest

from tests.e2e.judge import Seen
from tests.e2e.table import terminal

SEEN = pytest.StashKey[list[Seen]]()
AGAIN = pytest.StashKey[dict[str, list[str]]]()


@pytest.fixture(scope="session")
def record(request: pytest.FixtureRequest) -> list[Seen]:
    """What has been seen so far; the table at the end is made of it."""
    return request.config.stash.setdefault(SEEN, [])


@pytest.fixture(scope="session")
def again(request: pytest.FixtureRequest) -> dict[str, list[str]]:
    """Faults that were tried again by themselves, and what had gone wrong beside others."""
    return request.config.stash.setdefault(AGAIN, {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table."""
    found = config.stash.get(SEEN, [])
    if found:
        terminalreporter.section("faults of the small cloud, through a real Prometheus")
        for line in terminal(found):
            terminalreporter.write_line(line)
        for name, lines in config.stash.get(AGAIN, {}).items():
            terminalreporter.write_line(f"{name}: tried again by itself; beside others: {'; '.join(lines)}")
