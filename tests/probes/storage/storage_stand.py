"""A stand for tests of the probe storage_heartbeat: a hypervisor whose heartbeat files say what the test wants.

Fakes of our own ports only; the real collector, kernel and server are in tests/live/test_storage_heartbeat.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from cs_exporter.model import Host, Mount, Role
from cs_exporter.ports import Answer, Answers, AnswerState, ClockSample, Last, SectionCall
from cs_exporter.probes.storage import storage_heartbeat
from cs_exporter.probes.storage.storage_heartbeat import StorageHeartbeatReading, StorageHeartbeatSettings
from tests import world

R = TypeVar("R")

WALL = 1_800_000_000.0
FIRST, SECOND = "/mnt/5f2c7e64-6c2f-3b9a-8d0e-0c9b1f7a1d11", "/mnt/b1d9a2f0-3c57-3e0c-9f43-7a6d2e8c4b90"
ARMED = b"readable\n"
OFF = b"readable\nreboot.host.and.alert.management.on.heartbeat.timeout=false\n"
ABSENT = (1, b"head: cannot open: No such file or directory\n")
LATE = "late"

HOST = Host(
    "kvm1",
    "192.0.2.1",
    roles=frozenset({Role.HYPERVISOR}),
    mounts=tuple(Mount(point, "nfs1", "192.0.2.9", "/export") for point in (FIRST, SECOND)),
)


@dataclass
class Stand:
    """A hypervisor that is polled again and again; `files`: what each mount gives, a stamp by its monotonic time."""

    host: Host = HOST
    files: dict[str, float | tuple[int, bytes] | str] = field(default_factory=dict)
    properties: bytes | None = ARMED
    settings: StorageHeartbeatSettings = field(default_factory=StorageHeartbeatSettings)
    skew: float = 0.0
    now: float = 1000.0
    last: Last[StorageHeartbeatReading] | None = None
    asked: tuple[SectionCall, ...] = ()

    def time(self) -> float:
        """See ports.Clock."""
        return WALL + self.now

    def monotonic(self) -> float:
        """See ports.Clock."""
        return self.now

    async def ask(self, *calls: SectionCall) -> Answers:
        """See ports.Shell."""
        self.asked = calls
        return Answers(await self.clock(), {call: self._answer(call) for call in calls})

    async def clock(self) -> ClockSample:
        """See ports.Shell."""
        return ClockSample(self.time() + self.skew + 0.005, 1e-6, self.time(), 0.01)

    def _answer(self, call: SectionCall) -> Answer:
        if call.name == "agent_properties":
            if self.properties is None:
                return Answer(call, AnswerState.UNSUPPORTED)
            return Answer(call, AnswerState.DONE, 0, self.properties)
        said = self.files.get(call.arguments[0], ABSENT)
        if said == LATE:
            return Answer(call, AnswerState.LATE)
        if isinstance(said, str):
            return Answer(call, AnswerState.UNSUPPORTED)
        if isinstance(said, tuple):
            return Answer(call, AnswerState.DONE, *said)
        return Answer(call, AnswerState.DONE, 0, f"{int(WALL + self.skew + said)}\n".encode())

    async def poll(self, later: float = 30.0) -> StorageHeartbeatReading:
        """Run the probe, `later` seconds after the run before."""
        self.now += later
        io = world.io(shell=self, clock=self, previous=self._previous)
        reading = await storage_heartbeat.probe(self.host, io, self.settings)
        self.last = Last(reading, self.now)
        return reading

    def _previous(self, kind: type[R]) -> Last[R] | None:
        if self.last is None or not isinstance(self.last.reading, kind):
            return None
        return Last(self.last.reading, self.last.monotonic)
