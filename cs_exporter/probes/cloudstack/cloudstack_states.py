"""The sheet of the probe `cloudstack_states`: how a CloudStack cloud says that its hosts, servers, VMs and storage are.

A few bounded queries to the cloud's database tell of all of them at once; nobody is asked host by host.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from pydantic import Field

from cs_exporter.model import CloudKind, Host
from cs_exporter.ports import Io
from cs_exporter.probes.cloudstack import (
    estate_metrics,
    estate_symptoms,
    host_metrics,
    host_symptoms,
    server_metrics,
    server_symptoms,
)
from cs_exporter.probes.cloudstack.asking import ask
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading, compared
from cs_exporter.probes.cloudstack.stores import StoreRow, look
from cs_exporter.spec import LONGEST_RUN, ProbeSettings, ProbeSpec, Seconds

API_LIMIT = 12.0
"""Seconds that an API's lists may take in all."""

_OF_INTERVAL = 0.8
"""Of the interval, for the same: less than a run may take, so that it is the answer that is late and not the run."""


class CloudStackStatesSettings(ProbeSettings):
    """Settings of the probe cloudstack_states."""

    interval: Seconds = Field(default=15.0, gt=0, description="rounded up to a multiple of global.interval")
    timeout: Seconds | None = Field(
        default_factory=lambda given: LONGEST_RUN * given.get("interval", 15.0),
        gt=0,
        description="of one run; default: nine tenths of the interval",
    )
    answer_limit: Seconds = Field(
        default=4.0, gt=0, le=60, description="for the database's answer; half of it where the API can step in"
    )
    ping_interval: Seconds = Field(
        default=60.0,
        gt=0,
        description="how often the cloud looks at hosts without pings, where it does not tell its ping.interval",
    )

    stores_every: Seconds = Field(default=60.0, gt=0, description="between two looks at a secondary storage by HTTP")

    def longest_wait(self) -> float:
        """A database that says nothing."""
        return self.answer_limit

    def api_limit(self) -> float:
        """Seconds for the API's lists, a database that was asked in vain before them included."""
        run = self.interval if self.timeout is None else min(self.interval, self.timeout / LONGEST_RUN)
        return max(self.answer_limit, min(API_LIMIT, _OF_INTERVAL * run))


async def probe(host: Host, io: Io, settings: CloudStackStatesSettings) -> CloudStackStatesReading:
    """Ask the cloud, and compare with what it said before. Raises ProbeFailed where neither of its sources answers."""
    last = io.previous(CloudStackStatesReading)
    before = last.reading if last else None
    (states, unasked), seen = await asyncio.gather(
        ask(host, io, settings.answer_limit, settings.api_limit()), _stores(before, io, settings)
    )
    found = compared(states, host.names, before, io.clock.monotonic(), settings.ping_interval)
    database = host.cloud is not None and host.cloud.database is not None
    return replace(found, stores=seen, wall=io.clock.time(), database=database, unasked=unasked)


async def _stores(
    before: CloudStackStatesReading | None, io: Io, settings: CloudStackStatesSettings
) -> Mapping[str, StoreRow]:
    """Those that the last answer named, beside asking for the next one: neither waits for the other."""
    if before is None:
        return {}
    known = before.states.image_stores
    limit = settings.answer_limit / 2
    return await look(known, before.stores, io.tcp, io.clock, every=settings.stores_every, deadline=limit)


def still(reading: CloudStackStatesReading, host: Host) -> CloudStackStatesReading:
    """Rows of hosts that are in the inventory now, under the names that they have there."""
    return replace(reading, names=host.names)


SPEC: ProbeSpec[CloudStackStatesSettings, CloudStackStatesReading] = ProbeSpec(
    name="cloudstack_states",
    question="How does the cloud say that its hosts, management servers, VMs and storage are?",
    settings=CloudStackStatesSettings,
    reading=CloudStackStatesReading,
    probe=probe,
    metrics=(*host_metrics.METRICS, *server_metrics.METRICS, *estate_metrics.METRICS),
    symptoms=(*host_symptoms.SYMPTOMS, *server_symptoms.SYMPTOMS, *estate_symptoms.SYMPTOMS),
    applies=lambda host: host.cloud is not None and host.cloud.kind is CloudKind.CLOUDSTACK,
    still=still,
)
