"""Whose clock stamps which reports, and how far the clocks are apart of all those who do.

nova-compute's reports are stamped by a conductor, neutron's by neutron-server, all others by whoever reports; each
service judges them by its own clock, so two clocks that differ by its limit make a healthy agent look dead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cs_exporter.platforms.openstack.agents import Service
from cs_exporter.probes.openstack.clocks import Bounds, apart, narrowed
from cs_exporter.probes.openstack.rhythm import Rhythm
from cs_exporter.probes.openstack.rows import AgentRow

RECENT = 3.0
"""Intervals for which a report tells of a clock that may have been set since."""

Writer = tuple[str, str]
"""Machine and binary; of what several share, neutron-server, the machine is empty."""

NEUTRON_SERVER = "neutron-server"


def voices(rows: Iterable[AgentRow], now: float, rhythms: Mapping[Service, Rhythm]) -> list[AgentRow]:
    """Those whose reports tell of a clock: they came lately. OVN's chassis are no controllers."""
    lasting = {service: RECENT * rhythm.interval for service, rhythm in rhythms.items()}
    return [
        row for row in rows if row.reports and now - row.changed <= lasting[row.said.service] and not row.said.is_ovn
    ]


def clocks_of(heard: Iterable[AgentRow]) -> dict[Writer, Bounds]:
    """Each writer's clock; of one that has several rows (backends of cinder) what is known best."""
    found: dict[Writer, Bounds] = {}
    server: list[float] = []
    for row in heard:
        if row.said.service is Service.NEUTRON:
            server += (row.clock.low, row.clock.high)
        elif row.is_own_writer:
            writer, clock = (row.said.machine, row.said.binary), row.clock
            other = found.get(writer)
            if other is None or clock.high - clock.low < other.high - other.low:
                found[writer] = clock
    if server:
        found["", NEUTRON_SERVER] = narrowed(server)
    return found


def widest(heard: Iterable[AgentRow]) -> float:
    """Seconds by which two of these clocks differ, of those that surely do the two that differ most.

    Those behind each row of nova-compute and neutron count as well: conductors, or servers, may write in turn.
    """
    return apart([row.clock for row in heard])
