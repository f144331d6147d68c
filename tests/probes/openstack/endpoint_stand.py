"""Endpoints that answer, or do not, by their port.

The tests of the sheet and those of its rows dial the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cs_exporter.model import ProbeFailed
from cs_exporter.ports import Dial, PortState, Talk

ANSWERS = Dial(PortState.OPEN, "", 0.001, 0, 0.006, b"HTTP/1.0 401 Unauthorized\r\n")
SILENT = Dial(PortState.MUTE, "accepted, and said nothing")
REFUSED = Dial(PortState.REFUSED, "nobody listens")
FILTERED = Dial(PortState.FILTERED, "no answer")


@dataclass
class FakeDialer:
    """ports.Dialer: by number, and all others answer."""

    results: dict[int, Dial | ProbeFailed] = field(default_factory=dict)
    asked: list[tuple[str, int, Talk]] = field(default_factory=list)

    async def dial(self, address: str, port: int, talk: Talk, deadline: float) -> Dial:
        """See Dialer."""
        assert deadline > 0
        self.asked.append((address, port, talk))
        found = self.results.get(port, ANSWERS)
        if isinstance(found, ProbeFailed):
            raise found
        return found
