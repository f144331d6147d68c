"""The catalog's endpoints: whoever answers is there, whoever accepts and is silent is not, and keystone may be gone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from cs_exporter.board import Board
from cs_exporter.model import CloudKind, CloudTarget, Connection, Host, Inventory, ProbeFailed, Reason, SdkTarget
from cs_exporter.ports import ApiRow, Dial, Io, Last, PortState
from cs_exporter.probes.openstack import openstack_endpoints
from cs_exporter.probes.openstack.endpoint_rows import MOST, EndpointRow
from cs_exporter.probes.openstack.openstack_endpoints import (
    SPEC,
    OpenStackEndpointsReading,
    OpenStackEndpointsSettings,
)
from cs_exporter.runner import run_once
from cs_exporter.symptoms import holding
from tests import world
from tests.probes.openstack.endpoint_stand import FILTERED, REFUSED, SILENT, FakeDialer

R = TypeVar("R")

CATALOG = Path(__file__).parents[2] / "captures" / "openstack" / "keystone-catalog.json"
NAME = "endpoint:os1"
HOST = Host(
    NAME,
    "",
    platform="os1",
    connection=Connection.NONE,
    cloud=CloudTarget(CloudKind.OPENSTACK, sdk=SdkTarget("os1")),
    settings={SPEC.name: OpenStackEndpointsSettings()},
)
NEUTRON = 9696
DAY = 86400.0


def catalog() -> tuple[ApiRow, ...]:
    """Of a small cloud, as its keystone tells it."""
    return tuple(json.loads(CATALOG.read_text(encoding="utf-8"))["catalog"])


@dataclass
class FakeApi:
    """ports.CloudApi of which only the catalog is asked; it may fail."""

    rows: tuple[ApiRow, ...] = field(default_factory=catalog)
    failure: ProbeFailed | None = None
    asked: int = 0

    async def listed(self, command: str, deadline: float, **arguments: str) -> tuple[ApiRow, ...]:
        """See CloudApi."""
        assert ("keystone.endpoints", {}) == (command, arguments)
        assert deadline > 0
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return self.rows


@dataclass
class FakeClock:
    """A clock that the test moves."""

    now: float = 1000.0

    def time(self) -> float:
        """Wall clock."""
        return self.now + 1.8e9

    def monotonic(self) -> float:
        """Monotonic clock."""
        return self.now


class Stand:
    """A cloud whose endpoints are looked at again and again."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.api, self.dialer = FakeApi(), FakeDialer()
        self.board = Board(Inventory({NAME: HOST}))
        self._io = world.io(api=self.api, tcp=self.dialer, clock=self.clock, previous=self._previous)

    async def poll(self, times: int = 1) -> OpenStackEndpointsReading | None:
        """Run the probe so many times, an interval apart."""
        for _ in range(times):
            self.clock.now += 30
            self.board.land(await run_once(SPEC, HOST, self._io, 30), 30)
        return self.reading

    @property
    def io(self) -> Io:
        """What a run is given."""
        return self._io

    @property
    def reading(self) -> OpenStackEndpointsReading | None:
        """The last one."""
        entry = self.board.entry(SPEC.name, NAME)
        return entry.reading if entry and isinstance(entry.reading, OpenStackEndpointsReading) else None

    def row(self, api: str, interface: str = "internal") -> EndpointRow:
        """What was seen of one endpoint."""
        assert self.reading is not None
        [found] = [row for row in self.reading.seen if (row.api, row.interface) == (api, interface)]
        return found

    def left_out(self) -> list[tuple[tuple[str, ...], float]]:
        """(labels, number) of those that nobody looks at."""
        [metric] = [metric for metric in SPEC.metrics if metric.name == "cs_openstack_endpoints_unasked"]
        assert self.reading is not None
        return [(sample.labels, sample.value) for sample in metric.read(self.reading)]

    def red(self) -> set[tuple[str, str]]:
        """(symptom, API) that are beyond their limits now."""
        now = self._io.clock
        held = holding(self.board.snapshot(now.monotonic(), now.time()), (SPEC,), now.time())
        return {(one.symptom.name, one.labels["api"]) for one in held}

    def _previous(self, kind: type[R], /) -> Last[R] | None:
        entry = self.board.entry(SPEC.name, NAME)
        if entry is None or not isinstance(entry.reading, kind):
            return None
        return Last(entry.reading, entry.reading_monotonic)


async def test_a_small_cloud_is_well() -> None:
    """Every API of its catalog is asked once, whatever its interfaces, without a project and without a token."""
    stand = Stand()
    await stand.poll(2)
    assert set() == stand.red()
    assert ["volumev3", "compute", "network"] == [
        row.api for row in (stand.row("volumev3"), stand.row("compute"), stand.row("network"))
    ]
    asked = {port: talk.send.split(b"\r\n")[0] for _, port, talk in stand.dialer.asked}
    assert len(asked) == len(stand.dialer.asked)
    assert b"GET /v3/ HTTP/1.0" == asked[8776]
    assert not any(b"Token" in talk.send for _, _, talk in stand.dialer.asked)


@pytest.mark.parametrize(
    ("dial", "state"),
    [
        (SILENT, "mute"),
        (REFUSED, "refused"),
        (FILTERED, "filtered"),
        (Dial(PortState.RESET, ""), "reset"),
        (Dial(PortState.OPEN, "", 0.001, 0, 0.03, b"HTTP/1.1 503 Service Unavailable\r\n"), "error"),
        (Dial(PortState.OPEN, "", 0.001, tls_error="no handshake"), "tls"),
    ],
)
async def test_an_api_that_fails(dial: Dial, state: str) -> None:
    """Neutron stopped, however: its endpoints fail, and nobody else's."""
    stand = Stand()
    await stand.poll(2)
    stand.dialer.results[NEUTRON] = dial
    await stand.poll()
    assert {("CsOpenStackEndpointDown", "network")} == stand.red()
    assert state == stand.row("network").state
    del stand.dialer.results[NEUTRON]
    await stand.poll()
    assert set() == stand.red()


async def test_what_never_answered() -> None:
    """No way leads there: nobody's fault. Nobody listens there: a ticket, for the catalog may be out of date."""
    stand = Stand()
    stand.dialer.results[NEUTRON] = FILTERED
    await stand.poll(3)
    assert set() == stand.red()
    stand.dialer.results[NEUTRON] = REFUSED
    await stand.poll()
    assert {("CsOpenStackEndpointDownWarning", "network")} == stand.red()
    stand.dialer.results[NEUTRON] = SILENT
    await stand.poll()
    assert {("CsOpenStackEndpointDown", "network")} == stand.red()


async def test_keystone_is_gone() -> None:
    """The catalog of before counts, keystone's own endpoint is red, and the catalog is asked for until it answers."""
    stand = Stand()
    await stand.poll(2)
    stand.api.failure = ProbeFailed(Reason.REFUSED, "keystone is gone")
    stand.dialer.results[5000] = REFUSED
    await stand.poll(10)
    assert {("CsOpenStackEndpointDown", "identity")} == stand.red()
    assert stand.reading is not None
    assert "keystone is gone" in stand.reading.unread
    asked, stand.api.failure = stand.api.asked, None
    await stand.poll(4)
    assert (asked + 1, "") == (stand.api.asked, stand.reading.unread)


async def test_a_catalog_that_is_too_long() -> None:
    """Which services' endpoints are not looked at is a metric; of a usual catalog there is none."""
    stand = Stand()
    await stand.poll(2)
    assert [] == stand.left_out()
    rows = [{"interface": "public", "url": f"http://h{number}.example/"} for number in range(MOST)]
    stand.api.rows = (*stand.api.rows, {"type": "object-store", "endpoints": rows})
    await stand.poll(12)
    assert stand.reading is not None
    looked_at = [row.api for row in stand.reading.seen]
    assert MOST == len(looked_at)
    assert [(("object-store",), float(MOST - looked_at.count("object-store")))] == stand.left_out()


async def test_nothing_is_known_of_a_cloud_that_never_answered() -> None:
    """The run fails: which addresses there are nobody told."""
    stand = Stand()
    stand.api.failure = ProbeFailed(Reason.REFUSED, "keystone is gone")
    with pytest.raises(ProbeFailed, match="keystone is gone"):
        await openstack_endpoints.probe(HOST, stand.io, OpenStackEndpointsSettings())


async def test_nothing_that_could_be_tried_is_a_failed_run() -> None:
    """As when our name servers are gone: the run says why, and no endpoint is told to be up or down by it."""
    stand = Stand()
    await stand.poll(2)
    assert stand.reading is not None
    lost = ProbeFailed(Reason.UNREACHABLE, "no name server answers", ours=True)
    stand.dialer.results = {int(row.address.rpartition(":")[2]): lost for row in stand.reading.seen}
    with pytest.raises(ProbeFailed, match="no name server answers"):
        await openstack_endpoints.probe(HOST, stand.io, OpenStackEndpointsSettings())


async def test_slow_and_old() -> None:
    """Workers that are busy, and a certificate that runs out; an unencrypted look later it is still known."""
    stand = Stand()
    await stand.poll()
    soon = stand.clock.time() + 10 * DAY
    stand.dialer.results[NEUTRON] = Dial(PortState.OPEN, "", 0.001, 0, 2.5, b"HTTP/1.0 401", not_after=soon)
    await stand.poll()
    assert {("CsOpenStackApiSlow", "network"), ("CsOpenStackCertificateExpires", "network")} == stand.red()
    stand.dialer.results[NEUTRON] = ProbeFailed(Reason.EXHAUSTED, "no sockets left")
    await stand.poll()
    assert {("CsOpenStackApiSlow", "network"), ("CsOpenStackCertificateExpires", "network")} == stand.red()


def test_who_is_asked() -> None:
    """OpenStack clouds whose APIs may be asked."""
    assert SPEC.applies(HOST)
    assert not SPEC.applies(Host("endpoint:os1", "", cloud=CloudTarget(CloudKind.OPENSTACK)))
    assert not SPEC.applies(Host("endpoint:cs", "", cloud=CloudTarget(CloudKind.CLOUDSTACK)))
    assert 4.0 == OpenStackEndpointsSettings().longest_wait()
