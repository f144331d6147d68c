"""The sheet of the derived probe `cloud_hosts`: how clouds say that their hosts are, whichever platform they are of.

Each platform's own probe asks; these series have one owner, so that alerts and panels are the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cs_exporter.probes.clouds.symptoms import SYMPTOMS
from cs_exporter.probes.clouds.verdicts import Verdict, of_cloudstack, of_openstack
from cs_exporter.probes.cloudstack import cloudstack_states
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading
from cs_exporter.probes.openstack import openstack_agents
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading
from cs_exporter.spec import DerivedSpec, Latest, Metric, Sample, rows

CLOUDSTACK, OPENSTACK = cloudstack_states.SPEC.name, openstack_agents.SPEC.name


@dataclass(frozen=True)
class CloudHostsReading:
    """`verdicts`: by host of the inventory. `reported`: the last ones of hosts by OpenStack, of all that are in it.

    CloudStack's own probe knows how long a host is as it is; of OpenStack's nobody else does.
    """

    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    reported: Mapping[str, Verdict] = field(default_factory=dict)

    @property
    def planned(self) -> frozenset[str]:
        """Hosts that a cloud takes for gone because it was told to: planned work, from that very moment."""
        return frozenset(host for host, verdict in self.verdicts.items() if verdict.planned)


def derive(latest: Latest, now: float) -> CloudHostsReading:  # noqa: ARG001 (the board leaves out what is not fresh)
    """What all clouds say whose answers are fresh."""
    found: dict[str, Verdict] = {}
    for reading in latest.of(CLOUDSTACK, CloudStackStatesReading).values():
        found.update(of_cloudstack(reading))
    last = latest.before.reported if isinstance(latest.before, CloudHostsReading) else {}
    reported = dict(of_openstack(latest.of(OPENSTACK, OpenStackAgentsReading).values(), last))
    known = {host: verdict for host, verdict in last.items() if host in latest.inventory.hosts}
    return CloudHostsReading({**found, **reported}, {**known, **reported})


def _of_hosts(name: str, help_text: str, value: Callable[[Verdict], float | None]) -> Metric[CloudHostsReading]:
    """A metric with a sample per host that has a value."""

    def read(reading: CloudHostsReading) -> Iterable[Sample]:
        values = ((host, value(verdict)) for host, verdict in reading.verdicts.items())
        return [Sample(float(number), (), host) for host, number in values if number is not None]

    return rows(name, help_text, (), read)


METRICS: tuple[Metric[CloudHostsReading], ...] = (
    rows(
        "cs_host_state",
        "1 for the state that the cloud has the host in. CloudStack (by host.status in its database, or listHosts): "
        "Creating, Connecting, Up, Down, Disconnected, Alert, Rebalancing, Error, Removed, or other. OpenStack (by "
        "nova's own rule from services in its database, or the API's verdict): up, down, or other.",
        ("state",),
        lambda reading: [Sample(1.0, (verdict.state,), host) for host, verdict in reading.verdicts.items()],
    ),
    _of_hosts(
        "cs_host_schedulable",
        "1 if the cloud starts guests there, 0 if it is disabled or in maintenance (by CloudStack's "
        "host.resource_state, or listHosts; by nova's services.disabled, or its API). Mutes nothing: clouds disable "
        "sick hosts themselves.",
        lambda verdict: verdict.schedulable,
    ),
    _of_hosts(
        "cs_host_state_since_timestamp_seconds",
        "When the host was first seen in its present state, by the exporter's clock; never before the exporter began.",
        lambda verdict: verdict.since,
    ),
)

SPEC: DerivedSpec[CloudHostsReading] = DerivedSpec(
    name="cloud_hosts",
    question="How do the clouds say that their hosts are?",
    inputs=(CLOUDSTACK, OPENSTACK),
    reading=CloudHostsReading,
    derive=derive,
    metrics=METRICS,
    symptoms=SYMPTOMS,
)
