"""The stage of replays whose rows are agents': a real MariaDB that is written and read at the timeline's own time.

A controller, two computes, a network node and the cloud's pseudo-host; each row is written at the second at which it
was, by the clock that its writer had.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from cs_exporter.model import Connection, Host, Role
from cs_exporter.ports import Io, Previous
from tests import world
from tests.lab.mysql import MysqlServer
from tests.lab.openstack_database import INTERVALS, Agent, AtTime, OpenStackDatabase
from tests.lab.openstack_schema import CINDER, NEUTRON, NOVA
from tests.platforms.openstack.database.openstack_stand import account, endpoint
from tests.platforms.openstack.replay.stage import Course, Stage, StageClock, settings
from tests.platforms.openstack.replay.timelines import Beat, Story, Who
from tests.transports.mysql.databases import servers

CLOUD = "endpoint:os1"
PLATFORM = "os1"
MACHINES: Mapping[str, frozenset[Role]] = {
    "ctl1": frozenset({Role.CONTROLLER, Role.MESSAGE_BUS}),
    "cmp1": frozenset({Role.HYPERVISOR}),
    "cmp2": frozenset({Role.HYPERVISOR}),
    "net1": frozenset({Role.NETWORK}),
}

Change = Callable[[OpenStackDatabase, Mapping[Who, Agent]], None]


@dataclass
class AgentsStage:
    """`stage` polls, `database` is written. `events`: second -> what an operator changes then.

    `each`: called at every second, with it, before anybody is polled.
    """

    stage: Stage
    database: OpenStackDatabase
    agents: dict[Who, Agent]
    story: Story
    events: Mapping[int, Change] = field(default_factory=dict)
    each: Callable[[float], None] = lambda _now: None
    _next: dict[Who, int] = field(default_factory=dict)

    async def play(self, until: float | None = None) -> Course:
        """Second by second."""
        clock = self.stage.clock
        while clock.now <= (self.story.seconds if until is None else until):
            self._write(clock.now)
            if int(clock.now) in self.events:
                self.events[int(clock.now)](self.database, self.agents)
            self.each(clock.now)
            await self.stage.second()
            clock.now += 1
        return self.stage.course

    def _write(self, now: float) -> None:
        for who, beats in self.story.beats.items():
            due = self._next.get(who, int(beats[0].at <= 0))
            while due < len(beats) and beats[due].at <= now:
                self.database.report(self.agents[who], ahead=beats[due].stamp - now)
                due += 1
            self._next[who] = due


def written(database: OpenStackDatabase, who: Who, first: Beat) -> Agent:
    """An agent's row as it is when the replay begins, some time after its last report."""
    age = -first.stamp if first.at <= 0 else max(0.0, INTERVALS[who.service] - first.at)
    if who.service == NOVA:
        return database.nova(who.host, who.binary, age=age, report_count=100)
    if who.service == NEUTRON:
        return database.neutron(who.host, who.binary, age=age)
    if who.host.endswith("@badlvm"):
        return database.uninitialised(who.host, age=700)
    return database.cinder(who.host, who.binary, age=age, report_count=100)


@asynccontextmanager
async def agents_stage(
    server: MysqlServer,
    told: Story,
    *,
    phase: int = 0,
    events: Mapping[int, Change] | None = None,
    asked: Mapping[str, tuple[str, ...]] | None = None,
    more: Callable[[Io, Host], Io] = lambda io, _host: io,
    hosts: Mapping[str, Host] | None = None,
) -> AsyncIterator[AgentsStage]:
    """The cloud of a story, ready to be played. `more` gives runs what else they ask through."""
    clock = StageClock()
    database = OpenStackDatabase(server, clock=clock.time)
    database.create()
    account(database)
    try:
        agents = {who: written(database, who, beats[0]) for who, beats in told.beats.items()}
        names = {name: name for name in MACHINES}
        cloud = replace(
            endpoint(database),
            name=CLOUD,
            platform=PLATFORM,
            connection=Connection.NONE,
            names=names,
            settings=settings(),
        )
        machines = {
            name: Host(name, f"192.0.2.{number}", PLATFORM, roles, settings=settings())
            for number, (name, roles) in enumerate(MACHINES.items(), 1)
        }
        everybody = {CLOUD: cloud, **machines, **(hosts or {})}
        async with servers() as transport:
            sql = AtTime(transport.of(cloud), clock.time)

            def io_of(host: Host, previous: Previous) -> Io:
                return more(world.io(sql=sql, clock=clock, previous=previous), host)

            polled = {"openstack_agents": (CLOUD,), **(asked or {})}
            stage = Stage(clock, everybody.values(), polled, io_of, phase)
            yield AgentsStage(stage, database, agents, told, events or {})
    finally:
        database.drop()


def only(told: Story, *services: str) -> Story:
    """The story of these services alone."""
    return replace(told, beats={who: beats for who, beats in told.beats.items() if who.service in services})


OF_ALL = (NOVA, NEUTRON, CINDER)
