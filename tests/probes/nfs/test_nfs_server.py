"""The sheet nfs_server: a server's programs become a reading, metrics and symptoms, and nobody is logged in to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from pydantic import ValidationError

from cs_exporter.board import Board
from cs_exporter.model import Host, Inventory, Outcome, ProbeFailed, Reason, Role
from cs_exporter.ports import Io, Last, RpcVerdict
from cs_exporter.probes.nfs import nfs_mounts, nfs_server
from cs_exporter.probes.nfs.nfs_server import METRICS, SPEC, SYMPTOMS, NfsServerReading, NfsServerSettings
from cs_exporter.probes.nfs.programs import ServerProgram
from cs_exporter.runner import run_once
from cs_exporter.spec import Severity
from cs_exporter.symptoms import holding
from tests import world
from tests.probes.nfs.nfs_stand import FakeClock, FakeRpc

R = TypeVar("R")

WHOLE: Mapping[tuple[int, int], RpcVerdict | Reason] = dict.fromkeys(
    ((100000, 2), (100005, 3), (100003, 3), (100003, 4)), RpcVerdict.UP
)
DENIED = ProbeFailed(Reason.DENIED, "nobody is let in")


@dataclass
class Server:
    """An NFS server that can be polled again and again, and lets nobody log in."""

    rpc: FakeRpc = field(default_factory=lambda: FakeRpc(WHOLE, {100005: 20048}))
    settings: NfsServerSettings = field(default_factory=NfsServerSettings)
    roles: frozenset[Role] = frozenset({Role.STORAGE})
    last: Last[NfsServerReading] | None = None

    @property
    def host(self) -> Host:
        """The server as a host."""
        return Host("nas1", "192.0.2.9", roles=self.roles, settings={"nfs_server": self.settings})

    @property
    def io(self) -> Io:
        """What a run is given."""
        return world.io(rpc=self.rpc, clock=FakeClock(), previous=self._previous)

    async def poll(self) -> NfsServerReading:
        """Run the probe."""
        reading = await nfs_server.probe(self.host, self.io, self.settings)
        self.last = Last(reading, 0.0)
        return reading

    def _previous(self, kind: type[R]) -> Last[R] | None:
        if self.last is None or not isinstance(self.last.reading, kind):
            return None
        return Last(self.last.reading, self.last.monotonic)


def values(reading: NfsServerReading, name: str) -> dict[tuple[str, ...], float]:
    """Label values -> value of one metric."""
    (metric,) = [metric for metric in METRICS if metric.name == name]
    return {sample.labels: sample.value for sample in metric.read(reading)}


async def symptoms(server: Server) -> list[str]:
    """The names of the symptoms that hold after a poll."""
    board = Board(Inventory({server.host.name: server.host}))
    board.land(Outcome("nfs_server", server.host.name, 1.8e9, 1000.0, 0.1, await server.poll()), 30.0)
    return sorted({found.symptom.name for found in holding(board.snapshot(1000.0), (SPEC,), 1.8e9)})


async def test_a_server_is_asked_without_logging_in() -> None:
    """It may be an appliance: it is asked by RPC alone, at its own address."""
    server = Server()
    reading = await server.poll()
    expected = {("portmapper", "2"): 1.0, ("mountd", "3"): 1.0, ("nfs", "3"): 1.0, ("nfs", "4"): 1.0}
    assert expected == values(reading, "cs_nfs_server_up")
    assert {0.002} == {*values(reading, "cs_nfs_server_latency_seconds").values()}
    assert {"192.0.2.9"} == {address for address, *_ in server.rpc.asked}


@pytest.mark.parametrize("others", [(), (Role.MANAGEMENT,), (Role.HYPERVISOR, Role.DATABASE)])
async def test_a_server_that_is_dead_for_ssh_too_is_down(others: tuple[Role, ...]) -> None:
    """Whatever else the host is for: that nobody can log in takes nothing from the verdict by RPC."""
    server = Server(FakeRpc(dict.fromkeys(WHOLE, Reason.UNREACHABLE)), roles=frozenset((Role.STORAGE, *others)))
    asked = [spec for spec in (nfs_server.SPEC, nfs_mounts.SPEC) if spec.applies(server.host)]
    settings = {"nfs_server": server.settings, "nfs_mounts": nfs_mounts.NfsMountsSettings()}
    host = Host("nas1", "192.0.2.9", roles=server.roles, settings=settings)
    outcomes = {spec.name: await run_once(spec, host, server.io, 5.0) for spec in asked}
    reading = outcomes["nfs_server"].reading
    assert isinstance(reading, NfsServerReading)
    assert [0.0] * 4 == [*values(reading, "cs_nfs_server_up").values()]
    assert ["CsNfsServerDown"] == await symptoms(server)


async def test_a_server_that_serves_raises_nothing() -> None:
    """Also one of version 4 only, which has neither portmapper nor mountd."""
    assert [] == await symptoms(Server())
    assert [] == await symptoms(Server(FakeRpc({(100003, 4): RpcVerdict.UP})))


async def test_what_was_up_is_missed() -> None:
    """The reading before says what the server once had."""
    server = Server()
    await server.poll()
    server.rpc = FakeRpc({(100003, 4): RpcVerdict.UP})
    assert {("portmapper", "2"): 0.0, ("mountd", "3"): 0.0, ("nfs", "3"): 0.0, ("nfs", "4"): 1.0} == values(
        await server.poll(), "cs_nfs_server_up"
    )


@pytest.mark.parametrize(("roles", "expected"), [((), False), ((Role.HYPERVISOR,), False), ((Role.STORAGE,), True)])
def test_who_is_asked(roles: tuple[Role, ...], *, expected: bool) -> None:
    """Hosts that are for storage."""
    assert expected is SPEC.applies(Host("a", "192.0.2.1", roles=frozenset(roles)))


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"programs": ["nfs5"]}, "nfs3"),
        ({"deadline": 60}, "less than or equal to 30"),
        ({"deadline": 0}, "greater than 0"),
        ({"port": 2049}, "Extra inputs"),
    ],
)
def test_bad_settings(fields: dict[str, object], complaint: str) -> None:
    """Mistakes are refused with what was wrong."""
    with pytest.raises(ValidationError, match=complaint):
        NfsServerSettings.model_validate(fields)


def test_good_settings() -> None:
    """Programs are written by name."""
    settings = NfsServerSettings.model_validate({"programs": ["nfs4"], "deadline": "500ms"})
    assert ((ServerProgram.NFS4,), 0.5, 30.0) == (settings.programs, settings.deadline, settings.interval)


def test_a_server_that_is_gone_pages() -> None:
    """All that mounts from it stands still; one that is slow is a ticket."""
    assert {"CsNfsServerDown"} == {symptom.name for symptom in SYMPTOMS if symptom.severity is Severity.CRITICAL}
