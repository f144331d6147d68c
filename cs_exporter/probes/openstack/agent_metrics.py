"""The metrics of the probe openstack_agents. Rows about an agent have the machine that it runs on as their host.

Two series for each agent: what is wrong is there only while it is. What concerns all of them is the cloud's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Literal

from cs_exporter.platforms.openstack.agents import COMPUTE, Service
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading
from cs_exporter.probes.openstack.replaced import replaced
from cs_exporter.probes.openstack.rhythm import LASTING
from cs_exporter.probes.openstack.rows import TOLERANCE, AgentRow, Sign
from cs_exporter.probes.openstack.silences import group_of
from cs_exporter.probes.openstack.stops import Suspect
from cs_exporter.spec import Metric, Sample, gauge, rows

Reading = OpenStackAgentsReading

_AGENT = ("agent", "backend")


def _of_agents(
    name: str,
    help_text: str,
    value: Callable[[Reading, AgentRow], float | None],
    kind: Literal["gauge", "counter"] = "gauge",
) -> Metric[Reading]:
    """A metric with a sample per agent that has a value."""

    def read(reading: Reading) -> Iterable[Sample]:
        values = ((host, row, value(reading, row)) for host, row in reading.own)
        return [
            Sample(float(number), (row.agent, row.backend), host) for host, row, number in values if number is not None
        ]

    return rows(name, help_text, _AGENT, read, kind=kind)


def outage(reading: Reading, row: AgentRow) -> str:
    """How far a dead agent's silence has come: silent, recent or lasting; empty where there is nothing to say.

    A hypervisor that is down is told by cs_host_state, whichever cloud it is of.
    """
    if row.sign is not Sign.DEAD:
        return ""
    if row.silent is not None and row.silent <= reading.rhythms[row.said.service].limit:
        return "silent"
    if row.agent == COMPUTE:
        return ""
    if row.silent is None:  # by a verdict: one that was there from the start may be of long ago
        return "lasting" if row.changed == row.since or reading.now - row.changed > LASTING else "recent"
    return "lasting" if (row.age or 0.0) > LASTING else "recent"


DOUBTFUL, DOUBTED = "doubtful", 300.0
"""A verdict that a wrong clock may have made; and for how many seconds one is doubted that comes without an age."""


def doubt(reading: Reading, row: AgentRow) -> str:
    """`doubtful` where its service may take it for down though it reports: by a clock that is wrong, or may be.

    Who is known to be silent is down for that, whatever the clocks say.
    """
    if row.sign is Sign.SKEWED:
        return DOUBTFUL
    told = row.silent is None and row.said.up is False and reading.now - row.changed <= DOUBTED
    return DOUBTFUL if told and reading.apart > _apart_limit(reading) else ""


def _info(reading: Reading) -> Iterable[Sample]:
    """Of several with one name on a machine (backends of cinder) one that is known to be silent leaves no doubt."""
    cells: dict[tuple[str, str], str] = {}
    doubts: dict[tuple[str, str], str] = {}
    for host, row in reading.own:
        if row.sign is Sign.WELL and not row.said.cell:
            continue
        group, name = group_of(row), (host, row.agent)
        if group is not None and group[1]:
            cells[name] = group[1]
        if (found := doubt(reading, row)) or row.sign is Sign.DEAD:
            doubts[name] = min(found, doubts.get(name, found))
    names = dict.fromkeys((*cells, *(name for name, found in doubts.items() if found)))
    return [
        Sample(1.0, (agent, cells.get((host, agent), ""), doubts.get((host, agent), "")), host) for host, agent in names
    ]


def _apart_limit(reading: Reading) -> float:
    return min((reading.rhythms[service].limit for service in reading.told), default=60.0) / 2


def _dead(reading: Reading) -> Iterable[Sample]:
    gone = replaced(reading)
    found = ((host, row, outage(reading, row)) for host, row in reading.own)
    told = ((host, row, how) for host, row, how in found if how == "lasting" or (how and row.key not in gone))
    return [Sample(1.0, (row.agent, row.backend, how), host) for host, row, how in told]


def _skews(reading: Reading) -> Iterable[Sample]:
    for (machine, binary), clock in reading.clocks.items():
        skew = clock.shifted(-reading.reference).beyond(TOLERANCE)
        host = reading.names.get(machine) if machine else None
        if skew and (host or not machine):
            yield Sample(skew, (binary,), host)


def _stopped(reading: Reading) -> Iterable[Sample]:
    counts: Counter[tuple[str, str]] = Counter()
    for stop in reading.stops.values():
        if stop.suspect is not None and not stop.over:
            counts[stop.group[1], stop.suspect.value] += stop.agents
    return [Sample(float(number), labels) for labels, number in counts.items()]


def _signs(reading: Reading) -> Iterable[Sample]:
    counts = Counter((row.said.service.value, row.sign.value) for row in reading.rows.values())
    return [Sample(float(number), labels) for labels, number in counts.items()]


def _of_services(services: Iterable[Service]) -> Iterable[Sample]:
    return [Sample(1.0, (service.value,)) for service in services]


METRICS: tuple[Metric[Reading], ...] = (
    _of_agents(
        "cs_openstack_agent_age_seconds",
        "Seconds since the agent's last report, signed: negative where it was stamped in the future. By the database's "
        "clock (services.last_seen_up, agents.heartbeat_timestamp, services.updated_at), or the exporter's where the "
        "API tells it; by most writers' where that clock is off.",
        lambda _, row: row.age,
    ),
    _of_agents(
        "cs_openstack_agent_reports_total",
        "Reports of the agent (by report_count of nova and cinder; by changes of the heartbeat's time, where nobody "
        "counts, as far as the exporter saw them).",
        lambda _, row: float(row.beats),
        "counter",
    ),
    rows(
        "cs_openstack_agent_dead",
        "1 while the agent has ceased to report, most of its kind have not, and no other one of it has come instead "
        "(conductors, schedulers, engines). outage: silent (not yet down), recent "
        "(down), lasting (for more than an hour); a hypervisor that is down is told by cs_host_state instead.",
        (*_AGENT, "outage"),
        _dead,
    ),
    rows(
        "cs_openstack_agent_info",
        "1 for an agent that is of a cell of nova, where the cloud has several, or of which its service's verdict is "
        "doubtful: it may be down by a wrong clock, and is not known to be silent; absent for all others.",
        ("agent", "cell", "verdict"),
        _info,
    ),
    _of_agents(
        "cs_openstack_backend_unstarted",
        "1 while a cinder-volume has never reported: its backend was not initialised, and it holds its reports back "
        "on purpose (by services.report_count and updated_at).",
        lambda _, row: 1.0 if row.sign is Sign.UNSTARTED else None,
    ),
    rows(
        "cs_openstack_writer_clock_skew_seconds",
        "Seconds by which the clock of who stamps reports is at least ahead (negative: behind), by the ages of reports "
        f"that were seen to come; absent within {TOLERANCE:g} s. Conductors stamp for nova-compute, neutron-server for "
        "its agents.",
        ("writer",),
        _skews,
    ),
    gauge(
        "cs_openstack_clocks_apart_seconds",
        "Seconds by which the clocks of two who stamp reports differ, to half an interval or so: of controllers, and "
        "other machines that report for themselves; 0 where all of them may be right.",
        lambda reading: reading.apart,
    ),
    gauge(
        "cs_openstack_clocks_apart_limit_seconds",
        "Half of the shortest time after which a service of the cloud takes its agents for down (from the settings).",
        _apart_limit,
    ),
    rows(
        "cs_openstack_agents_stopped",
        "Agents that are silent while most of their kind are; absent otherwise. suspect, by which kinds are: "
        f"{', '.join(suspect.value for suspect in Suspect)}.",
        ("cell", "suspect"),
        _stopped,
    ),
    rows(
        "cs_openstack_agents",
        f"Agents of each service, by what is known of them: {', '.join(sign.value for sign in Sign)}.",
        ("system", "sign"),
        _signs,
    ),
    rows(
        "cs_openstack_ages_unusable",
        "1 while a service's reports are not in its database (servicegroup_driver = mc): its ages mean nothing.",
        ("system",),
        lambda reading: _of_services(reading.answer.unusable),
    ),
    rows(
        "cs_openstack_service_untold",
        "1 while a service of the cloud, or a part of it, was not told by the last answer.",
        ("system",),
        lambda reading: _of_services(reading.answer.lacking),
    ),
    gauge(
        "cs_openstack_database_clock_offset_seconds",
        "The database's clock minus the exporter's (by UTC_TIMESTAMP(6)).",
        lambda reading: reading.answer.clock[0] if reading.answer.clock is not None else None,
    ),
    gauge(
        "cs_openstack_reference_clock_skew_seconds",
        "Seconds by which the clock that ages are told by is ahead of most who stamp reports (negative: behind); 0 "
        f"within {TOLERANCE:g} s.",
        lambda reading: -reading.reference + 0.0,
    ),
    gauge(
        "cs_openstack_database_unasked",
        "1 while the APIs tell how the agents are because the database can't be asked, 0 while it is; absent where "
        "none is configured for that, as seen by the exporter.",
        lambda reading: float(bool(reading.unasked)) if reading.database else None,
    ),
)
