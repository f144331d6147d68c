"""What happens in an hour of a healthy cloud besides its noise: an exporter that stands still, agents that move.

Everything here is somebody's everyday work or the weather, and nobody wants to be told of it.
"""

from __future__ import annotations

from functools import partial

from tests.simulation.cloud import SERVERS, Cloud
from tests.simulation.hour import Event

STALL = 3.0
"""Seconds for which the exporter's process is not run at all."""

SLEW, SLEWED_EACH_SECOND = 0.05, 0.0005
"""Seconds by which the exporter's own clock is put right, and how quickly ntpd and chronyd do such a thing."""


def _stall(cloud: Cloud) -> None:
    cloud.clock.pass_by(STALL)


def _slew(cloud: Cloud) -> None:
    cloud.clock.slewed += SLEWED_EACH_SECOND


def _reconnect(cloud: Cloud, name: str, away: float) -> None:
    """A host's agent loses its session, or is sent away, and comes to the other server."""
    machine, now = cloud.machines[name], cloud.clock.true()
    assert machine.agent is not None
    session = machine.agent.session(now)
    assert session is not None
    [other] = SERVERS.keys() - {session.server}
    machine.agent.reconnect(now, away, other)


def _restart(cloud: Cloud, name: str, away: float) -> None:
    """An operator restarts an agent; once it is connected it writes its storage heartbeat at once."""
    _reconnect(cloud, name, away)
    mounts, now = cloud.machines[name].mounts, cloud.clock.true()
    assert mounts is not None
    mounts.restart(now, now + away + 2.0)


EVENTS = (
    Event(720.0, partial(_restart, name="kvm05", away=8.0)),
    Event(1020.0, _stall),
    *(Event(1500.0 + second, _slew) for second in range(round(SLEW / SLEWED_EACH_SECOND))),
    Event(1980.0, partial(_reconnect, name="kvm09", away=6.0)),
    Event(2400.0, partial(_reconnect, name="kvm11", away=1.5)),
)
