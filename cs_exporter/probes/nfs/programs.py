"""Whether an NFS server answers RPC calls, asked from the exporter without a mount: the third witness.

A server is asked once, as the host it is (role `storage`), and not by way of every hypervisor that mounts it: 500 of
them would ask 500 times, and all their readings would claim the same series. A server that is to be asked is listed
as a host; mounts of a server that is not are watched by their other two witnesses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.parsers import rpc as messages
from cs_exporter.ports import Rpc, RpcVerdict


class ServerProgram(StrEnum):
    """An RPC program that an NFS server may have."""

    PORTMAPPER = "portmapper"
    MOUNTD = "mountd"
    NFS3 = "nfs3"
    NFS4 = "nfs4"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a program is asked; port None: where the portmapper says."""

    name: str
    program: int
    version: int
    port: int | None


TARGETS = {
    ServerProgram.PORTMAPPER: Target("portmapper", messages.PORTMAPPER, 2, messages.PORTMAPPER_PORT),
    ServerProgram.MOUNTD: Target("mountd", messages.MOUNTD, 3, None),
    ServerProgram.NFS3: Target("nfs", messages.NFS, 3, messages.NFS_PORT),
    ServerProgram.NFS4: Target("nfs", messages.NFS, 4, messages.NFS_PORT),
}

_NOT_OFFERED = frozenset((RpcVerdict.PROGRAM_UNAVAILABLE, RpcVerdict.VERSION_MISMATCH))


@dataclass(frozen=True, slots=True)
class ProgramRow:
    """One program of a server. `latency` in seconds, where it answered."""

    program: str
    version: str
    up: bool
    latency: float | None = None
    detail: str = ""
    declined: bool = False  # the server answered that it does not offer it
    seen_up: bool = False  # now, or since the exporter started
    wanted: bool = True  # False where it is declined and nobody misses it: then it is not exported


async def ask(
    rpc: Rpc,
    address: str,
    listed: Iterable[ServerProgram] | None,
    deadline: float,
    before: tuple[ProgramRow, ...],
) -> tuple[ProgramRow, ...]:
    """Ask a server for its programs, all at once, each call within `deadline` seconds. A program that fails is a row.

    Raises ProbeFailed where our own side prevents it: that we have no descriptor left, or that the name does not
    resolve, says nothing of the server.

    `listed` None: all of them are asked, and one that the server declines matters only if it has been up before, or if
    no version of NFS is up at all: servers without NFSv3 need neither mountd nor a portmapper.
    """
    programs = TARGETS if listed is None else listed
    answers = await asyncio.gather(*(_ask(rpc, address, TARGETS[program], deadline) for program in programs))
    rows = [answer for answer in answers if isinstance(answer, ProgramRow)]
    for answer in answers:
        if isinstance(answer, ProbeFailed):
            raise answer
    earlier = {(row.program, row.version) for row in before if row.seen_up}
    serving = any(row.up for row in rows if row.program == "nfs")
    return tuple(_weighed(row, earlier, missed=listed is not None or not serving) for row in rows)


def _weighed(row: ProgramRow, earlier: set[tuple[str, str]], *, missed: bool) -> ProgramRow:
    seen_up = row.up or (row.program, row.version) in earlier
    return replace(row, seen_up=seen_up, wanted=seen_up or missed or not row.declined)


async def _ask(rpc: Rpc, address: str, target: Target, deadline: float) -> ProgramRow | ProbeFailed:
    """One program's row, or the failure where it is ours: returned, so that the other calls come to their end."""
    version = str(target.version)
    try:
        port = target.port or await rpc.getport(address, target.program, target.version, deadline)
        if port == 0:
            return ProgramRow(target.name, version, up=False, declined=True, detail="not registered")
        reply = await rpc.null(address, port, target.program, target.version, deadline)
    except ProbeFailed as failure:
        if failure.ours:
            return failure
        declined = failure.reason is Reason.REFUSED
        return ProgramRow(target.name, version, up=False, declined=declined, detail=str(failure))
    if reply.verdict is RpcVerdict.UP:
        return ProgramRow(target.name, version, up=True, latency=reply.latency)
    offered = "" if reply.lowest is None else f": offers {reply.lowest} to {reply.highest}"
    detail = reply.verdict.value.replace("_", " ") + offered
    return ProgramRow(target.name, version, up=False, declined=reply.verdict in _NOT_OFFERED, detail=detail)


def exported(rows: Iterable[ProgramRow]) -> Iterator[ProgramRow]:
    """The rows that are anybody's concern."""
    return (row for row in rows if row.wanted)
