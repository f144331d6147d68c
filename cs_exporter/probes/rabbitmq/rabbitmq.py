"""The sheet of the probe `rabbitmq`: is a node of the message bus well, and does anybody take what it carries.

All heartbeats of OpenStack's agents go through it: what blocks the bus takes every host down a minute later.
"""

from __future__ import annotations

from cs_exporter.model import Host, ProbeFailed, Reason, Role
from cs_exporter.ports import Io, PortState, Talk
from cs_exporter.probes.rabbitmq.metrics import METRICS
from cs_exporter.probes.rabbitmq.reading import RabbitmqReading, State
from cs_exporter.probes.rabbitmq.settings import RabbitmqSettings
from cs_exporter.probes.rabbitmq.symptoms import SYMPTOMS
from cs_exporter.probes.rabbitmq.talk import Look
from cs_exporter.probes.rabbitmq.trail import confirm, follow
from cs_exporter.spec import ProbeSpec

_SPOKEN = {Reason.MUTE: State.MUTE, Reason.TIMEOUT: State.MUTE, Reason.RESET: State.LOST}
_DIALLED = {
    PortState.REFUSED: State.REFUSED,
    PortState.FILTERED: State.UNREACHABLE,
    PortState.RESET: State.LOST,
    PortState.MUTE: State.MUTE,
}
_REMEMBERED = 3
"""Intervals after which what a queue held is too old to go on from."""


async def probe(host: Host, io: Io, settings: RabbitmqSettings) -> RabbitmqReading:
    """Ask the node, and compare with what waited before. Raises ProbeFailed where nothing was found out."""
    last = io.previous(RabbitmqReading)
    now = io.clock.monotonic()
    fresh = last is not None and now - last.monotonic <= _REMEMBERED * settings.interval
    trail, confirmed = (last.reading.trail, last.reading.confirmed) if last is not None and fresh else ({}, {})
    look = Look(host, io, settings)
    try:
        answered = await look.look()
    except ProbeFailed as failure:
        state = await _state(failure, host, io, settings, look.left)
        return RabbitmqReading(host.name, state, now, None, trail, confirmed)
    now = io.clock.monotonic()
    trail = follow(trail, answered.queues.rows, now)
    if answered.acknowledged is not None:
        confirmed = confirm(confirmed, answered.acknowledged, now)
    return RabbitmqReading(host.name, State.OK, now, answered, trail, confirmed)


async def _state(failure: ProbeFailed, host: Host, io: Io, settings: RabbitmqSettings, limit: float) -> State:
    """What the failure says of the node. Raises it where that is nothing: others may be well served meanwhile.

    A port of its own that is closed may merely not be configured; what the bus's own port does is a verdict.
    """
    if failure.ours:
        raise failure
    if failure.reason in _SPOKEN:
        return _SPOKEN[failure.reason]
    if failure.reason not in {Reason.REFUSED, Reason.UNREACHABLE}:
        raise failure
    dial = await io.tcp.dial(host.address, settings.amqp_port, Talk(), limit)
    state = _DIALLED.get(dial.state)
    if state is None:
        mend = "rabbitmq-plugins enable rabbitmq_prometheus, and let the exporter's address through"
        raise ProbeFailed(
            failure.reason, f"{failure.detail}; though port {settings.amqp_port} accepts: {mend}"
        ) from failure
    return state


def still(reading: RabbitmqReading, host: Host) -> RabbitmqReading:
    """Queues of machines that are in the inventory now."""
    return reading.among(host.names)


SPEC: ProbeSpec[RabbitmqSettings, RabbitmqReading] = ProbeSpec(
    name="rabbitmq",
    question="Is the message bus well, and does anybody take what it carries?",
    settings=RabbitmqSettings,
    reading=RabbitmqReading,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    applies=lambda host: Role.MESSAGE_BUS in host.roles,
    still=still,
)
