"""A stand for tests of the probe nfs_mounts: a host made of captures, whose statfs answers as the test says.

Fakes of our own ports only; the real collector, kernel and server are in test_nfs_mounts_live.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cs_exporter.model import Host, Mount, ProbeFailed, Reason, Role
from cs_exporter.ports import Answer, Answers, AnswerState, ClockSample, Last, RpcReply, RpcVerdict, SectionCall
from cs_exporter.probes.nfs import nfs_mounts
from cs_exporter.probes.nfs.nfs_mounts import NfsMountsReading, NfsMountsSettings
from cs_exporter.probes.nfs.verdicts import MountRow
from tests import world

R = TypeVar("R")

CAPTURES = Path(__file__).parents[2] / "captures" / "nfs"
SAMPLE = ClockSample(1.8e9, 1e-6, 1.8e9, 0.001)

FIRST = "/mnt/5f2c7e64-6c2f-3b9a-8d0e-0c9b1f7a1d11"
SECOND = "/mnt/b1d9a2f0-3c57-3e0c-9f43-7a6d2e8c4b90"
SERVER = "srv"

STALE = b"stat: cannot read file system information for '/mnt/x': Stale file handle\n"


def capture(state: str, name: str) -> str:
    """A captured file of a host in that state."""
    return (CAPTURES / state / f"{name}.txt").read_text(encoding="utf-8")


def ok(seconds: float | None = 0.01) -> Answer:
    """A statfs that answered."""
    return Answer(SectionCall("statfs"), AnswerState.DONE, 0, b"nfs\n", seconds)


def failed(status: int, output: bytes) -> Answer:
    """A statfs that ended with that status."""
    return Answer(SectionCall("statfs"), AnswerState.DONE, status, output)


LATE = Answer(SectionCall("statfs"), AnswerState.LATE)


@dataclass
class FakeShell:
    """ports.Shell: /proc as given, statfs per mount point (`ok` where nothing is said)."""

    proc: str
    statfs: Mapping[str, Answer] = field(default_factory=dict)
    asked: list[SectionCall] = field(default_factory=list)
    failure: ProbeFailed | None = None

    async def ask(self, *calls: SectionCall) -> Answers:
        """See ports.Shell."""
        if self.failure is not None:
            raise self.failure
        self.asked += calls
        answers = {}
        for call in calls:
            if call.name == "nfs_proc":
                answers[call] = Answer(call, AnswerState.DONE, 0, self.proc.encode())
            else:
                said = self.statfs.get(call.arguments[0], ok())
                answers[call] = Answer(call, said.state, said.status, said.output, said.seconds)
        return Answers(SAMPLE, answers)

    async def clock(self) -> ClockSample:
        """See ports.Shell."""
        return SAMPLE


@dataclass
class FakeRpc:
    """ports.Rpc of one server: per program and version a verdict or a failure; ports of registered programs."""

    programs: Mapping[tuple[int, int], RpcVerdict | Reason] = field(default_factory=dict)
    ports: Mapping[int, int] = field(default_factory=dict)
    asked: list[tuple[str, int, int, int]] = field(default_factory=list)
    ours: bool = False  # whether failures are on our side

    async def null(self, address: str, port: int, program: int, version: int, deadline: float) -> RpcReply:
        """See ports.Rpc."""
        self.asked.append((address, port, program, version))
        said = self.programs.get((program, version), Reason.REFUSED)
        if isinstance(said, Reason):
            raise ProbeFailed(said, f"RPC {address}:{port}, {deadline:g} s", ours=self.ours)
        return RpcReply(said, 0.002)

    async def getport(self, address: str, program: int, version: int, deadline: float) -> int:
        """See ports.Rpc."""
        said = self.programs.get((100000, 2), Reason.REFUSED)
        if isinstance(said, Reason):
            raise ProbeFailed(
                said, f"portmapper {address}, program {program} version {version}, {deadline:g} s", ours=self.ours
            )
        return self.ports.get(program, 0)


@dataclass
class FakeClock:
    """ports.Clock that stands where the test put it."""

    now: float = 1000.0

    def time(self) -> float:
        """See ports.Clock."""
        return 1.8e9

    def monotonic(self) -> float:
        """See ports.Clock."""
        return self.now


@dataclass
class Stand:
    """A host that can be polled again and again; each run sees the reading of the one before."""

    host: Host
    shell: FakeShell
    rpc: FakeRpc = field(default_factory=FakeRpc)
    settings: NfsMountsSettings = field(default_factory=NfsMountsSettings)
    clock: FakeClock = field(default_factory=FakeClock)
    last: Last[NfsMountsReading] | None = None

    async def poll(self, later: float = 30.0) -> NfsMountsReading:
        """Run the probe, `later` seconds after the run before."""
        self.clock.now += later
        io = world.io(shell=self.shell, rpc=self.rpc, clock=self.clock, previous=self._previous)
        reading = await nfs_mounts.probe(self.host, io, self.settings)
        self.last = Last(reading, self.clock.now)
        return reading

    def _previous(self, kind: type[R]) -> Last[R] | None:
        if self.last is None or not isinstance(self.last.reading, kind):
            return None
        return Last(self.last.reading, self.last.monotonic)


def proc(state: str) -> str:
    """What the section nfs_proc of a captured host says."""
    return capture(state, "mountinfo") + capture(state, "mountstats")


def address_of(state: str) -> str:
    """The server's address in a capture of a User-Mode-Linux host; each was taken on a network of its own."""
    return capture(state, "mountinfo").partition(" nfs4 ")[2].partition(":")[0]


def pools(state: str, *, version: str | None = None, readonly: bool = False) -> tuple[Mount, ...]:
    """The two pools that a captured User-Mode-Linux host is expected to have; the options are the first one's."""
    address = address_of(state)
    return (
        Mount(FIRST, SERVER, address, "/export/primary", readonly=readonly, version=version),
        Mount(SECOND, SERVER, address, "/export/primary2"),
    )


def stand(state: str, *mounts: Mount, **statfs: Answer) -> Stand:
    """A hypervisor in a captured state; `first` and `second` say what statfs on the pools gives."""
    points = {"first": FIRST, "second": SECOND}
    shell = FakeShell(proc(state), {points[name]: answer for name, answer in statfs.items()})
    return Stand(Host("kvm1", "192.0.2.1", roles=frozenset({Role.HYPERVISOR}), mounts=mounts), shell)


def row(reading: NfsMountsReading, mountpoint: str = FIRST) -> MountRow:
    """The row of one mount."""
    (found,) = [row for row in reading.mounts if row.mountpoint == mountpoint]
    return found
