"""The sheet port_reachability: rows become a reading, metrics about their destinations, and symptoms."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cs_exporter.board import Board
from cs_exporter.model import Expected, Host, Inventory, Manner, Outcome, ProbeFailed, Reason, UnsupportedError
from cs_exporter.ports import AnswerState, Dial, PortState, Talk
from cs_exporter.probes.ports.port_reachability import RECENT_INTERVALS, SPEC, PortReachabilitySettings
from cs_exporter.symptoms import holding
from tests.probes.ports.port_stand import OPEN, Stand, row, values

API = row(8080, name="management-http", manner=Manner.SPEAK, send=b"OPTIONS")
AGENTS = row(8250, name="management-agent", manner=Manner.PASSIVE)
SSH = row(22, name="ssh", manner=Manner.SSH)
PEER = row(9090, name="management-cluster", host="ms2", tunnelled=True)
BACK_DOOR = row(8096, name="integration-api", impact=6, expected=Expected.CLOSED)
ALL = (API, AGENTS, SSH, PEER, BACK_DOOR)
DAY = 86400.0

LISTENING = "LISTEN 0 50 *:8250 *:*\nLISTEN 0 50 *:8080 *:*\nLISTEN 0 128 *:22 *:*\n"
REFUSED = Dial(PortState.REFUSED, "connection refused")


def stand_of(*rows: object, **settings: object) -> Stand:
    """A management server that is well: its back door is closed."""
    stand = Stand(*(rows or ALL), settings=settings)  # type: ignore[arg-type]  # rows, as the tests write them
    stand.shell.text = LISTENING
    stand.here.results[8096] = REFUSED
    return stand


async def symptoms(stand: Stand, polls: int = 1) -> set[tuple[str, str]]:
    """(host, symptom) of those that hold after so many polls."""
    for _ in range(polls):
        reading = await stand.poll()
    hosts = {"ms1": stand.host, "ms2": Host("ms2", "ms2.example")}
    board = Board(Inventory(hosts))
    now = stand.clock.time()
    board.land(Outcome(SPEC.name, "ms1", now, stand.clock.now, 0.1, reading), 30.0)
    return {(found.host, found.symptom.name) for found in holding(board.snapshot(stand.clock.now), (SPEC,), now)}


async def test_all_is_well() -> None:
    """Each row from its own vantage, about its own destination, and nothing is red."""
    stand = stand_of()
    reading = await stand.poll()
    assert {
        ("ms1", "8080", "exporter"): 1.0,
        ("ms1", "8250", "ms1"): 1.0,
        ("ms1", "22", "exporter"): 1.0,
        ("ms2", "9090", "ms1"): 1.0,
        ("ms1", "8096", "exporter"): 0.0,
    } == values(reading, "cs_port_up")
    assert {("ms1", "8080", "exporter"): 0.001, ("ms2", "9090", "ms1"): 0.001} == values(
        reading, "cs_port_connect_seconds"
    )
    assert ({}, {}) == (values(reading, "cs_port_failing"), values(reading, "cs_port_unexpected"))
    assert {(None,): 1.0} == values(reading, "cs_port_vantage_supported")
    assert set() == await symptoms(stand, 20)


async def test_nobody_dials_what_is_passive() -> None:
    """Neither from here nor from the host, whatever happens."""
    stand = stand_of()
    for failure in (None, ProbeFailed(Reason.REFUSED, "refused"), ProbeFailed(Reason.DENIED, "denied")):
        stand.shell.failure = failure
        await stand.poll()
    assert {8080, 8096} == {port for _, port, _, _ in stand.here.asked}
    assert {9090} == {port for _, port, _, _ in stand.there.asked}


@pytest.mark.parametrize("state", [PortState.REFUSED, PortState.FILTERED, PortState.RESET, PortState.MUTE])
@pytest.mark.parametrize(("impact", "name"), [(10, "CsPortDown"), (7, "CsPortDownWarning"), (3, "CsPortDownInfo")])
async def test_a_port_that_fails(state: PortState, impact: int, name: str) -> None:
    """How bad it is follows its impact; a mute one says besides that it is frozen."""
    stand = stand_of(row(8080, impact=impact))
    stand.here.results[8080] = Dial(state, "why", connect_seconds=0.001)
    expected = {("ms1", name)} | ({("ms1", "CsPortMute")} if state is PortState.MUTE else set())
    assert expected == await symptoms(stand)
    assert stand.last is not None
    severity = {"CsPortDown": "critical", "CsPortDownWarning": "warning", "CsPortDownInfo": "info"}[name]
    assert {("ms1", "8080", "exporter", state.value, severity): 1.0} == values(stand.last.reading, "cs_port_failing")
    assert {("ms1", "8080", "exporter"): 0.0} == values(stand.last.reading, "cs_port_up")
    stand.here.results.clear()
    assert set() == await symptoms(stand)


async def test_a_port_that_should_be_closed() -> None:
    """Open is the finding."""
    stand = stand_of()
    stand.here.results[8096] = OPEN
    assert {("ms1", "CsPortUnexpected")} == await symptoms(stand)


@pytest.mark.parametrize("state", PortState)
async def test_what_is_unknown_is_never_red(state: PortState) -> None:
    """It has its value and nothing that a symptom looks at: it may be slow, old, lossy or gone."""
    stand = stand_of(row(8443, expected=Expected.UNKNOWN))
    stand.here.results[8443] = Dial(state, "", connect_seconds=5.0, syn_retransmits=3, not_after=1.0)
    assert set() == await symptoms(stand)
    assert stand.last is not None
    assert {("ms1", "8443", "exporter"): float(state is PortState.OPEN)} == values(stand.last.reading, "cs_port_up")


async def test_slow_and_lossy() -> None:
    """The kernel's own figures have their symptoms."""
    stand = stand_of(row(1), row(2))
    stand.here.results[1] = Dial(PortState.OPEN, "", connect_seconds=0.6, syn_retransmits=0)
    stand.here.results[2] = Dial(PortState.OPEN, "", connect_seconds=0.001, syn_retransmits=1)
    assert {("ms1", "CsPortSlow")} == await symptoms(stand), "one lost request is chance"
    assert {("ms1", "CsPortSlow"), ("ms1", "CsPortSynRetransmits")} == await symptoms(stand)
    assert stand.last is not None
    assert {("ms1", "2", "exporter"): 1.0, ("ms1", "1", "exporter"): 0.0} == values(
        stand.last.reading, "cs_port_syn_retransmits"
    )
    stand.here.results[2] = Dial(PortState.OPEN, "", connect_seconds=0.001, syn_retransmits=0, first_byte_seconds=2.5)
    assert {("ms1", "CsPortSlow"), ("ms1", "CsPortAnswersSlowly")} == await symptoms(stand)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (15 * DAY, set()),
        (13 * DAY, {"CsPortCertificateExpires"}),
        (DAY, {"CsPortCertificateExpires", "CsPortCertificateExpiresCritical"}),
        (-DAY, {"CsPortCertificateExpires", "CsPortCertificateExpiresCritical"}),
    ],
)
async def test_certificates(left: float, expected: set[str]) -> None:
    """They are looked at now and then, and known between, as what they say does not change."""
    stand = stand_of(row(8443, tls=True))
    end = stand.clock.time() + left

    def shake(talk: Talk) -> Dial:
        return Dial(PortState.OPEN, "", connect_seconds=0.001, not_after=end if talk.tls else None)

    stand.here.results[8443] = shake
    for _ in range(8):
        assert {("ms1", name) for name in expected} == await symptoms(stand)
    assert 2 >= len([talk for talk in stand.here.talks(8443) if talk.tls])


async def test_a_server_that_fetches_nothing() -> None:
    """Agents wait to be accepted, look after look: mute, though nobody dialled; and the web port beside it as well."""
    stand = stand_of()
    assert set() == await symptoms(stand)
    stand.shell.text = LISTENING.replace("LISTEN 0 50", "LISTEN 2 50")
    assert set() == await symptoms(stand)
    assert {("ms1", "CsPortDown"), ("ms1", "CsPortMute")} == await symptoms(stand)
    assert stand.last is not None
    assert {("ms1", "8250", "ms1", "mute", "critical"), ("ms1", "8080", "exporter", "mute", "critical")} == set(
        values(stand.last.reading, "cs_port_failing")
    )
    stand.shell.text = LISTENING
    assert set() == await symptoms(stand)


@pytest.mark.parametrize(("pause", "expected"), [(60, True), (3600, False)])
async def test_what_was_seen_long_ago(pause: float, *, expected: bool) -> None:
    """Who waited an hour ago is not who waits now: one look is no proof. The runs between them have failed."""
    stand = stand_of(AGENTS, PEER)
    stand.shell.text = LISTENING.replace("LISTEN 0 50", "LISTEN 2 50")
    await stand.poll()
    stand.clock.now += pause
    assert ({("ms1", "CsPortDown"), ("ms1", "CsPortMute")} if expected else set()) == await symptoms(stand)
    assert stand.last is not None
    assert 2 == stand.last.reading.number


async def test_nobody_can_log_in() -> None:
    """The exporter's rows stay true; what only the host can tell ends after 3 runs, and nothing is red but SSH."""
    stand = stand_of()
    await stand.poll()
    stand.shell.failure = ProbeFailed(Reason.UNREACHABLE, "no answer")
    stand.there.results[9090] = ProbeFailed(Reason.UNREACHABLE, "no answer")
    for _ in range(RECENT_INTERVALS):
        assert {("ms1", "CsPortDown")} == await symptoms(stand)
    assert stand.last is not None
    reading = stand.last.reading
    assert {("ms1", "22", "exporter", "filtered", "critical")} == set(values(reading, "cs_port_failing"))
    assert {("ms1", "8080", "exporter"), ("ms1", "8096", "exporter"), ("ms1", "22", "exporter")} == set(
        values(reading, "cs_port_up")
    )
    assert {} == values(reading, "cs_port_vantage_supported")
    assert ("unreachable: no answer",) == reading.missing


async def test_turned_away_is_no_closed_port() -> None:
    """An account that may not log in reaches the port all the same."""
    stand = stand_of(SSH, AGENTS)
    stand.shell.failure = ProbeFailed(Reason.DENIED, "no key fits")
    reading = await stand.poll()
    assert {("ms1", "22", "exporter"): 1.0} == values(reading, "cs_port_up")


async def test_a_host_that_forwards_nothing() -> None:
    """It says so in a value of its own, and that is all."""
    stand = stand_of()
    stand.there.results[9090] = UnsupportedError("forwarding is not permitted")
    assert set() == await symptoms(stand)
    assert stand.last is not None
    assert {(None,): 0.0} == values(stand.last.reading, "cs_port_vantage_supported")
    assert ("ms2", "9090", "ms1") not in values(stand.last.reading, "cs_port_up")


@pytest.mark.parametrize(
    ("failure", "expected"),
    [(ProbeFailed(Reason.TIMEOUT, "late"), ProbeFailed), (UnsupportedError("nothing"), UnsupportedError)],
)
async def test_nothing_at_all_was_found_out(failure: Exception, expected: type[Exception]) -> None:
    """Only then the run fails, with the reason."""
    stand = stand_of(PEER)
    assert isinstance(failure, ProbeFailed | UnsupportedError)
    stand.there.results[9090] = failure
    with pytest.raises(expected, match=str(failure)):
        await stand.poll()


async def test_a_host_without_ss_and_without_other_rows() -> None:
    """Its question can't be answered there."""
    stand = stand_of(AGENTS)
    stand.shell.state = AnswerState.UNSUPPORTED
    with pytest.raises(UnsupportedError, match="not available"):
        await stand.poll()


async def test_a_shortage_of_our_own() -> None:
    """It costs the row, and says nothing of the port."""
    stand = stand_of()
    stand.here.results[8080] = ProbeFailed(Reason.EXHAUSTED, "no descriptor", ours=True)
    reading = await stand.poll()
    assert ("ms1", "8080", "exporter") not in values(reading, "cs_port_up")
    assert ("exhausted: no descriptor",) == reading.missing


def test_who_is_asked() -> None:
    """Hosts with rows."""
    assert SPEC.applies(Stand(API).host)
    assert not SPEC.applies(Stand().host)


def test_what_accounts_need() -> None:
    """Forwarding where the host is a vantage, ss where it must speak for itself."""
    wanted = {need.key: [need.applies(Stand(one).host) for one in (API, AGENTS, PEER)] for need in SPEC.needs}
    assert {"forwarding": [False, False, True], "ss": [False, True, False]} == wanted


@pytest.mark.parametrize("fields", [{"deadline": 0}, {"deadline": 31}, {"tls_every": 0}, {"retries": 3}])
def test_bad_settings(fields: dict[str, object]) -> None:
    """Mistakes are refused."""
    with pytest.raises(ValidationError):
        PortReachabilitySettings.model_validate(fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({}, 6.5), ({"deadline": 5}, 10.0), ({"first_byte": 9}, 12.0), ({"shell_deadline": 8}, 8.0)],
)
def test_the_longest_wait(fields: dict[str, object], expected: float) -> None:
    """Two rounds of tunnels, a word after a connection, or the host's own answer."""
    assert expected == PortReachabilitySettings.model_validate(fields).longest_wait()
