"""The probe path_mtu: one request per run, a row for every peer whatever becomes of it, and the local machine's way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest
from pydantic import ValidationError

from cs_exporter.model import (
    Connection,
    Host,
    Link,
    Peer,
    ProbeFailed,
    Reason,
    Role,
    Route,
    Traffic,
    UnsupportedError,
)
from cs_exporter.ports import Answer, Answers, AnswerState, ClockSample, Echo, EchoState, EchoWay, Last, SectionCall
from cs_exporter.probes.paths import path_mtu
from cs_exporter.probes.paths.metrics import PathMtuReading
from cs_exporter.probes.paths.path_mtu import SPEC, PathMtuSettings
from cs_exporter.probes.paths.verdicts import PathState
from cs_exporter.spec import LONGEST_RUN
from tests import world

R = TypeVar("R")

NFS = Peer("nfs1", "10.0.0.9", Traffic.STORAGE)
MS = Peer("ms1", "10.0.0.8", Traffic.MANAGEMENT)
HOST = Host("kvm1", "10.0.0.1", roles=frozenset({Role.HYPERVISOR}), peers=(NFS, MS))
ROUTE = 'route [{"dst":"10.0.0.9","dev":"eth0","prefsrc":"10.0.0.1"}]\ndevice eth0 9000\n'
WELL = f"{ROUTE}84 do 0 time=0.1 ms\n9000 do 0 time=0.2 ms\n"
HOLE = f"{ROUTE}84 do 0 time=0.1 ms\n9000 do 1 \n1401 do 1 \n1400 do 0 time=0.1 ms\n"
LINKS = "1 lo 65536 1 loopback - - - - -\n2 eth0 9000 1 - - - - - -\n"


@dataclass
class FakeShell:
    """ports.Shell: what each peer's section says, by address; a state instead of a text is how it ended."""

    paths: Mapping[str, str | AnswerState] = field(default_factory=dict)
    links: str | AnswerState = LINKS
    asked: list[tuple[SectionCall, ...]] = field(default_factory=list)

    async def ask(self, *calls: SectionCall) -> Answers:
        """See ports.Shell."""
        self.asked.append(calls)
        said = {call: self.links if call.name == "links" else self.paths[call.arguments[0]] for call in calls}
        sample = ClockSample(1.8e9, 1e-6, 1.8e9, 0.001)
        return Answers(sample, {call: _answer(call, text) for call, text in said.items()})

    async def clock(self) -> ClockSample:
        """See ports.Shell."""
        raise AssertionError("one request is enough")


def _answer(call: SectionCall, said: str | AnswerState) -> Answer:
    if isinstance(said, AnswerState):
        return Answer(call, said)
    return Answer(call, AnswerState.DONE, 0, said.encode())


async def poll(
    shell: FakeShell, host: Host = HOST, last: PathMtuReading | None = None, settings: PathMtuSettings | None = None
) -> PathMtuReading:
    """One run; `last` is the reading of the one before."""

    def previous(kind: type[R], /) -> Last[R] | None:
        return Last(last, 0.0) if isinstance(last, kind) else None

    return await path_mtu.probe(host, world.io(shell=shell, previous=previous), settings or PathMtuSettings())


def states(reading: PathMtuReading) -> dict[str, PathState]:
    """Peer -> verdict."""
    return {row.peer.name: row.state for row in reading.paths}


async def test_one_request_for_everything() -> None:
    """A row per peer, and the devices that packets to them leave by."""
    shell = FakeShell({NFS.address: WELL, MS.address: HOLE})
    reading = await poll(shell)
    assert {"nfs1": PathState.OK, "ms1": PathState.BLACK_HOLE} == states(reading)
    assert reading.devices is not None
    assert {"eth0": 9000} == reading.devices.mtus
    (calls,) = shell.asked
    assert [("links", 0), ("path", 12), ("path", 12)] == [(call.name, call.limit) for call in calls]


async def test_what_the_section_is_told() -> None:
    """Address, the size declared for its network, where the last search ended, seconds, ladder, and packets at once."""
    settings = PathMtuSettings.model_validate({"expected": {"storage": 9000}, "ladder": [1400, 1500]})
    shell = FakeShell({NFS.address: HOLE, MS.address: HOLE})
    first = await poll(shell, settings=settings)
    await poll(shell, last=first, settings=settings)
    told = [[call.arguments for call in calls[1:]] for calls in shell.asked]
    rest = ("", "1", "10", "1500 1400", "6")
    assert [(NFS.address, "9000", *rest), (MS.address, "", *rest)] == told[0]
    assert ["1400", "1400"] == [arguments[2] for arguments in told[1]]


async def test_many_peers_share_what_a_host_may_send() -> None:
    """Should all paths fail at once, each of a dozen searches with fewer packets."""
    peers = tuple(Peer(f"kvm{number}", f"10.0.0.{number}", Traffic.MANAGEMENT) for number in range(20, 32))
    shell = FakeShell({peer.address: HOLE for peer in peers})
    await poll(shell, replace(HOST, peers=peers))
    assert ["3"] * 12 == [call.arguments[6] for call in shell.asked[0][1:]]


@pytest.mark.parametrize("said", [AnswerState.LATE, AnswerState.UNSUPPORTED, "nonsense", "none\n", ""])
async def test_one_peer_costs_no_other_its_row(said: str | AnswerState) -> None:
    """A worker that is late, or says nothing that makes sense, leaves its own path without a verdict."""
    reading = await poll(FakeShell({NFS.address: said, MS.address: WELL}))
    assert {"nfs1": PathState.UNKNOWN, "ms1": PathState.OK} == states(reading)
    assert reading.paths[0].detail


@pytest.mark.parametrize("said", [AnswerState.UNSUPPORTED, ""])
async def test_without_devices_there_are_paths(said: str | AnswerState) -> None:
    """And without either, the question does not apply."""
    assert (await poll(FakeShell({NFS.address: WELL, MS.address: WELL}, links=said))).devices is None
    with pytest.raises(UnsupportedError):
        await poll(FakeShell(links=said), replace(HOST, peers=()))


async def test_without_peers_there_are_devices() -> None:
    """A hypervisor whose peers nobody knows still shows them."""
    reading = await poll(FakeShell(), replace(HOST, peers=()))
    assert ((), {"eth0": 9000}) == (reading.paths, reading.devices.mtus if reading.devices else None)


@dataclass
class Here:
    """ports.Mtu and ports.Netlink of the exporter's own machine: packets up to `passes` come back."""

    passes: int
    broken: bool = False
    way: EchoWay = EchoWay.UDP

    async def echo(self, address: str, size: int, deadline: float) -> Echo:
        """See ports.Mtu."""
        if self.broken:
            raise ProbeFailed(Reason.BUG, f"no socket for {address}, {deadline:g} s", ours=True)
        if size <= self.passes:
            return Echo(EchoState.REPLY, size, rtt=0.001)
        return Echo(EchoState.TOO_BIG, size, mtu=self.passes, by="10.0.1.1")

    async def links(self) -> tuple[Link, ...]:
        """See ports.Netlink."""
        return (Link(2, "eth0", 9000),)

    async def route(self, address: str) -> Route | None:
        """See ports.Netlink."""
        return Route("eth0", "10.0.0.1") if address == NFS.address else None


async def test_the_exporters_own_machine() -> None:
    """No ping and no ip: its own sockets and netlink, with the same verdicts. Without a route, no expected size."""
    local = replace(HOST, connection=Connection.LOCAL)
    here = Here(1400)
    reading = await path_mtu.probe(local, world.io(mtu=here, netlink=here), PathMtuSettings())
    assert {"nfs1": PathState.REDUCED, "ms1": PathState.UNKNOWN} == states(reading)
    assert ("10.0.1.1", 1400, 9000) == (reading.paths[0].by, reading.paths[0].mtu, reading.paths[0].expected)
    assert reading.devices is not None
    assert {"eth0": 9000} == reading.devices.mtus
    broken = Here(1400, broken=True)
    reading = await path_mtu.probe(local, world.io(mtu=broken, netlink=broken), PathMtuSettings())
    assert {PathState.UNKNOWN} == {*states(reading).values()}
    assert "no socket" in reading.paths[0].detail


def test_who_is_asked() -> None:
    """Hypervisors, and whoever has peers; an appliance that is nothing but storage has none."""
    assert SPEC.applies(HOST)
    assert SPEC.applies(replace(HOST, peers=()))
    assert SPEC.applies(Host("ms1", "10.0.0.8", roles=frozenset({Role.MANAGEMENT}), peers=(NFS,)))
    assert not SPEC.applies(Host("nfs1", "10.0.0.9", roles=frozenset({Role.STORAGE})))


def test_a_run_fits_its_limits() -> None:
    """By default, and where an operator shortens it."""
    settings = PathMtuSettings()
    assert settings.longest_wait() < (settings.timeout or 0) < LONGEST_RUN * settings.interval


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"search_limit": 4, "packet_timeout": 2}, "four times"),
        ({"expected": {"storage": 100}}, "576"),
        ({"expected": {"guests": 1500}}, "guests"),
        ({"ladder": [70_000]}, "65535"),
        ({"packet_timeout": 0.5}, "integer"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, object], part: str) -> None:
    """With the mend, or what is allowed."""
    with pytest.raises(ValidationError, match=part):
        PathMtuSettings.model_validate(given)


def test_needs_are_looked_for_by_commands() -> None:
    """What a host lacks is found by the checklist; of hosts without peers ping is not asked for."""
    assert all(need.check and need.mend and need.lost for need in SPEC.needs)
    alone = replace(HOST, peers=())
    assert ["ip"] == [need.key for need in SPEC.needs if need.applies(alone)]
    named = replace(HOST, peers=(MS, replace(NFS, address="nfs.example")))
    assert [False, True] == [
        "getent" in {need.key for need in SPEC.needs if need.applies(host)} for host in (HOST, named)
    ]
