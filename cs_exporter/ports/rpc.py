"""ONC RPC as a probe asks it: whether a program serves, without a mount and without logging in.

The exporter itself calls; an open port proves nothing, an answer to procedure 0 does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class RpcVerdict(StrEnum):
    """What an RPC NULL call says about a program."""

    UP = "up"
    PROGRAM_UNAVAILABLE = "program_unavailable"
    VERSION_MISMATCH = "version_mismatch"
    REJECTED = "rejected"  # any other well-formed refusal


@dataclass(frozen=True, slots=True)
class RpcReply:
    """The reply to a NULL call: `latency` from sending the call to its reply, seconds; versions where mismatched."""

    verdict: RpcVerdict
    latency: float
    lowest: int | None = None
    highest: int | None = None


class Rpc(Protocol):
    """ONC RPC over TCP (RFC 5531), from the exporter. All errors are ProbeFailed."""

    async def null(self, address: str, port: int, program: int, version: int, deadline: float) -> RpcReply:
        """Call procedure 0 within `deadline` seconds."""

    async def getport(self, address: str, program: int, version: int, deadline: float) -> int:
        """Ask the portmapper (port 111, version 2) for a program's TCP port; 0 where it is not registered."""
