"""What queues held while a service was frozen, look by look, as it was written down beside an OpenStack in use.

Times are seconds since the fault began; looks after its end go on from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.lab.rabbitmq import CAPTURES, Counts

E2, E6, E7 = "E2-stop-conductor-and-dhcp", "E5-E6-maxconn-and-rabbit-alarm", "E7-stop-neutron-server"

_TIME = re.compile(r"t=\+(\d+)s ")
_QUEUE = re.compile(r"([\w.-]+)=r(\d+)/u(\d+)/c(\d+)")


@dataclass(frozen=True, slots=True)
class Moment:
    """One look. `fault`: before it, while it is there, or after its end."""

    at: float
    fault: str
    counts: dict[str, Counts]
    alarm: bool


def moments(timeline: str) -> Iterator[Moment]:
    """The looks of one course, those before the fault at nought."""
    phases = iter(("during", "after"))
    fault, base, last = "before", 0.0, 0.0
    for line in (CAPTURES / f"timeline-{timeline}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(("--- kill", "--- alarm cleared", "=== E6")):
            fault, base = next(phases), last
        found = _TIME.match(line)
        if found is None:
            continue
        last = base + float(found[1])
        counts = {name: (int(ready), int(held), int(there)) for name, ready, held, there in _QUEUE.findall(line)}
        yield Moment(last, fault, counts, "watermark 1" in line)
