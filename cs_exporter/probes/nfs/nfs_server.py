"""The sheet of the probe `nfs_server`: whether an NFS server serves, by RPC calls from here, without a mount.

A probe of its own and not a part of nfs_mounts: it needs nobody to log in, so it goes on telling of a server that is
dead for SSH as well, whatever other roles the host has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pydantic import Field

from cs_exporter.model import Host, Role
from cs_exporter.ports import Io
from cs_exporter.probes.nfs import programs as nfs_programs
from cs_exporter.probes.nfs.programs import ProgramRow, ServerProgram
from cs_exporter.spec import (
    Cause,
    Limit,
    Metric,
    Op,
    ProbeSettings,
    ProbeSpec,
    Sample,
    Seconds,
    Severity,
    Symptom,
    rows,
)


class NfsServerSettings(ProbeSettings):
    """Settings of the probe nfs_server."""

    programs: tuple[ServerProgram, ...] | None = Field(
        default=None, description="what an NFS server (role storage) must have; default: what it has once had"
    )
    deadline: Seconds = Field(default=2.0, gt=0, le=30, description="of one RPC call to the server")

    def longest_wait(self) -> float:
        """A server that says nothing is a verdict too; mountd takes two calls, as the portmapper is asked first."""
        return 2 * self.deadline


@dataclass(frozen=True, slots=True)
class NfsServerReading:
    """The programs of an NFS server."""

    programs: tuple[ProgramRow, ...] = ()


async def probe(host: Host, io: Io, settings: NfsServerSettings) -> NfsServerReading:
    """Ask the server's programs at the host's address. Raises ProbeFailed where our own side prevents it."""
    last = io.previous(NfsServerReading)
    before = last.reading.programs if last else ()
    return NfsServerReading(await nfs_programs.ask(io.rpc, host.address, settings.programs, settings.deadline, before))


def _of_programs(name: str, help_text: str, value: Callable[[ProgramRow], float | None]) -> Metric[NfsServerReading]:
    """A metric with a sample per program that has a value."""

    def read(reading: NfsServerReading) -> Iterable[Sample]:
        values = ((row, value(row)) for row in nfs_programs.exported(reading.programs))
        return [Sample(float(number), (row.program, row.version)) for row, number in values if number is not None]

    return rows(name, help_text, ("program", "version"), read)


METRICS = (
    _of_programs(
        "cs_nfs_server_up",
        "Whether the server answers a NULL call of this RPC program from the exporter, without a mount.",
        lambda row: row.up,
    ),
    _of_programs(
        "cs_nfs_server_latency_seconds",
        "Time from sending the RPC NULL call to its reply, by the exporter.",
        lambda row: row.latency,
    ),
)

SYMPTOMS = (
    Symptom(
        name="CsNfsServerDown",
        sees="An NFS server does not answer RPC calls of one of its programs.",
        metric="cs_nfs_server_up",
        limit=Limit(Op.EQUALS, 0, step=1),
        runs=2,
        cause=Cause.STORAGE,
        severity=Severity.CRITICAL,
        victims="server",
        unit="boolean",
        means="New mounts fail (portmapper, mountd), or all mounts hang (nfs). An open TCP port proves nothing: a "
        "frozen server still accepts connections.",
        look=(
            "rpcinfo -p HOST, on one of its clients",
            "rpcinfo -T tcp HOST nfs, on one of its clients",
            "systemctl status nfs-server rpcbind",
            "dmesg | tail",
        ),
        fix="Start what is down (nfs-server, rpcbind, nfs-mountd). If it runs and is silent, look at what its threads "
        "wait for; if it is refused or unreachable from here only, mend packet filter or route.",
    ),
    Symptom(
        name="CsNfsServerSlow",
        sees="An NFS server takes long to answer a call that does nothing.",
        metric="cs_nfs_server_latency_seconds",
        limit=Limit(Op.ABOVE, 0.5, step=0.01),
        runs=3,
        cause=Cause.STORAGE,
        severity=Severity.WARNING,
        victims="server",
        unit="seconds",
        means="No disk is involved in this call: the server's threads are all busy, its processor is, or packets get "
        "lost.",
        look=("cat /proc/net/rpc/nfsd", "uptime", "ping -c 20 -i 0.2 HOST, on one of its clients"),
        fix="Give nfsd more threads (nfsd.conf or /proc/fs/nfsd/threads), find who loads it, or mend the network.",
    ),
)

SPEC: ProbeSpec[NfsServerSettings, NfsServerReading] = ProbeSpec(
    name="nfs_server",
    question="Does the NFS server serve, asked by RPC from here?",
    settings=NfsServerSettings,
    reading=NfsServerReading,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    applies=lambda host: Role.STORAGE in host.roles,
)
