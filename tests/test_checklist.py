"""The checklist: what a host lacks and says so, by fakes; and on real hosts of the lab."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from cs_exporter import grants, needs
from cs_exporter.checklist import FORWARDING, NO_TIMEOUT, Report, check, this_machine
from cs_exporter.daemon import collector
from cs_exporter.model import (
    CloudKind,
    CloudTarget,
    Connection,
    Expected,
    Host,
    Manner,
    PortRow,
    ProbeFailed,
    Reason,
    Role,
    SshTarget,
    UnsupportedError,
)
from cs_exporter.needs import Lack
from cs_exporter.platforms.cloudstack import api, database
from cs_exporter.ports import (
    Answer,
    Answers,
    AnswerState,
    ClockSample,
    Dial,
    Echo,
    EchoWay,
    PortState,
    SectionCall,
    Talk,
)
from cs_exporter.probes import PROBES
from cs_exporter.spec import AnySpec, Need, ProbeSettings, ProbeSpec, Section
from tests import world
from tests.test_grants import FakeSql

SAMPLE = ClockSample(1.8e9, 1e-6, 1.8e9, 0.001)
LOGIN = "everything that the host itself is asked"


@dataclass(frozen=True)
class Nothing:
    """A reading."""


async def _probe(_host: Host, _io: object, _settings: ProbeSettings) -> Nothing:
    return Nothing()


SPEC: AnySpec = ProbeSpec(
    "one",
    "?",
    ProbeSettings,
    Nothing,
    _probe,
    (),
    (),
    (Section("x", "x", tool="ss"),),
    (
        Need("file", "its contents", "setfacl -m u:ACCOUNT:r /file", "[ -r /file ]"),
        Need("forwarding", "the host's own view", "", applies=lambda host: bool(host.ports)),
        Need("database account", "all of it", "", applies=lambda host: Role.DATABASE in host.roles),
        Need("replication grant", "the lag", "", applies=lambda host: Role.DATABASE in host.roles),
    ),
)


def row(port: int) -> PortRow:
    """A port that the host is asked to connect to."""
    return PortRow("ms1", "192.0.2.9", port, "x", 5, Expected.OPEN, Manner.CONNECT, tunnelled=True)


HOST = Host("kvm1", "192.0.2.1", ssh=SshTarget(user="csmon"), settings={"one": ProbeSettings()})


@dataclass
class FakeHost:
    """ports.Shell and ports.Dialer of a host: which keys it lacks, which ports it may not connect to."""

    lacks: tuple[str, ...] = ()
    refused: tuple[int, ...] = ()
    failure: ProbeFailed | None = None
    state: AnswerState = AnswerState.DONE
    hangs: bool = False
    dialled: list[int] = field(default_factory=list)

    async def ask(self, *calls: SectionCall) -> Answers:
        """See ports.Shell."""
        if self.hangs:
            await asyncio.Event().wait()
        if self.failure is not None:
            raise self.failure
        (call,) = calls
        said = "".join(f"{'lacks' if key in self.lacks else 'has'} {key}\n" for key in call.arguments)
        return Answers(SAMPLE, {call: Answer(call, self.state, 0, said.encode())})

    async def clock(self) -> ClockSample:
        """See ports.Shell."""
        return SAMPLE

    async def dial(self, address: str, port: int, talk: Talk, deadline: float) -> Dial:
        """See ports.Dialer."""
        assert (Talk(), True) == (talk, 0 < deadline < 5), address
        self.dialled.append(port)
        if port in self.refused:
            raise UnsupportedError("administratively prohibited")
        if port == 1:
            raise ProbeFailed(Reason.EXHAUSTED, "no descriptor left")
        return Dial(PortState.REFUSED, "Connection refused")


async def checked(fake: FakeHost, host: Host = HOST, sql: FakeSql | None = None) -> Report:
    """The report of a host."""
    return await check(host, world.io(shell=fake, tunnel=fake, sql=sql or FakeSql()), (SPEC,))


async def test_nothing_is_lacking() -> None:
    """One line."""
    report = await checked(FakeHost())
    assert report.good
    assert ["kvm1: OK"] == [*report.lines()]


async def test_lines() -> None:
    """What, what is lost, and the mend with the account's own name; a tool is looked for besides."""
    report = await checked(FakeHost(lacks=("file", "ss")))
    assert [
        "kvm1: lacks: file",
        "    lost without it: its contents",
        "    mend: setfacl -m u:csmon:r /file",
        "kvm1: lacks: ss",
        "    lost without it: answers of one",
        "    mend: apt-get install iproute2 (or dnf install iproute)",
    ] == [*report.lines()]


def test_long_lines() -> None:
    """Prose is wrapped at 80 columns and indented; what is to be typed stays whole."""
    lines = [*Report("kvm1", [Lack("x", "word " * 40, "command " * 20)], ["reason " * 20]).lines()]
    assert all(len(line) <= 80 or line.startswith("    mend: ") for line in lines)
    assert 1 == sum("mend: " in line for line in lines)


async def test_ports_that_the_key_does_not_open() -> None:
    """Refused by the host's own SSH server is lacking, refused by the destination is not; the key line mends it."""
    host = replace(HOST, ports=(row(8080), row(443)))
    assert (await checked(FakeHost(), host)).good
    (lack,) = (await checked(FakeHost(refused=(443,)), host)).lacks
    assert "forwarding to 192.0.2.9:443" == lack.what
    assert 'csmon/.ssh/authorized_keys: restrict,port-forwarding,permitopen="192.0.2.9:443",permi' in lack.mend
    (lack,) = (await checked(FakeHost(refused=(443, 8080)), host)).lacks
    assert "forwarding" == lack.what
    report = await checked(FakeHost(), replace(HOST, ports=(row(1),)))
    assert ([], ["exhausted: no descriptor left"]) == (report.lacks, report.unasked)


async def test_a_host_that_lets_nobody_in() -> None:
    """It says why; a denied account is given its key line; nothing is dialled through it."""
    denied = FakeHost(failure=ProbeFailed(Reason.DENIED, "csmon: permission denied"))
    report = await checked(denied, replace(HOST, ports=(row(443),)))
    assert (["denied: csmon: permission denied"], [LOGIN], []) == (
        report.unasked,
        [lack.lost for lack in report.lacks],
        denied.dialled,
    )
    refused = await checked(FakeHost(failure=ProbeFailed(Reason.REFUSED, "port 22")))
    assert ([], ["kvm1: could not be asked: refused: port 22"]) == (refused.lacks, [*refused.lines()])


async def test_a_host_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs its own deadline, and no other host."""
    monkeypatch.setattr("cs_exporter.checklist.PATIENCE", 0.01)
    report = await checked(FakeHost(hangs=True), replace(HOST, ssh=SshTarget(connect_timeout=0.01)))
    assert ["no answer within 0.02 s"] == report.unasked


async def test_a_collector_that_can_not_look() -> None:
    """The section runs under timeout; without it nothing can be looked for."""
    assert [NO_TIMEOUT] == (await checked(FakeHost(state=AnswerState.UNSUPPORTED))).lacks


async def test_a_database() -> None:
    """Its grants are looked at though the host itself lets nobody in; what failed there is told as that."""
    host = replace(HOST, roles=frozenset({Role.DATABASE}))
    closed = FakeHost(failure=ProbeFailed(Reason.REFUSED, "port 22"))
    report = await checked(closed, host, FakeSql(granted="PROCESS"))
    assert ["replication grant"] == [lack.what for lack in report.lacks]
    mute = FakeSql(refusal=ProbeFailed(Reason.MUTE, "no greeting"))
    assert ["database: mute: no greeting"] == (await checked(FakeHost(), host, mute)).unasked


async def test_the_database_of_a_cloud() -> None:
    """Its pseudo-host is asked for that only: nobody logs in there, and a server's other grants are not its own."""
    cloud = CloudTarget(CloudKind.CLOUDSTACK, "cloud")
    host = Host("endpoint:c", "192.0.2.1", connection=Connection.NONE, cloud=cloud, settings=HOST.settings)
    spec = replace(SPEC, sections=(), needs=(database.NEED,))
    sql = FakeSql()
    report = await check(host, world.io(shell=FakeHost(hangs=True), sql=sql), (spec,))
    assert ["cloud database: 16 grants"] == [lack.what for lack in report.lacks]
    assert "SHOW GRANTS" not in sql.asked


@dataclass
class FakeEchoes:
    """ports.Mtu of a process that may send echoes in one way."""

    way: EchoWay

    async def echo(self, address: str, size: int, deadline: float) -> Echo:
        """See ports.Mtu."""
        raise AssertionError((address, size, deadline))


@pytest.mark.parametrize(
    ("way", "probe", "lacks"),
    [
        (EchoWay.UDP, "path_mtu", 1),
        (EchoWay.PING, "path_mtu", 0),
        (EchoWay.RAW, "path_mtu", 0),
        (EchoWay.UDP, "one", 0),
    ],
)
def test_this_machine(way: EchoWay, probe: str, lacks: int) -> None:
    """Only where paths are measured, and nothing but UDP is allowed, does the exporter itself lack something."""
    spec = replace(SPEC, name=probe)
    host = replace(HOST, settings={probe: ProbeSettings()})
    report = this_machine(world.io(mtu=FakeEchoes(way)), [host], (spec,))
    assert lacks == len(report.lacks)
    assert all("net.ipv4.ping_group_range=" in lack.mend for lack in report.lacks)


def test_every_need_is_looked_for() -> None:
    """A need without a check has a way here; else the list would pass over it in silence."""
    unchecked = {need.key for spec in PROBES for need in spec.needs if not need.check}
    assert unchecked <= {FORWARDING, api.NEED.key, *grants.KEYS}
    assert needs.NAME in collector().names
