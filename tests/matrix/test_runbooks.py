"""Runbooks: commands can be typed as they stand, and whoever is woken finds what, why, how long, what next."""

from __future__ import annotations

import re

import pytest

from cs_exporter.matrix.runbooks import FOLDER, Command, command, files, pages, runbook, text
from cs_exporter.matrix.whole import usual_matrix

MATRIX = usual_matrix()
ROWS = {row.name: row for row in MATRIX.rows}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("df -h", Command("df -h")),
        ("chronyc -n tracking, on the exporter", Command("chronyc -n tracking", "on the exporter")),
        ("cs-exporter probe PROBE NAME, for one host", Command("cs-exporter probe PROBE NAME", "for one host")),
        ("ip -s link (errors, dropped)", Command("ip -s link", "errors, dropped")),
        ("ps -C java (or top), on the host", Command("ps -C java", "or top; on the host")),
        ("ss -tn '( sport = :4567 )'", Command("ss -tn '( sport = :4567 )'")),
        ("getcap $(command -v ping)", Command("getcap $(command -v ping)")),
        ('mysql -e "SELECT a, COUNT(*) FROM b"', Command('mysql -e "SELECT a, COUNT(*) FROM b"')),
    ],
)
def test_commands(said: str, expected: Command) -> None:
    """Where to type it is no part of what is typed."""
    assert expected == command(said)


def test_every_row_has_a_page() -> None:
    """And an index leads to it."""
    pages = files(MATRIX)
    assert {f"{FOLDER}/README.md", *(f"{FOLDER}/{name}.md" for name in ROWS)} == set(pages)
    index = pages[f"{FOLDER}/README.md"]
    assert [] == [name for name in ROWS if f"[{name}]({name}.md)" not in index]


@pytest.mark.parametrize("name", ROWS)
def test_a_page_is_whole(name: str) -> None:
    """What is seen, severity, cause, meaning, every command, the mend, and the condition."""
    row, shown = ROWS[name], text(runbook(ROWS[name]))
    commands = [command(said).text for said in row.look]
    for part in (row.sees, row.severity.value, row.cause.value, row.means, *commands, row.fix, row.condition):
        assert part in shown


def test_limits_can_be_changed_where_there_are_some() -> None:
    """A state has none; a share has, and the page shows what to write."""
    assert "limits: {CsMysqlConnectionsHigh: 0.8}" in text(runbook(ROWS["CsMysqlConnectionsHigh"]))
    assert "limits:" not in text(runbook(ROWS["CsMysqlDown"]))
    assert "limits:" not in text(runbook(ROWS["CsGaleraTooSmall"]))


def test_what_mutes_what_is_linked_both_ways() -> None:
    """From the symptom to its cause, and back."""
    books = pages(MATRIX)
    assert "[CsNfsServerDown](CsNfsServerDown.md)" in text(books["CsNfsMountHung"]).partition("## Muted by")[2]
    assert "[CsNfsMountHung](CsNfsMountHung.md)" in text(books["CsNfsServerDown"]).partition("## Mutes")[2]
    assert "[CsNfsServerDown](CsNfsServerDown.md)" not in text(books["CsNfsMountHung"]).partition("## Mutes")[2]
    assert "## Mute" not in text(books["CsDeadMansSwitch"])


def test_dashboards_are_linked() -> None:
    """By the panel that draws it; where nothing is drawn there is nothing to see."""
    books = pages(MATRIX)
    assert "(../../deploy/grafana/dashboards/cs-storage.json)" in text(books["CsNfsServerDown"])
    assert [] == [name for name in ROWS if "## Dashboards" not in text(books[name])]
    assert "## Dashboards" not in text(runbook(ROWS["CsNfsServerDown"]))


def test_alerts_that_see_nothing_say_so() -> None:
    """Whoever reads it looks elsewhere for what is wrong."""
    assert "| blind | it only says that something can't be seen |" in text(runbook(ROWS["CsHostBlind"]))
    assert "| blind |" not in text(runbook(ROWS["CsNfsServerDown"]))


@pytest.mark.parametrize("name", ROWS)
def test_alerts_that_are_named_exist(name: str) -> None:
    """A text that sends somebody to an alert of another name leads nowhere."""
    row = ROWS[name]
    named = re.findall(r"\bCs[A-Z]\w+", " ".join((row.sees, row.means, row.fix, *row.look)))
    assert [] == [other for other in named if other not in ROWS]
    links = files(MATRIX)[f"{FOLDER}/{name}.md"]
    assert [] == [other for other in named if other != name and f"[{other}]({other}.md)" not in links]


def test_capitals_are_told() -> None:
    """Where something is to be filled in, and nowhere else."""
    told = "Capitals stand for what the alert's labels say."
    assert told in text(runbook(ROWS["CsNfsServerDown"]))
    assert told not in text(runbook(ROWS["CsMysqlDown"]))
