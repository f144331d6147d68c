"""Runbooks: commands can be typed as they stand, and whoever is woken finds what, why, how long, what next."""

from __future__ import annotations

import pytest

from cs_exporter.matrix.runbooks import FOLDER, Command, command, files, runbook, text
from cs_exporter.matrix.whole import usual_matrix

MATRIX = usual_matrix()
ROWS = {row.name: row for row in MATRIX.rows}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("df -h", Command("df -h")),
        ("chronyc -n tracking, on the exporter", Command("chronyc -n tracking", "on the exporter")),
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
