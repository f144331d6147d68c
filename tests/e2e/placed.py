"""A fault on a host, and which of them may be there at the same time: those that can't be taken for each other.

Fifty faults one after the other would take a quarter of an hour; faults whose symptoms or hosts differ do not meet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cs_exporter.matrix.inhibitions import INHIBITIONS
from cs_exporter.matrix.whole import usual_matrix
from tests.demo.cloud import HYPERVISORS, MANAGEMENT
from tests.demo.fault import ANY, HERE, Fault, Row

HOST = re.compile(r'host="([^"]+)"')
"""A host that a query names."""


MEMORIES = frozenset(
    {
        "CsMysqlRefusals",
        "CsHostFlapping",
        "CsManagementAgentsBehind",
        "CsManagementInvestigates",
        "CsAgentHeartbeatWriteFailed",
        "CsAgentPingsGivenUp",
    }
)
"""Symptoms that tell, as they say themselves, of what has been in the minutes before: they outlast their fault."""


BLIND = frozenset({"CsHostUnreachable", "CsHostBlind", "CsProbeBlind"})
"""Alerts that say of a host, or of a probe, that nothing is learnt of it."""


@cache
def _muted() -> Mapping[str, frozenset[str]]:
    """Alert -> those that it mutes on other hosts than its own."""
    rows = usual_matrix().rows
    across = [one for one in INHIBITIONS if "host" not in one.equal]
    return {
        source.name: frozenset(target.name for target in rows if any(one.holds(source, target) for one in across))
        for source in rows
    }


@dataclass(frozen=True)
class Placed:
    """A fault on a host."""

    fault: Fault
    host: str

    def __str__(self) -> str:
        return f"{self.fault.name}@{self.host}"

    @property
    def rows(self) -> frozenset[Row]:
        """The symptoms that must hold."""
        return frozenset(map(self._row, self.fault.rows))

    @property
    def shown(self) -> frozenset[Row]:
        """The symptoms that must or may hold; a host that is ANY stands for all."""
        return self.rows | frozenset(map(self._row, self.fault.also))

    @property
    def _lasting(self) -> frozenset[Row]:
        """Those of them that are over when it is."""
        return frozenset(row for row in self.shown if row.symptom not in MEMORIES)

    @property
    def queries(self) -> tuple[str, ...]:
        """The queries that must find something."""
        return tuple(map(self._named, self.fault.queries))

    @property
    def blinded(self) -> frozenset[str]:
        """The hosts on which runs may fail, or ANY."""
        return frozenset(map(self._named, self.fault.blind))

    @property
    def touched(self) -> frozenset[str]:
        """The hosts where it must show, or ANY, and the one that is broken."""
        asked = HOST.findall(" ".join(self.queries))
        return frozenset((*(row.host for row in self.rows), *asked, self.host))

    @property
    def part(self) -> str:
        """What it takes hold of."""
        return self._named(self.fault.part or f"{self.fault.name} on {HERE}")

    def expects(self, row: Row) -> bool:
        """Whether the symptom must or may hold there because of this fault."""
        return any(_alike(row, one) for one in self.shown)

    def accounts(self, alert: str, host: str) -> bool:
        """Whether an alert about that host (or about none: empty) is because of this fault."""
        blind = self.blinds(host) if host else bool(self.blinded)
        return self.expects(Row(host, alert)) or (alert in BLIND and blind)

    def leaves(self, row: Row) -> bool:
        """Whether the symptom may go on holding there when it is over."""
        return row.symptom in MEMORIES and self.expects(row)

    def blinds(self, host: str) -> bool:
        """Whether runs on that host may fail because of this fault."""
        return bool(self.blinded & {host, ANY})

    def meets(self, other: Placed) -> bool:
        """Whether one of them might be taken for the other, or hide it."""
        return (
            self.fault.alone
            or other.fault.alone
            or self.host == other.host
            or self.part == other.part
            or any(_alike(one, another) for one in self._lasting for another in other._lasting)
            or self._hides(other)
            or other._hides(self)
            or self._mutes(other)
            or other._mutes(self)
        )

    def _mutes(self, other: Placed) -> bool:
        """Whether nobody may be told of the other, because of this fault.

        Nobody depends on a hypervisor, and on ports of management servers only.
        """
        return any(
            row.symptom in _muted().get(one.symptom, ())
            for one in self.shown
            if one.host in MANAGEMENT or (one.host not in HYPERVISORS and not one.symptom.startswith("CsPort"))
            for row in other.rows
        )

    def _hides(self, other: Placed) -> bool:
        """Whether nothing could be told, because of this fault, of a host that concerns the other."""
        concerned = other.touched | other.blinded
        return bool(self.blinded) and bool(self.blinded & concerned or ANY in self.blinded | concerned)

    def _named(self, text: str) -> str:
        return text.replace(HERE, self.host)

    def _row(self, row: Row) -> Row:
        return Row(self._named(row.host), row.symptom)


def _alike(one: Row, other: Row) -> bool:
    return one.symptom == other.symptom and (one.host == other.host or ANY in {one.host, other.host})
