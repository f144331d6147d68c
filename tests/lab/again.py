"""Tests of the lab that fail are tried once more, a few in a whole run, and what went wrong the first time is shown.

Dozens of real machines share two cores there: now and then one of them is late for a reason that is nobody's defect.
What is broken fails twice, and what fails now and then is seen in every run's last lines.
"""

from __future__ import annotations

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Only tests marked `lab`: all others have nothing to wait for and no excuse."""
    for item in items:
        if item.get_closest_marker("lab"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Why each of them was tried again."""
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.section(f"tried again: {report.nodeid} ({report.when})")
        terminalreporter.write_line(report.longreprtext)
