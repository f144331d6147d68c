"""The table of faults: what each turns red and brings, how soon, and until when; for the terminal and for the docs.

`python -m tests.e2e.table` goes through all of them and writes docs/faults.md anew (root; ten minutes).
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cs_exporter.board import FLEET
from tests.demo.catalogue import FAULTS
from tests.demo.fault import ANY, HERE, Fault, Row
from tests.demo.pace import TEST
from tests.e2e.course import Course
from tests.e2e.judge import Seen, doubtful, seen, stories_that_count, strangers, unasked
from tests.e2e.paging import RECEIVED, RED
from tests.e2e.stand import GROUPING, Stand

NOTHING = "-"
PAGE = Path(__file__).parents[2] / "docs" / "faults.md"

INTRODUCTION = f"""# What every fault turns red, whom it pages, and how soon

Each of these is brought about by `make demo-break` and, in the test suite, goes through the whole chain: machine, SSH,
exporter, a real Prometheus with the rules of `cs-exporter matrix write`, a real Alertmanager with the example's routes,
a receiver of webhooks. What a fault must turn red stands before what may turn red with it; anything else, on any host,
fails the suite, and so does whatever else is received, or is received twice, or is not resolved. A `page` is for an
alert of severity critical, a `ticket` for a warning, and after it stands the cause that the alert names. A ticket of
the same cause may have foretold the page. Several faults are there at once; one that went wrong beside others is
tried again by itself, which then counts.

The seconds count from when the fault is brought about; the last two from when it is mended. They were measured with
every probe, scrape and evaluation each {TEST.interval:g} s, groups gathered for {GROUPING:g} s, and agents that are
CloudStack's by default: a ping each {TEST.ping:g} s, given up after {TEST.limit:g} s at the earliest. Red comes within
{RED:g} s and a page within {RECEIVED:g} s, counted from when the fault can be known: a silent agent by its age, a lost
time server from when its clients give it up, a heartbeat from when it is late. At the usual 15 to 60 s the times grow
with the intervals, as what must be seen by several runs is. *Left* is how long before the cloud's earliest detection a
silent agent was received, by warning and by critical; the other faults a cloud does not detect by itself, or not by a
deadline. *Resolved* is when all that a page tells is over but lines of logs, which are told for five minutes after the
newest one. `$host` is the host that is broken; `cs_probe_failing` says that its runs fail, and why. Written by
`python -m tests.e2e.table`.
"""

WORDS = ("fault", "what breaks", "what turns red", "what may, too", "what is received")
FIGURES = ("red", "firing", "received", "left", "green", "resolved")
HEAD = (*WORDS, *FIGURES)


def terminal(found: Iterable[Seen]) -> Iterator[str]:
    """The lines of the table that the test suite ends with, in the catalogue's order."""
    order = {fault.name: number for number, fault in enumerate(FAULTS)}
    yield " | ".join((f"{'fault':<30}", f"{'limit':>5}", *(f"{name:>8}" for name in FIGURES), "what was received"))
    for one in sorted(found, key=lambda one: order[one.placed.fault.name]):
        cells = (f"{cell:>8}" for cell in figures_of(one))
        received = ", ".join(map(str, one.told)) or "nothing"
        yield " | ".join((f"{one.placed!s:<30}", f"{one.limit:5.0f}", *cells, received))


def figures_of(one: Seen) -> tuple[str, ...]:
    """A fault's last cells: whole seconds, since what is behind them is chance.

    Of several pages those of the first that the catalogue declares; of a silent agent what was left at the ticket and
    at the page.
    """
    first = next((one.told[page] for page in one.placed.fault.brings if page in one.told), None)
    fired, received, resolved = (first.fired, first.received, first.resolved) if first else (None, None, None)
    left = ", ".join(f"{seconds:.0f}" for seconds in one.left.values())
    return (
        _whole(one.red, "never"),
        _whole(_since(one.begun, fired)),
        _whole(_since(one.begun, received)),
        left or NOTHING,
        _whole(one.healed, "never"),
        _whole(_since(one.mended, resolved)),
    )


def _since(begin: float, at: float | None) -> float | None:
    return None if at is None else at - begin


def _whole(seconds: float | None, none: str = NOTHING) -> str:
    if seconds is None:
        return none
    return f"{seconds:.0f}" if seconds >= 1 else "<1"


def page(figures: Mapping[str, tuple[str, ...]]) -> str:
    """The docs' page; `figures` are a fault's last cells, by its name."""
    rows = [HEAD, ("---",) * len(HEAD), *((*told(fault), *figures[fault.name]) for fault in FAULTS)]
    return "\n".join([INTRODUCTION, *(f"| {' | '.join(row)} |" for row in rows), ""])


def told(fault: Fault) -> tuple[str, ...]:
    """A fault's cells in words."""
    shown = (*_symptoms(fault.rows), *(f"`{query}`" for query in fault.queries))
    red, also = ("; ".join(cell).replace("|", "\\|") for cell in (shown, _symptoms(fault.also)))
    return f"`{fault.name}`", fault.tells, red, also, _received(fault)


def _received(fault: Fault) -> str:
    """What must be received, and what may be and why."""
    must = ", ".join(map(str, fault.brings)) or "nothing"
    may = f"; perhaps {', '.join(map(str, fault.besides))}" if fault.besides else ""
    return f"{must}{may}{': ' if fault.because else ''}{fault.because}"


def _symptoms(rows: Iterable[Row]) -> Iterator[str]:
    """Each symptom once, with its hosts."""
    hosts: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        hosts[row.symptom].append({HERE: "$host", ANY: "any host", FLEET: "no single host"}.get(row.host, row.host))
    yield from (f"`{symptom}` ({', '.join(dict.fromkeys(names))})" for symptom, names in hosts.items())


def main() -> int:
    """Go through all faults and write the page; what should not have been is said, and then it is not written."""
    with Stand(TEST) as stand:
        course = Course(stand, FAULTS)
        evidence = course.run()
    found = [seen(story, evidence) for story in stories_that_count(evidence)]
    wrong = [f"{name}: {line}" for name, lines in doubtful(evidence).items() for line in lines]
    wrong += [f"{name}: {error}" for name, error in course.errors.items()]
    wrong += [*strangers(evidence), *unasked(evidence)]
    sys.stdout.write("\n".join([*terminal(found), *wrong, ""]))
    if not wrong:
        PAGE.write_text(page({one.placed.fault.name: figures_of(one) for one in found}), encoding="utf-8")
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
