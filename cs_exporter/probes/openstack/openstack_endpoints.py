"""The sheet of the probe `openstack_endpoints`: do the addresses answer that an OpenStack cloud tells its clients.

The catalog tells them, virtual addresses of balancers included, which no host's own port table has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import Field

from cs_exporter.model import CloudKind, Host, ProbeFailed, Reason
from cs_exporter.platforms.openstack import api
from cs_exporter.platforms.openstack.agents import Endpoint
from cs_exporter.ports import Io
from cs_exporter.probes.openstack.endpoint_rows import MOST, EndpointRow, left_out, look
from cs_exporter.probes.openstack.endpoint_symptoms import SYMPTOMS
from cs_exporter.spec import LONGEST_RUN, Metric, ProbeSettings, ProbeSpec, Sample, Seconds, rows


class OpenStackEndpointsSettings(ProbeSettings):
    """Settings of the probe openstack_endpoints."""

    timeout: Seconds | None = Field(
        default_factory=lambda given: LONGEST_RUN * given.get("interval", 30.0),
        gt=0,
        description="of one run; default: nine tenths of the interval",
    )
    deadline: Seconds = Field(default=4.0, gt=0, le=60, description="of connecting and the first byte of an answer")
    catalog_every: Seconds = Field(default=300.0, gt=0, description="between two looks into the catalog")
    catalog_limit: Seconds = Field(default=4.0, gt=0, le=60, description="for the catalog's answer")

    def longest_wait(self) -> float:
        """An endpoint that accepts and is silent is a verdict."""
        return max(self.deadline, self.catalog_limit)


@dataclass(frozen=True)
class OpenStackEndpointsReading:
    """What was seen of the endpoints that the catalog named when it was last read.

    `asked`: that moment, by the exporter's monotonic clock. `unread`: why the catalog could not be read since.
    """

    endpoints: tuple[Endpoint, ...]
    asked: float
    seen: tuple[EndpointRow, ...] = ()
    unread: str = ""

    @property
    def told(self) -> tuple[EndpointRow, ...]:
        """Of whom something is known: others are untried for too long, as by the exporter's name servers."""
        return tuple(row for row in self.seen if row.told)

    @cached_property
    def left_out(self) -> Mapping[str, int]:
        """How many of them nobody looks at, because there are too many, by service."""
        return left_out(self.endpoints)


async def probe(host: Host, io: Io, settings: OpenStackEndpointsSettings) -> OpenStackEndpointsReading:
    """Look at all of them. Raises ProbeFailed where the catalog was never read (keystone is one) or none was tried."""
    del host
    last = io.previous(OpenStackEndpointsReading)
    now = io.clock.monotonic()
    if last is None:
        return OpenStackEndpointsReading(await api.endpoints(io.api, settings.catalog_limit), now)
    before = last.reading
    known = {row.key: row for row in before.seen}
    catalog, seen = await asyncio.gather(
        _catalog(io, before, settings), look(before.endpoints, known, io.tcp, settings.deadline)
    )
    if seen and all(row.missed for row in seen):
        raise ProbeFailed(Reason.UNREACHABLE, f"no endpoint could be tried: {seen[0].detail}", ours=True)
    if isinstance(catalog, ProbeFailed):
        return OpenStackEndpointsReading(before.endpoints, before.asked, seen, str(catalog))
    return OpenStackEndpointsReading(catalog, before.asked if catalog is before.endpoints else now, seen)


async def _catalog(
    io: Io, before: OpenStackEndpointsReading, settings: OpenStackEndpointsSettings
) -> tuple[Endpoint, ...] | ProbeFailed:
    """As it was, where that is not long ago: whoever is named is looked at beside it, and neither waits."""
    if io.clock.monotonic() - before.asked < settings.catalog_every:
        return before.endpoints
    try:
        return await api.endpoints(io.api, settings.catalog_limit)
    except ProbeFailed as failure:
        return failure


_LABELS = ("api", "interface", "address")


def _metric(
    name: str, help_text: str, value: Callable[[EndpointRow], float | None]
) -> Metric[OpenStackEndpointsReading]:
    def read(reading: OpenStackEndpointsReading) -> Iterable[Sample]:
        values = ((row, value(row)) for row in reading.told)
        return [Sample(float(number), row.key) for row, number in values if number is not None]

    return rows(name, help_text, _LABELS, read)


def _failing(reading: OpenStackEndpointsReading) -> Iterable[Sample]:
    graded = ((row, row.severity) for row in reading.told)
    return [Sample(1, (*row.key, row.state, grade.value)) for row, grade in graded if grade is not None]


METRICS: tuple[Metric[OpenStackEndpointsReading], ...] = (
    _metric(
        "cs_openstack_endpoint_up",
        "Whether an endpoint of keystone's catalog answers, with another status than 500, 502, 503 or 504.",
        lambda row: row.up,
    ),
    rows(
        "cs_openstack_endpoint_failing",
        "1 while an endpoint of keystone's catalog is refused, filtered, reset, mute, without TLS, or answers with an "
        "error; filtered only where it has answered before.",
        (*_LABELS, "state", "severity"),
        _failing,
    ),
    _metric(
        "cs_openstack_endpoint_first_byte_seconds",
        "Time from a request without a token to the first byte of the answer.",
        lambda row: row.seconds,
    ),
    _metric(
        "cs_openstack_endpoint_tls_not_after_timestamp_seconds",
        "End of validity of the endpoint's TLS certificate.",
        lambda row: row.not_after,
    ),
    rows(
        "cs_openstack_endpoints_unasked",
        f"Endpoints of keystone's catalog that are not looked at, because it names more than {MOST}; absent where all "
        "are. A region that is configured leaves out those of others.",
        ("api",),
        lambda reading: [Sample(float(number), (api,)) for api, number in reading.left_out.items()],
    ),
)

SPEC: ProbeSpec[OpenStackEndpointsSettings, OpenStackEndpointsReading] = ProbeSpec(
    name="openstack_endpoints",
    question="Do the addresses of OpenStack's catalog answer?",
    settings=OpenStackEndpointsSettings,
    reading=OpenStackEndpointsReading,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    applies=lambda host: (
        host.cloud is not None and host.cloud.kind is CloudKind.OPENSTACK and host.cloud.sdk is not None
    ),
)
