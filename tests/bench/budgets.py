"""What one poll of a hypervisor may take: all nine probes of one that is well, due at once, in the steady state.

Counted where `work.py` counts. A change that makes one of these dearer either has a reason, which goes into the commit
that raises the number here, or is a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STALE = 0.5
"""Of a budget: whoever needs less than that has made it worthless, and enters what is needed now."""


@dataclass(frozen=True)
class Budget:
    """A count that a poll was measured at, and by how much of it one may be above that."""

    name: str
    measured: float
    margin: float
    counts: str

    @property
    def most(self) -> float:
        """The highest count that is let pass."""
        return self.measured * (1 + self.margin)

    def complaint(self, found: float) -> str | None:
        """What is wrong with a count; None if it keeps the budget."""
        said = (
            f"{self.name} is {found:g}, measured was {self.measured:g} and at most {self.most:g} may be ({self.counts})"
        )
        if found > self.most:
            return said
        return f"lower the budget: {said}" if found < STALE * self.measured else None


BUDGETS = (
    Budget("requests", 3, 0, "round trips of the SSH session: everything in one, and two short ones for the clock"),
    Budget("request_bytes", 598, 0.15, "bytes of the requests"),
    Budget("answer_bytes", 1831, 0.15, "bytes of the answers"),
    Budget("wire_out", 824, 0.15, "bytes to the host on the SSH connection, as the host's kernel counts them"),
    Budget("wire_in", 3150, 0.15, "bytes from the host on the SSH connection, as the host's kernel counts them"),
    Budget("exporter_calls", 210, 0.20, "system calls of the exporter's process, all threads"),
    Budget("host_calls", 7130, 0.20, "system calls of the polling account's processes on the host"),
    Budget("host_forks", 71, 0, "processes that these make"),
    Budget("ssh_handshakes", 0, 0, "logins: the connection is kept"),
    Budget("sessions_dropped", 0, 0, "sessions ended for want of an answer"),
    Budget("dials", 0, 0, "connections begun from the exporter: none of a hypervisor's ports bears one"),
    Budget("tunnels", 0, 0, "connections begun from the host"),
    Budget("echoes", 0, 0, "packets that the exporter sends to measure a path: the hosts measure theirs"),
    Budget("rpc_calls", 0, 0, "RPC calls: those are for storage"),
    Budget("sql_logins", 0, 0, "logins to a database"),
    Budget("sql_queries", 0, 0, "queries of a database"),
    Budget("api_calls", 0, 0, "pages of a cloud's API"),
    Budget("http_requests", 0, 0, "requests over HTTP"),
)


def complaints(work: Mapping[str, float]) -> dict[str, str]:
    """By name, what is wrong with a poll's work; a count that has no budget is wrong as well."""
    known = {budget.name: budget for budget in BUDGETS}
    found = {name: known[name].complaint(count) if name in known else "has no budget" for name, count in work.items()}
    missing = dict.fromkeys(known.keys() - work.keys(), "was not counted")
    return {name: said for name, said in found.items() if said is not None} | missing
