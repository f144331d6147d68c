"""A stand for tests of followed logs: a real collector asked by the probe itself, by a clock that the test moves.

Lines are those of CloudStack in its two layouts, as its sources and operators' logs have them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cs_exporter.model import Host, Role
from cs_exporter.ports import Answer, Answers, AnswerState, ClockSample, Last, SectionCall
from cs_exporter.probes.logs import management_log
from cs_exporter.probes.logs.following import SECTION
from cs_exporter.probes.logs.management_log import ManagementLogSettings
from cs_exporter.probes.logs.reading import ManagementLogReading
from cs_exporter.transports.collector.script import assemble
from tests import world
from tests.transports.collector.running import DASH, RunningCollector, ShellKind, collector

R = TypeVar("R")

SCRIPT = assemble((SECTION,)).text
HOST = Host("ms1", "192.0.2.1", roles=frozenset({Role.MANAGEMENT}))
WALL = 1_800_000_000.0

OLD = "2021-09-20 13:06:00,866 DEBUG [c.c.a.m.AgentManagerImpl] (AgentManager-Handler-13:null) (logid:) "
NEW = "2026-07-29 07:35:03,055 DEBUG [c.c.a.m.ClusteredAgentManagerImpl] (AgentManager-Handler-3:[]) (logid:) "
OTHER = "2026-07-29 07:35:03,055 INFO  [c.c.v.VirtualMachineManagerImpl] (Work-Job-Executor-3:[ctx-9]) (logid:9) "


def uuid_of(number: int) -> str:
    """The uuid of a host, by its number."""
    return str(uuid.UUID(int=number << 64))


def name_of(number: int) -> str:
    """The name of a host, by its number."""
    return f"kvm{number}.zone1.example"


def old_ping(number: int) -> str:
    """A line about a ping, up to 4.19."""
    return f"{OLD}Ping from Routing host {number}({name_of(number)})\n"


def new_ping(number: int) -> str:
    """The same since 4.20."""
    who = {"_id": number, "_name": name_of(number), "_uuid": uuid_of(number)}
    return f"{NEW}Ping from Routing host AgentAttache {json.dumps(who, separators=(',', ':'))}\n"


def direct_ping(number: int) -> str:
    """A ping of a host that the server asks itself, since 4.20."""
    return f"{NEW}Ping from [id: {number}, uuid: {uuid_of(number)}, name: {name_of(number)}]\n"


def behind(*numbers: int) -> str:
    """Agents whose pings do not come."""
    return f"{NEW}Found the following agents behind on ping: [{', '.join(map(str, numbers))}]\n"


@dataclass
class LogStand:
    """A management server whose log is looked at again and again."""

    running: RunningCollector
    path: Path
    settings: ManagementLogSettings
    now: float = 1000.0
    last: Last[ManagementLogReading] | None = None
    asked: SectionCall | None = None
    answers: list[Answer] = field(default_factory=list)

    def time(self) -> float:
        """See ports.Clock."""
        return WALL + self.now

    def monotonic(self) -> float:
        """See ports.Clock."""
        return self.now

    async def ask(self, *calls: SectionCall) -> Answers:
        """See ports.Shell."""
        (call,) = calls
        self.asked = call
        frame = (await self.running.ask((call.name, call.limit, call.arguments)))[0]
        if frame.late:
            answer = Answer(call, AnswerState.LATE)
        else:
            assert frame.status is not None
            answer = Answer(call, AnswerState.DONE, frame.status, frame.output, frame.seconds)
        self.answers.append(answer)
        return Answers(await self.clock(), {call: answer})

    async def clock(self) -> ClockSample:
        """See ports.Shell."""
        return ClockSample(self.time(), 1e-6, self.time(), 0.01)

    def previous(self, kind: type[R], /) -> Last[R] | None:
        """See ports.Previous."""
        if self.last is None or not isinstance(self.last.reading, kind):
            return None
        return Last(self.last.reading, self.last.monotonic)

    async def look(self, later: float = 15.0) -> ManagementLogReading:
        """Run the probe, `later` seconds after the run before. An answer that is lost changes nothing."""
        self.now += later
        reading = await management_log.probe(
            HOST, world.io(shell=self, clock=self, previous=self.previous), self.settings
        )
        self.last = Last(reading, self.now)
        return reading

    async def look_in_vain(self) -> None:
        """A look whose answer never arrives."""
        before = self.last
        await self.look()
        self.last = before

    def write(self, *lines: str | bytes) -> None:
        """The server writes."""
        with self.path.open("ab") as file:
            for line in lines:
                file.write(line if isinstance(line, bytes) else line.encode())

    def heard(self) -> Sequence[int]:
        """Who was heard in the last look."""
        assert self.last is not None
        return sorted(one.number for one in self.last.reading.heard.values() if one.at == self.now)


@asynccontextmanager
async def log_stand(folder: Path, shell: ShellKind = DASH, **settings: int) -> AsyncIterator[LogStand]:
    """A server whose log is there and empty, and a collector at it under that shell."""
    path = folder / "management-server.log"
    path.touch()
    chosen = ManagementLogSettings.model_validate({"path": str(path), **settings})
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    async with collector(shell, programs, SCRIPT) as running:
        yield LogStand(running, path, chosen)
