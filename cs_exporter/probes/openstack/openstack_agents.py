"""The sheet of the probe `openstack_agents`: do an OpenStack cloud's agents report, and if not, what is behind it.

One short query per database tells of all of them at once; what earlier answers said tells death from a wrong clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from pydantic import Field

from cs_exporter.model import CloudKind, Host
from cs_exporter.platforms.openstack.agents import Service
from cs_exporter.ports import Io
from cs_exporter.probes.openstack import agent_symptoms, cause_symptoms
from cs_exporter.probes.openstack.agent_metrics import METRICS
from cs_exporter.probes.openstack.asking import ask
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading, compared
from cs_exporter.probes.openstack.rhythm import RAISED, Rhythm
from cs_exporter.spec import LONGEST_RUN, ProbeSettings, ProbeSpec, Seconds

API_LIMIT = 12.0
"""Seconds that the APIs' lists may take in all."""

_OF_INTERVAL = 0.8
"""Of the interval, for the same: less than a run may take, so that it is the answer that is late and not the run."""


def _seconds(default: float, means: str) -> float:
    found: float = Field(default=default, gt=0, description=means)
    return found


class OpenStackAgentsSettings(ProbeSettings):
    """Settings of the probe openstack_agents: how often agents report, and when their service takes them for down."""

    interval: Seconds = Field(default=15.0, gt=0, description="rounded up to a multiple of global.interval")
    timeout: Seconds | None = Field(
        default_factory=lambda given: LONGEST_RUN * given.get("interval", 15.0),
        gt=0,
        description="of one run; default: nine tenths of the interval",
    )
    answer_limit: Seconds = Field(default=4.0, gt=0, le=60, description="for the databases' answer")
    nova_report_interval: Seconds = _seconds(10.0, "report_interval in nova.conf")
    nova_down_time: Seconds = _seconds(60.0, "service_down_time in nova.conf")
    nova_driver: Literal["db", "mc"] = Field(
        default="db", description="servicegroup_driver in nova.conf; mc: the database knows no heartbeats of nova's"
    )
    neutron_report_interval: Seconds = _seconds(30.0, "[agent] report_interval in the neutron agents' configuration")
    neutron_down_time: Seconds = _seconds(75.0, "agent_down_time in neutron.conf")
    cinder_report_interval: Seconds = _seconds(10.0, "report_interval in cinder.conf")
    cinder_down_time: Seconds = _seconds(60.0, "service_down_time in cinder.conf")
    heat_report_interval: Seconds = _seconds(60.0, "periodic_interval in heat.conf")
    heat_down_time: Seconds = _seconds(
        120.0, "after which an engine counts as down; heat itself says so after one interval, without any grace"
    )

    def longest_wait(self) -> float:
        """A database that says nothing."""
        return self.answer_limit

    def api_limit(self) -> float:
        """Seconds for the APIs' lists, a database that was asked in vain before them included."""
        run = self.interval if self.timeout is None else min(self.interval, self.timeout / LONGEST_RUN)
        return max(self.answer_limit, min(API_LIMIT, _OF_INTERVAL * run))

    def rhythms(self) -> Mapping[Service, Rhythm]:
        """What is expected of each service's agents. Nova raises a limit that is no longer than its interval."""
        nova = self.nova_down_time
        if nova <= self.nova_report_interval:
            nova = int(self.nova_report_interval * RAISED)
        return {
            Service.NOVA: Rhythm(self.nova_report_interval, nova),
            Service.NEUTRON: Rhythm(self.neutron_report_interval, self.neutron_down_time, one_sided=True),
            Service.CINDER: Rhythm(self.cinder_report_interval, self.cinder_down_time),
            Service.HEAT: Rhythm(self.heat_report_interval, self.heat_down_time, one_sided=True),
        }


async def probe(host: Host, io: Io, settings: OpenStackAgentsSettings) -> OpenStackAgentsReading:
    """Ask the cloud, and compare with what it said before. Raises ProbeFailed where neither of its sources answers.

    Of ten thousand hypervisors that takes a good part of a second, which nobody else has to wait for.
    """
    last = io.previous(OpenStackAgentsReading)
    rhythms, limits = settings.rhythms(), (settings.answer_limit, settings.api_limit())
    memcached = settings.nova_driver == "mc"
    answer, unasked = await ask(host, io, *limits, rhythms, memcached=memcached)
    before = last.reading if last else None
    now, wall = io.clock.monotonic(), io.clock.time()
    known = (host.names, before, now, wall, rhythms, settings.interval)
    found = await asyncio.to_thread(compared, answer, *known)
    return replace(found, database=host.cloud is not None and bool(host.cloud.schemas), unasked=unasked)


def still(reading: OpenStackAgentsReading, host: Host) -> OpenStackAgentsReading:
    """Rows of machines that are in the inventory now, under the names that they have there."""
    return replace(reading, names=host.names)


SPEC: ProbeSpec[OpenStackAgentsSettings, OpenStackAgentsReading] = ProbeSpec(
    name="openstack_agents",
    question="Do the agents of the OpenStack cloud report, and if not, what keeps them from it?",
    settings=OpenStackAgentsSettings,
    reading=OpenStackAgentsReading,
    probe=probe,
    metrics=METRICS,
    symptoms=(*agent_symptoms.SYMPTOMS, *cause_symptoms.SYMPTOMS),
    applies=lambda host: host.cloud is not None and host.cloud.kind is CloudKind.OPENSTACK,
    still=still,
)
