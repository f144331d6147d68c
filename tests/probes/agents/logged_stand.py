"""A stand for tests of what logs make of agents: two moments at which all was well, and what is said at a third one.

Apart from the tests because those of logs and those of the cloud's word use it.
"""

from __future__ import annotations

from collections.abc import Mapping

from cs_exporter.probes.agents.evidence import Source
from cs_exporter.probes.agents.sessions import AgentHeartbeatReading
from cs_exporter.probes.logs.reading import ManagementLogReading
from tests.probes.agents.agent_stand import (
    KVM1,
    KVM2,
    MS1,
    MS2,
    Fleet,
    Seen,
    at_host,
    at_server,
    endpoint,
    log,
    own,
    served,
    state,
    states,
)

NOW = 1000.0
LATER = NOW + 100
LOG, SERVER, SOCKET, UNSEEN = Source.LOG, Source.SERVER, Source.AGENT, Source.UNSEEN
AT = endpoint(KVM1, KVM2, MS1, MS2)
HOSTS = (KVM1, KVM2, MS1, MS2, AT)
Readings = Mapping[str, AgentHeartbeatReading | None]

WELL: Readings = {"ms1": at_server(served(KVM1, NOW)), "ms2": at_server(), "kvm1": at_host(own(KVM1, MS1, NOW))}
MOVING: Readings = {
    "ms1": at_server(served(KVM1, LATER - 4)),
    "ms2": at_server(),
    "kvm1": at_host(own(KVM1, MS1, LATER - 4)),
}
SILENT = log(LATER, {"kvm1": NOW, "kvm2": LATER - 3})
OTHERS = log(LATER, {"kvm2": LATER - 3})
MUTE = log(LATER, {"kvm1": NOW - 100, "kvm2": NOW - 90})


def after(
    readings: Readings,
    *said: tuple[str, str, str] | tuple[str, str, str, int | None],
    before: Readings = WELL,
    first: Mapping[str, float] | None = None,
    ms1: ManagementLogReading | None = None,
    ms2: ManagementLogReading | None = None,
) -> Seen:
    """The row of kvm1 at LATER with these logs; at NOW all was well, and kvm2 pings all the time.

    `first`: who pinged at NOW, by default both. `said`: what the cloud says of hosts at LATER.
    """
    logs = {name: one for name, one in (("ms1", ms1), ("ms2", ms2)) if one is not None}
    fleet = Fleet(HOSTS)
    heard = {"kvm1": NOW} if first is None else first
    for now in (NOW, NOW + 50):
        fleet.logs = {name: log(now, {**heard, "kvm2": now}) for name in logs}
        fleet.derive(now, before)
    fleet.logs = logs
    if said:
        fleet.states = {AT.name: states(AT, *(state(*one) for one in said))}
    return fleet.row(LATER, **readings)
