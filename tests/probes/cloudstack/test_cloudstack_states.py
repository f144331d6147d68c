"""The probe cloudstack_states on a real database, into which somebody writes as CloudStack does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from cs_exporter.model import Host
from cs_exporter.platforms.cloudstack.states import Source, States
from cs_exporter.ports import Dial, Last, PortState, R, Sql, Talk
from cs_exporter.probes.cloudstack.cloudstack_states import SPEC, CloudStackStatesSettings, probe, still
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading
from cs_exporter.spec import longest_run
from tests import world
from tests.lab.cloud_database import CloudDatabase, Expression
from tests.lab.mysql import MysqlServer
from tests.lab.mysql_fixtures import BOTH
from tests.platforms.cloudstack.database.cloud_stand import SmallCloud, account, asking, endpoint
from tests.probes.cloudstack.polled import CLOUD, ENDPOINT, red, samples


@pytest.fixture
def small(database: MysqlServer) -> Iterator[SmallCloud]:
    """A small cloud of the newest version; somebody has put its sick pool in order."""
    cloud = CloudDatabase(database)
    cloud.create()
    account(cloud)
    made = SmallCloud(cloud)
    cloud.update("storage_pool", "1", status="Up")
    cloud.system_vm("SecondaryStorageVm", "192.0.2.33", "203.0.113.33", made.zone, made.servers[1])
    cloud.update("vm_instance", f"id = {made.ssvm.number}", state="Destroyed")
    yield made
    cloud.drop()


class Nobody:
    """ports.Dialer: the exporter is not let to the storage network."""

    async def dial(self, address: str, port: int, talk: Talk, deadline: float) -> Dial:
        """No answer."""
        assert ("s3.example", 443, True) == (address, port, talk.tls)
        return Dial(PortState.FILTERED, f"no answer within {deadline:g} s")


@dataclass
class Poller:
    """Polls the cloud's pseudo-host, by a clock that the test moves."""

    host: Host
    sql: Sql
    now: float = 1000.0
    last: CloudStackStatesReading | None = None
    before: float = field(default=0.0)

    def time(self) -> float:
        """Wall clock."""
        return 1.8e9 + self.now

    def monotonic(self) -> float:
        """Monotonic clock."""
        return self.now

    async def poll(self, after: float = 15.0) -> CloudStackStatesReading:
        """One run."""
        self.before, self.now = self.now, self.now + after

        def previous(kind: type[R], /) -> Last[R] | None:
            return Last(self.last, self.before) if isinstance(self.last, kind) else None

        io = replace(world.io(sql=self.sql, tcp=Nobody(), clock=self), previous=previous)
        self.last = await probe(self.host, io, CloudStackStatesSettings())
        return self.last


@asynccontextmanager
async def polling(small: SmallCloud) -> AsyncIterator[Poller]:
    """The exporter's account asks the small cloud's database."""
    async with asking(small.database.server) as sql:
        names = {uuid: name for uuid, name in small.names.items() if name.startswith(("kvm", "mgmt"))}
        yield Poller(replace(endpoint(small.database.server, **names), name=CLOUD), sql)


@pytest.mark.lab
@BOTH
async def test_a_cloud_that_is_well(small: SmallCloud) -> None:
    """Nothing is red, whatever states there are."""
    async with polling(small) as cloud:
        reading = await cloud.poll()
        small.database.resource_state(small.kvm1, "Disabled")
        small.database.beat(small.servers[0])
        assert set() == red(reading) | red(reading := await cloud.poll())
        assert {("kvm1", "Up"), ("kvm2", "Up")} == samples(reading, "cs_host_state").keys()
        assert {("kvm1",): 0.0, ("kvm2",): 1.0} == samples(reading, "cs_host_schedulable")
        assert {("mgmt1", "Up"), ("mgmt2", "Up")} == samples(reading, "cs_management_server_state").keys()
        assert {(CLOUD, "database"): 1.0} == samples(reading, "cs_cloud_source_info")


LONG_AGO = Expression("UTC_TIMESTAMP() - INTERVAL 2 HOUR")
Write = Callable[[SmallCloud], object]
WRITTEN: Mapping[str, tuple[Write, set[tuple[str, str]]]] = {
    "no owner": (
        lambda small: small.database.update("host", f"id = {small.kvm1.number}", mgmt_server_id=None),
        {("kvm1", "HostUnowned")},
    ),
    "Alert": (lambda small: small.database.transition(small.kvm1, "Alert"), {("kvm1", "HostInAlert")}),
    "Disconnected": (
        lambda small: small.database.transition(small.kvm2, "Disconnected"),
        {("kvm2", "HostDisconnected")},
    ),
    "a clock ahead": (lambda small: small.database.beat(small.servers[1], 9), {("mgmt2", "ManagementClockAhead")}),
    "a heart that stopped": (
        lambda small: small.database.beat(small.servers[1], -60),
        {("mgmt2", "ManagementHeartbeatLate"), ("mgmt2", "ManagementHeartbeatStopped")},
    ),
    "a peer calls it down": (
        lambda small: small.database.peer(small.servers[0], small.servers[1], "Down"),
        {("mgmt2", "ManagementPeerDown")},
    ),
    "a pool": (
        lambda small: small.database.update("storage_pool", f"id = {small.pool.number}", status="Maintenance"),
        {(CLOUD, "StoragePoolNotUp")},
    ),
    "an agent of a system VM": (
        lambda small: small.database.update("host", "type = 'ConsoleProxy'", status="Disconnected"),
        {(CLOUD, "SystemVmAgentDisconnected"), (CLOUD, "SystemVmDown")},
    ),
    "a guest that starts for ever": (
        lambda small: small.database.vm("i-2-9-VM", state="Starting", data_center_id=small.zone, update_time=LONG_AGO),
        {(CLOUD, "VmsStuckInTransition")},
    ),
    "work of HA": (lambda small: small.database.investigation(), {(CLOUD, "HaWorkUnfinished")}),
}


@pytest.mark.lab
@BOTH
async def test_what_is_written_is_told(small: SmallCloud) -> None:
    """One after another; each adds its own, and none of another."""
    async with polling(small) as cloud:
        told = red(await cloud.poll())
        assert set() == told
        for what, (write, expected) in WRITTEN.items():
            write(small)
            new = red(await cloud.poll()) - told
            assert expected == new, what
            told |= new


@pytest.mark.lab
@BOTH
async def test_pings_that_do_not_come(small: SmallCloud) -> None:
    """An investigation writes last_ping and counts, and nothing else does while the host is Up."""
    stamps = (1_500_000_000, 1_500_000_060, 1_500_000_119)
    async with polling(small) as cloud:
        assert set() == red(await cloud.poll())
        for number, stamp in enumerate(stamps):
            small.database.investigated(small.kvm1)
            small.database.update("host", f"id = {small.kvm1.number}", last_ping=2_000_000_000 + stamp)
            expected = {("kvm1", "HostPingsMissing")} if number else set()
            assert expected == red(await cloud.poll(60))
        small.database.transition(small.kvm1, "Alert")
        assert {("kvm1", "HostInAlert")} == red(await cloud.poll())


@pytest.mark.lab
@BOTH
async def test_a_reconnect_is_none_of_that(small: SmallCloud) -> None:
    """It counts three times, and last_ping moves as well; the way there takes less than any hold."""
    async with polling(small) as cloud:
        await cloud.poll()
        for _ in range(4):
            small.database.transition(small.kvm1, "Alert")
            small.database.connect(small.kvm1, small.servers[0])
            assert set() == red(await cloud.poll(60))


def test_names_are_those_of_now() -> None:
    """A host that has left the inventory, or has another name there, is looked up anew."""
    reading = CloudStackStatesReading(states=States(Source.DATABASE), names={"h1": "kvm1"})
    assert {"h1": "other"} == still(reading, replace(ENDPOINT, names={"h1": "other"})).names


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, 12.0),
        ({"interval": 60}, 12.0),
        ({"interval": 10}, 8.0),
        ({"interval": 60, "timeout": 9}, 8.0),
        ({"interval": 10, "answer_limit": 8.5}, 8.5),
    ],
)
def test_an_api_has_most_of_the_interval(given: Mapping[str, float], expected: float) -> None:
    """Within what a run may take, so that it is a list that is late and not the run."""
    settings = CloudStackStatesSettings.model_validate(given)
    assert pytest.approx(expected) == settings.api_limit()
    assert settings.api_limit() < longest_run(settings, 10.0, 5.0)


def test_who_is_asked() -> None:
    """The pseudo-host of a cloud, and no other."""
    assert SPEC.applies(ENDPOINT)
    assert not SPEC.applies(replace(ENDPOINT, cloud=None))
    assert 4.0 == CloudStackStatesSettings().longest_wait()
