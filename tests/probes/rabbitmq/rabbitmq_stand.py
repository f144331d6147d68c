"""A stand for tests of the probe rabbitmq: a node of the lab, asked by the real transports at a time that tests move.

What it answers was captured from a RabbitMQ below an OpenStack in use.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cs_exporter.board import Board
from cs_exporter.model import Host, Inventory, Outcome, ProbeFailed, Role
from cs_exporter.ports import Counters, Last
from cs_exporter.probes.rabbitmq import rabbitmq, rabbitmq_cluster
from cs_exporter.probes.rabbitmq.rabbitmq import SPEC
from cs_exporter.probes.rabbitmq.rabbitmq_cluster import RabbitmqClusterReading
from cs_exporter.probes.rabbitmq.reading import RabbitmqReading
from cs_exporter.probes.rabbitmq.settings import RabbitmqSettings
from cs_exporter.spec import Latest, Sample
from cs_exporter.symptoms import holding
from cs_exporter.transports.dial.dialer import TcpDialer
from cs_exporter.transports.http import HttpClient
from tests import world
from tests.lab.rabbitmq import PASSWORD, USER, Bus, RabbitmqNode
from tests.probes.mysql.mysql_stand import FakeClock

R = TypeVar("R")

NAMES = {name: name for name in ("cmp1", "cmp2", "net1", "ctl1")}
LIMIT = 0.5
"""Seconds in which a node of the lab has to answer."""


@dataclass
class Stand:
    """A node as a host that can be polled again and again; `settings` as they would be written."""

    node: RabbitmqNode
    settings: RabbitmqSettings
    clock: FakeClock = field(default_factory=FakeClock)
    counters: Counters = field(default_factory=Counters)
    last: Last[RabbitmqReading] | None = None

    def __post_init__(self) -> None:
        self._http = HttpClient(self.counters)
        self._dialer = TcpDialer(self.clock, self.counters)

    @property
    def bus(self) -> Bus:
        """What the node is and does."""
        return self.node.bus

    @property
    def host(self) -> Host:
        """The node as a host."""
        return Host("bus1", "127.0.0.1", roles=frozenset({Role.MESSAGE_BUS}), names=NAMES)

    async def poll(self, after: float = 15.0) -> RabbitmqReading:
        """Run the probe, so many seconds after the last time."""
        self.clock.now += after
        io = world.io(http=self._http, tcp=self._dialer, clock=self.clock, previous=self._previous)
        reading = await rabbitmq.probe(self.host, io, self.settings)
        self.last = Last(reading, self.clock.now)
        return reading

    async def failure(self) -> ProbeFailed:
        """Why the probe fails."""
        try:
            reading = await self.poll()
        except ProbeFailed as failure:
            return failure
        raise AssertionError(f"it did not fail: {reading.state}")

    def _previous(self, kind: type[R]) -> Last[R] | None:
        if self.last is None or not isinstance(self.last.reading, kind):
            return None
        return Last(self.last.reading, self.last.monotonic)


@contextmanager
def stand(
    folder: Path | None = None,
    bus: Bus | None = None,
    *,
    plugin: bool = True,
    management: bool = True,
    listening: bool = True,
    **settings: Any,  # noqa: ANN401  # settings as they are written
) -> Iterator[Stand]:
    """A node that runs. `folder`: for a file with the password of the management API; None: the probe has no account.

    `plugin`, `management`: whether it has these; `listening`: whether the bus's own port accepts.
    """
    with ExitStack() as closing:
        node = closing.enter_context(RabbitmqNode(bus or Bus(), plugin, management))
        amqp = closing.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = amqp.getsockname()[1]
        if not listening:
            amqp.close()
        if folder is not None:
            file = folder / "password"
            file.write_text(f"{PASSWORD}\n")
            settings |= {"user": USER, "password_file": str(file)}
        given = {
            "prometheus_port": node.prometheus_port,
            "management_port": node.management_port,
            "amqp_port": port,
            "answer_limit": 5.0,
            **settings,
        }
        yield Stand(node, RabbitmqSettings.model_validate(given))


def values(reading: RabbitmqReading, name: str) -> dict[tuple[str, ...], float]:
    """Host and label values (without the bus's own name) -> value of one metric."""
    [metric] = [metric for metric in SPEC.metrics if metric.name == name]
    return _plain(metric.read(reading))


def stuck(*readings: RabbitmqReading) -> dict[tuple[str, ...], float]:
    """The same, of how long nobody has confirmed anything, by these nodes of one cluster."""
    [metric] = [metric for metric in rabbitmq_cluster.METRICS if metric.name == "cs_rabbitmq_queue_stuck_seconds"]
    return _plain(metric.read(together({reading.server: reading for reading in readings})))


def _plain(samples: Iterable[Sample]) -> dict[tuple[str, ...], float]:
    return {
        (*({sample.host or "bus1"} - {"bus1"}), *(label for label in sample.labels if label != "bus1")): sample.value
        for sample in samples
    }


def red(readings: Mapping[str, RabbitmqReading], *derived: object) -> set[tuple[str, str]]:
    """(host, symptom without its beginning) of what holds with these readings, and what is derived from them."""
    inventory = known(readings)
    board = Board(inventory)
    for name, reading in readings.items():
        board.land(Outcome(SPEC.name, name, 1.8e9, 1000.0, 0.1, reading), 15.0)
    derived = derived or (together(readings),)
    for found in derived:
        board.land(Outcome(rabbitmq_cluster.SPEC.name, "", 1.8e9, 1000.0, 0.0, found), 15.0)
    holds = holding(board.snapshot(1000.0), (SPEC, rabbitmq_cluster.SPEC), 1.8e9)
    return {(held.host, held.symptom.name.removeprefix("CsRabbitmq")) for held in holds}


def known(readings: Mapping[str, RabbitmqReading]) -> Inventory:
    """These nodes, and the machines that queues are named after."""
    names = sorted({*readings, *NAMES.values()})
    return Inventory({name: Host(name, f"192.0.2.{number}") for number, name in enumerate(names, 1)})


def together(readings: Mapping[str, RabbitmqReading]) -> RabbitmqClusterReading:
    """What comes of nodes that are compared."""
    return rabbitmq_cluster.derive(Latest(known(readings), {SPEC.name: readings}), 1000.0)


def symptoms(reading: RabbitmqReading) -> set[tuple[str, str]]:
    """(host, symptom without its beginning) of what holds with this reading."""
    return red({"bus1": reading})
