"""The table of faults: what each turns red, how soon, and how soon it is over; for the terminal and for the docs.

`python -m tests.e2e.table` goes through all of them and writes docs/faults.md anew (root; three minutes).
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
from tests.e2e.judge import Seen, of_fault, seen, strangers
from tests.e2e.stand import Stand

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"

INTRODUCTION = f"""# What every fault turns red, and how soon

Each of these is brought about by `make demo-break` and, in the test suite, seen by a real Prometheus through the whole
chain: machine, SSH, exporter, scrape. What it must turn red stands before what may turn red with it; anything else,
on any host, fails the suite.

The seconds were measured at the pace of the tests: every probe each {TEST.interval:g} s (paths each
{TEST.path_interval:g} s), agents that ping each {TEST.ping:g} s and are given up after {TEST.limit:g} s, one scrape per
second. Faults show within two intervals of their probe, counted from when it can know: a silent agent from the moment
its age passes the limit, a lost time server from when its clients give it up, a heartbeat from when it is late. At the
usual 15 to 60 s the times grow with the intervals. `$host` is the host that is broken; `cs_probe_failing` says that its
runs fail, and why. Written by `python -m tests.e2e.table`.
"""

HEAD = ("fault", "what breaks", "what turns red", "what may, too", "seconds to red", "seconds to heal")


def terminal(found: Iterable[Seen]) -> Iterator[str]:
    """The lines of the table that the test suite ends with, in the catalogue's order."""
    order = {fault.name: number for number, fault in enumerate(FAULTS)}
    yield f"{'fault':<40} | seconds to red | limit | seconds to heal"
    for one in sorted(found, key=lambda one: order[one.placed.fault.name]):
        red, healed = (f"{'never' if value is None else f'{value:.1f}'}" for value in (one.red, one.healed))
        yield f"{one.placed!s:<40} | {red:>14} | {one.limit:5.1f} | {healed:>15}"


def page(figures: Mapping[str, tuple[str, str]]) -> str:
    """The docs' page; `figures` are a fault's last two cells, by its name."""
    rows = [HEAD, ("---",) * len(HEAD), *((*told(fault), *figures[fault.name]) for fault in FAULTS)]
    return "\n".join([INTRODUCTION, *(f"| {' | '.join(row)} |" for row in rows), ""])


def told(fault: Fault) -> tuple[str, str, str, str]:
    """A fault's first four cells."""
    shown = (*_symptoms(fault.rows), *(f"`{query}`" for query in fault.queries))
    red, also = ("; ".join(cell).replace("|", "\\|") for cell in (shown, _symptoms(fault.also)))
    return f"`{fault.name}`", fault.tells, red, also


def figures_of(one: Seen) -> tuple[str, str]:
    """Whole seconds: what is behind them is chance."""
    assert one.red is not None, f"{one.placed} was never red"
    assert one.healed is not None, f"{one.placed} was never over"
    return _whole(one.red), _whole(one.healed)


def _whole(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 1 else "<1"


def _symptoms(rows: Iterable[Row]) -> Iterator[str]:
    """Each symptom once, with its hosts."""
    hosts: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        hosts[row.symptom].append({HERE: "$host", ANY: "any host", FLEET: "no single host"}.get(row.host, row.host))
    yield from (f"`{symptom}` ({', '.join(names)})" for symptom, names in hosts.items())


def main() -> int:
    """Go through all faults and write the page; what should not have been is said, and then it is not written."""
    with Stand(TEST) as stand:
        course = Course(stand, FAULTS)
        evidence = course.run()
    found = [seen(story, evidence) for story in evidence.stories]
    wrong = [f"{story.placed}: {line}" for story in evidence.stories for line in of_fault(story, evidence)]
    wrong += [*(f"{name}: {error}" for name, error in course.errors.items()), *strangers(evidence)]
    sys.stdout.write("\n".join([*terminal(found), *wrong, ""]))
    if not wrong:
        PAGE.write_text(page({one.placed.fault.name: figures_of(one) for one in found}), encoding="utf-8")
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
