"""E2, E6 and E7 with all that tells of them: rows, the bus's own pages, the catalog's endpoints; one fault, one page.

The bus is a server that replays captures, with the counts of the timeline's looks.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

import pytest

from cs_exporter.model import Host, Role
from cs_exporter.ports import ApiRow, Counters, Dial, Io, PortState, Talk
from cs_exporter.probes.rabbitmq.settings import RabbitmqSettings
from cs_exporter.transports.http import HttpClient
from tests.lab.mysql import MysqlServer
from tests.lab.rabbitmq import Bus, RabbitmqNode
from tests.platforms.openstack.replay.agents_stage import CLOUD, PLATFORM, AgentsStage, agents_stage
from tests.platforms.openstack.replay.stage import settings
from tests.platforms.openstack.replay.test_agents import LATE, LEAD, SECOND_LOOK, frozen_conductor
from tests.platforms.openstack.replay.timelines import CAPTURES, Look, Story, joined, read, story

BUS = "bus1"
PHASES = pytest.mark.parametrize("phase", [0, 7, 11])
_QUEUE = re.compile(r"([\w.-]+)=r(\d+)/u(\d+)/c(\d+)")
ANSWERS = Dial(PortState.OPEN, "", 0.001, 0, 0.006, b"HTTP/1.0 401 Unauthorized\r\n")
FROZEN = Dial(PortState.MUTE, "accepted, and said nothing")
NEUTRON = 9696


@dataclass
class Endpoints:
    """ports.Dialer and ports.CloudApi of a cloud whose APIs all answer, but for those ports that are frozen."""

    frozen: set[int] = field(default_factory=set)

    async def dial(self, address: str, port: int, talk: Talk, deadline: float) -> Dial:
        """See ports.Dialer."""
        del address, talk, deadline
        return FROZEN if port in self.frozen else ANSWERS

    async def listed(self, command: str, deadline: float, **arguments: str) -> tuple[ApiRow, ...]:
        """See ports.CloudApi."""
        assert ("keystone.endpoints", {}) == (command, arguments)
        assert deadline > 0
        return tuple(json.loads((CAPTURES / "keystone-catalog.json").read_text(encoding="utf-8"))["catalog"])


@contextmanager
def bus_host() -> Iterator[tuple[Bus, Host]]:
    """A node of the message bus that answers, and the host that it is."""
    with RabbitmqNode() as node:
        own = RabbitmqSettings(prometheus_port=node.prometheus_port, answer_limit=5.0)
        names = {name: name for name in ("ctl1", "cmp1", "cmp2", "net1")}
        roles = frozenset({Role.MESSAGE_BUS})
        yield (
            node.bus,
            Host(BUS, "127.0.0.1", PLATFORM, roles, names=names, settings={**settings(), "rabbitmq": own}),
        )


@asynccontextmanager
async def whole(server: MysqlServer, told: Story, phase: int) -> AsyncIterator[tuple[AgentsStage, Bus, Endpoints]]:
    """The cloud with its bus and its APIs."""
    http, endpoints = HttpClient(Counters()), Endpoints()

    def more(io: Io, host: Host) -> Io:
        del host
        return replace(io, http=http, tcp=endpoints, api=endpoints)

    with bus_host() as (bus, host):
        asked = {"rabbitmq": (BUS,), "openstack_endpoints": (CLOUD,)}
        async with agents_stage(server, told, phase=phase, asked=asked, more=more, hosts={BUS: host}) as playing:
            yield playing, bus, endpoints
    await http.close()


def at(told: Story, now: float) -> Look:
    """The last look until then, or the first one."""
    return next((one for one in reversed(told.looks) if one.at <= now), told.looks[0])


def held(told: Story, bus: Bus, now: float) -> None:
    """What the node says at that second: the alarm, and the queues that were written down."""
    text = at(told, now).text
    bus.alarm = "watermark 1" in text
    bus.counts = {name: (int(ready), int(unacked), int(there)) for name, ready, unacked, there in _QUEUE.findall(text)}


def less(heard: dict[str, set[str]], *names: str) -> dict[str, set[str]]:
    """Without these."""
    return {name: hosts for name, hosts in heard.items() if name not in names}


@PHASES
async def test_a_memory_alarm(phase: int, mariadb: MysqlServer) -> None:
    """E6: the bus's alarm pages long before anybody is down; that nobody reports is the same page."""
    told = story(joined(*read("E5")), lead=LEAD)
    async with whole(mariadb, told, phase) as (playing, bus, _):
        playing.each = lambda now: held(told, bus, now)
        course = await playing.play()
    assert {"CsRabbitmqAlarm": {BUS}} == less(course.told(), "CsRabbitmqConnectionsBlocked", *LATE[:1])
    down = min(second for second, _, up in told.said if not up)
    assert course.first("CsRabbitmqAlarm") <= LEAD + 12 + 31
    assert down - course.first("CsRabbitmqAlarm") >= 15


@PHASES
async def test_a_frozen_conductor(phase: int, mariadb: MysqlServer) -> None:
    """E2: messages that nobody confirms and rows that nobody writes are one page; the DHCP agent has one of its own."""
    told = frozen_conductor()
    async with whole(mariadb, told, phase) as (playing, bus, _):
        playing.each = lambda now: held(told, bus, now)
        course = await playing.play()
    queues = {name: hosts for name, hosts in course.told().items() if name.startswith("CsRabbitmq")}
    assert {"net1"} >= set().union(*queues.values()), queues
    expected = {"CsOpenStackConductorSilent": {CLOUD}, "CsOpenStackAgentDown": {"net1"}}
    assert expected == less(course.told(), *queues, *LATE)


@PHASES
async def test_a_frozen_neutron_server(phase: int, mariadb: MysqlServer) -> None:
    """E7: its port accepts all the time, which says nothing; that no agent reports is one page, ahead of "down"."""
    told = story(joined(*read("E7")), lead=LEAD)
    thawed = told.looks[-4].at - 4
    async with whole(mariadb, told, phase) as (playing, bus, endpoints):

        def each(now: float) -> None:
            held(told, bus, now)
            endpoints.frozen = {NEUTRON} if LEAD < now < thawed else set()

        playing.each = each
        course = await playing.play()
    assert {"CsOpenStackNeutronServerSilent": {CLOUD}} == less(course.told(), *LATE[:1])
    [seen] = [seconds[0] for one, seconds in course.red.items() if one.name == "CsOpenStackNeutronServerSilent"]
    assert seen <= LEAD + 46
    assert course.first("CsOpenStackNeutronServerSilent") <= seen + SECOND_LOOK
    mute = [one for one in course.red if one.name == "CsOpenStackEndpointDown"]
    assert {"network"} == {one.about[0] for one in mute}
    assert LEAD + 31 >= min(course.red[one][0] for one in mute)
