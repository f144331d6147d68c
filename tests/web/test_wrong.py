"""What is wrong now, on the landing page: worst first, escaped, muted in maintenance, and said where nothing is."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.board import Board
from cs_exporter.model import Host, Inventory
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom
from cs_exporter.symptoms import Holding
from cs_exporter.web import wrong

NEAR = Symptom(
    name="CsNear",
    sees="It is near.",
    metric="cs_distance_metres",
    limit=Limit(Op.BELOW, 2.0, step=0.1),
    runs=1,
    severity=Severity.WARNING,
    cause=Cause.PATH,
    unit="metres",
    means="It comes.",
    look=("look",),
    fix="Run.",
)
HERE = replace(NEAR, name="CsHere", sees="It is <here>.", severity=Severity.CRITICAL, unit="boolean")
HOSTS = Inventory({name: Host(name, "192.0.2.1", maintenance=name == "c") for name in ("a", "b", "c")})


def rows(*held: tuple[Symptom, str]) -> list[Holding]:
    """The symptoms of these hosts as the page has them."""
    found = [Holding(symptom, host, {"peer": "<x>"}, 1.23456, 2.0) for symptom, host in held]
    return wrong.worst_first(found, Board(HOSTS).snapshot(0.0))


def test_the_worst_stand_first_and_maintenance_is_muted() -> None:
    """Whoever works on a host knows."""
    found = rows((NEAR, "a"), (HERE, "b"), (HERE, "c"))
    assert [("CsHere", "b"), ("CsNear", "a")] == [(one.symptom.name, one.host) for one in found]
    assert (1, 1, 0) == tuple(wrong.count(found, severity) for severity in Severity)


def test_a_row_says_what_is_seen_and_how_much() -> None:
    """A yes has no number, and nothing of it can become markup."""
    page = wrong.section(rows((NEAR, "a"), (HERE, "b")))
    assert "CsNear: It is near. (1.235 metres, limit 2)" in page
    assert "CsHere: It is &lt;here&gt;. <small>peer=&lt;x&gt;</small>" in page


def test_too_many_are_counted() -> None:
    """A page of a burning cloud must still open on a phone."""
    assert "and 7 more" in wrong.section(rows(*[(NEAR, "a")] * (wrong.SHOWN + 7)))


def test_nothing_wrong_is_said() -> None:
    """Silence could be a page that did not load."""
    assert "No symptom holds" in wrong.section(rows())
