"""The probe time_drift on real hosts: its section under three shells, a settable clock, an exporter that is wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from cs_exporter.model import Host, Inventory, SshTarget
from cs_exporter.ports import Clock, Counters
from cs_exporter.probes.clocks import clock_fleet, time_drift
from cs_exporter.probes.clocks.client import SECTION, TimeSource, interpret
from cs_exporter.probes.clocks.time_drift import TimeDriftReading, TimeDriftSettings
from cs_exporter.spec import Latest
from cs_exporter.transports.collector.script import assemble
from cs_exporter.transports.pool import Pace, Shells
from tests import world
from tests.lab import faults
from tests.lab.lab import USER, Lab, Reachable
from tests.lab.ntp import Chronyd
from tests.lab.uml import UmlHost
from tests.lab.wait import wait_until, wait_until_async

pytestmark = pytest.mark.lab

PACE = Pace(handshakes_at_once=4, handshakes_per_second=20.0, retry_cap=1.0)
SETTINGS = TimeDriftSettings(section_limit=2)
DEADLINE = 30.0
SHELLS = (("dash", "-c"), ("bash", "-c"), ("busybox", "sh", "-c"))


class WrongClock:
    """The exporter's clock, ahead by so many seconds."""

    def __init__(self, ahead: float) -> None:
        self.ahead = ahead

    def time(self) -> float:
        """See ports.Clock."""
        return time.time() + self.ahead

    def monotonic(self) -> float:
        """See ports.Clock."""
        return time.monotonic()


class Poller:
    """Hosts of the lab, asked with the real transports."""

    def __init__(self, lab: Lab, clock: Clock) -> None:
        self._ssh = SshTarget(user=USER, key_file=str(lab.client_key_file), known_hosts=str(lab.known_hosts_file))
        self._clock = clock
        self._shells = Shells(assemble(time_drift.SPEC.sections), PACE, clock, Counters())

    async def poll(self, machine: Reachable) -> TimeDriftReading:
        """Run the probe."""
        host = Host(machine.address, machine.address, ssh=self._ssh)
        io = world.io(shell=self._shells.of(host), clock=self._clock)
        return await time_drift.probe(host, io, SETTINGS)

    async def close(self) -> None:
        """End all sessions."""
        await self._shells.close()


@asynccontextmanager
async def polling(lab: Lab, clock: Clock = time) -> AsyncIterator[Poller]:
    """Real sessions, ended in the end."""
    poller = Poller(lab, clock)
    try:
        yield poller
    finally:
        await poller.close()


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_the_section_with_a_real_chronyd(lab: Lab, shell: tuple[str, ...]) -> None:
    """Every shell a host may have gives the same answer, to an account without any right."""
    host = lab.hosts["h1"]
    Chronyd(host).wait_synchronised()
    done = wait_until(lambda: host.run([*shell, SECTION.body], "csmon"), what="answer")
    view = interpret(done.stdout, time.time())
    assert ("", 0, TimeSource.CHRONY, True) == (done.stderr, done.returncode, view.source, view.synchronised)
    assert (1, 1, 4) == (view.sources_reachable, view.sources_total, view.stratum)
    assert view.offset is not None
    assert view.last_sync is not None
    assert abs(view.offset) < 0.01
    assert abs(view.last_sync - time.time()) < 60


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_the_section_without_its_daemon(lab: Lab, shell: tuple[str, ...]) -> None:
    """The host has chronyc, and no chronyd: its clock is left to itself."""
    host = lab.hosts["h2"]
    Chronyd(host).stop()
    try:
        done = host.run([*shell, SECTION.body], "csmon")
    finally:
        Chronyd(host).follow(lab.hosts["srv"].address)
    assert ("", 0) == (done.stderr, done.returncode)
    assert "chronyd stopped" in done.stdout
    assert interpret(done.stdout, time.time()).synchronised is False


async def test_a_frozen_client_is_mute(lab: Lab) -> None:
    """It holds nobody up: the reading comes after the limit, with the skew; and it is heard again once it runs."""
    clock = Chronyd(lab.hosts["h1"])
    async with polling(lab) as poller:
        with faults.frozen(clock):
            began = time.monotonic()
            reading = await poller.poll(lab.hosts["h1"])
            took = time.monotonic() - began
        assert reading.client is not None
        assert (TimeSource.MUTE, None) == (reading.client.source, reading.client.synchronised)
        assert reading.skew is not None
        assert SETTINGS.section_limit <= took < SETTINGS.section_limit + 2

        async def answers() -> bool:
            client = (await poller.poll(lab.hosts["h1"])).client
            return client is not None and client.source is TimeSource.CHRONY and client.synchronised is True

        await wait_until_async(answers, DEADLINE, "chronyd to answer")


async def test_the_exporter_is_wrong(lab: Lab) -> None:
    """All hosts differ from it by the same 6 s; against each other they are right, and so are their own clients."""
    async with polling(lab, WrongClock(6.0)) as poller:
        names = ("h1", "h3", "h4")
        readings = dict(
            zip(names, await asyncio.gather(*(poller.poll(lab.hosts[name]) for name in names)), strict=True)
        )
    found = clock_fleet.derive(Latest(Inventory(), {"time_drift": readings}), 0.0)
    assert found.median is not None
    assert abs(found.median + 6.0) < 0.1
    assert all(abs(distance) < 0.1 for distance in found.from_median.values())
    for reading in readings.values():
        assert reading.last_sync is not None
        assert abs(reading.last_sync - WrongClock(6.0).time()) < 60  # by the exporter's clock, wrong as it is


@pytest.fixture
def settable(uml_hosts: list[UmlHost]) -> Iterator[UmlHost]:
    """A host with a clock of its own."""
    host = uml_hosts[0]
    yield host
    host.stop_chronyd()
    host.set_clock(0.0)


@pytest.mark.heavy
async def test_a_clock_that_is_really_wrong(lab: Lab, settable: UmlHost) -> None:
    """Both witnesses measure the same: the client that slews it slowly, and the exchange; then it is stepped right."""
    server = lab.hosts["srv"].address
    settable.set_clock(2.5)
    settable.start_chronyd(server, "maxslewrate 1")
    async with polling(lab) as poller:

        async def offset() -> TimeDriftReading | None:
            reading = await poller.poll(settable)
            return reading if reading.client is not None and reading.client.offset is not None else None

        wrong = await wait_until_async(offset, DEADLINE, "chronyd to measure")
        truth, doubt = settable.clock_error()
        assert wrong is not None
        assert wrong.client is not None
        assert wrong.skew is not None
        assert wrong.client.synchronised
        assert abs((wrong.client.offset or 0.0) - truth) < 0.05 + doubt
        assert abs(wrong.skew - truth) < 0.05 + doubt + wrong.skew_uncertainty
        settable.start_chronyd(server, "makestep 0.1 1")

        async def right() -> bool:
            reading = await poller.poll(settable)
            told = None if reading.client is None else reading.client.offset
            return None not in (told, reading.skew) and abs(told or 0.0) < 0.05 and abs(reading.skew or 0.0) < 0.2

        await wait_until_async(right, DEADLINE, "the clock to be right")
