"""Logs of management servers, as the collector's section tells them: whose pings were written down since a place.

The place is a time, so that an answer which got lost is given again; the file is never rolled.
"""

from __future__ import annotations

from collections.abc import Mapping

from cs_exporter.parsers.management_log import LETTERS
from tests.simulation.sessions import Agent

MILLISECONDS = 1000


def says(agents: Mapping[int, tuple[str, Agent]], server: str, now: float, arguments: tuple[str, ...]) -> str:
    """A server's log by the numbers and names of hosts and their agents. `arguments`: those of the section."""
    _, _, _, known, *place = arguments
    head = f"at 1 {int(now * MILLISECONDS)} 0\n"
    if not place:
        return f"{head}read 0\nend\n"
    since = int(place[1]) / MILLISECONDS
    pinged = [number for number, (_, agent) in agents.items() if agent.pinged(server, since, now)]
    if not pinged:
        return f"{head}read 4096\nend\n"
    steps = (number - before for before, number in zip([0, *pinged], pinged, strict=False))
    listed = "".join(LETTERS[step - 1] for step in steps)
    named = "".join(f"agent {number} - {agents[number][0]}\n" for number in pinged if not _is_known(number, known))
    return f"{head}read 4096\npings {len(pinged)} {listed}\n{named}end\n"


def nothing_new(now: float) -> str:
    """A log into which nobody writes anything."""
    return f"at 1 {int(now * MILLISECONDS)} 0\nread 0\nend\n"


def _is_known(number: int, known: str) -> bool:
    """Whether the exporter knows its name already."""
    if known == "all":
        return True
    ranges = (one.split("-") for one in known.split(".") if one)
    return any(int(first) <= number <= int(last) for first, last in ranges)
