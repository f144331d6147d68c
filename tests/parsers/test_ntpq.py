"""Variables and peers of ntpq, of the reference ntpd and of ntpsec: captured states, and nonsense is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import ntpq
from cs_exporter.parsers.ntpq import NtpdStatus, Peer
from tests.parsers.outcomes import outcome

CAPTURES = Path(__file__).parents[1] / "captures" / "time" / "ntpq"


def text(state: str) -> str:
    """The captured output of that state."""
    return (CAPTURES / f"{state}.txt").read_text(encoding="utf-8")


def test_every_field_of_the_reference_ntpd() -> None:
    """Milliseconds become seconds, the NTP time a Unix time, and the sign turns."""
    found = ntpq.status(text("ntpd_synced"))
    assert (0, 4, (Peer("10.88.0.1", "*", 0o377),)) == (found.leap, found.stratum, found.peers)
    assert pytest.approx(1795249936.459817) == found.reference_time
    assert pytest.approx((-5.884e-6, 105e-6, 1465e-6)) == (found.offset, found.root_delay, found.root_dispersion)
    assert pytest.approx(1465e-6 + 105e-6 / 2) == found.error_bound


def test_every_field_of_ntpsec() -> None:
    """The other order, more digits, and an address that is cut off at its column."""
    found = ntpq.status(text("ntpsec_synced"))
    assert (0, 4, True) == (found.leap, found.stratum, found.synchronised)
    assert pytest.approx((-5.413e-6, 30e-6)) == (found.offset, found.root_delay)
    assert (Peer("10.88.0.5", "*", 0o377), Peer("fd00:88::1234:5", "+", 0o377)) == found.peers


@pytest.mark.parametrize(("state", "offset"), [("ntpd_off_by_2s", 1.904306945), ("ntpsec_off_by_2s", 1.999963581)])
def test_positive_is_ahead(state: str, offset: float) -> None:
    """Both clocks were ahead, which ntpq writes as a negative offset; it is in the dispersion, and not added twice."""
    found = ntpq.status(text(state))
    assert pytest.approx(offset) == found.offset
    assert pytest.approx(offset, rel=1e-3) == found.error_bound


@pytest.mark.parametrize("state", ["ntpd_never_synced", "ntpsec_never_synced"])
def test_never_synchronised(state: str) -> None:
    """`(no time)` of the one and the zeros of the other, which it shows as the year 2036, are no time."""
    found = ntpq.status(text(state))
    assert (3, 16, None, False) == (found.leap, found.stratum, found.reference_time, found.synchronised)
    assert (Peer("10.88.0.77", " ", 0),) == found.peers


@pytest.mark.parametrize("state", ["ntpd_server_lost", "ntpsec_server_lost"])
def test_only_the_peers_tell_of_a_lost_server(state: str) -> None:
    """The variables say synchronised as before; nobody was reached in 8 polls."""
    found = ntpq.status(text(state))
    assert found.synchronised
    assert [False] == [peer.reachable for peer in found.peers]


def test_a_server_that_is_still_marked_may_be_lost() -> None:
    """The star of ntpsec stays for a while after the last of 8 polls; the other server is heard."""
    found = ntpq.status(text("ntpsec_one_of_two_lost"))
    assert [("*", False), ("+", True)] == [(peer.tally, peer.reachable) for peer in found.peers]
    assert all(peer.chosen for peer in found.peers)


@pytest.mark.parametrize("state", ["ntpd_no_daemon", "ntpsec_no_daemon", "ntpsec_frozen"])
def test_no_answer_is_refused(state: str) -> None:
    """The exit status of ntpq is 0 even then."""
    with pytest.raises(UnparsableError, match="not ntpq's variables"):
        ntpq.status(text(state))


def test_a_daemon_without_servers() -> None:
    """The table is left out then, heading and ruler; either without the other is no answer."""
    assert () == ntpq.status(text("ntpsec_no_source")).peers
    for torn in (text("ntpd_synced").replace("==", "=\0"), text("ntpd_synced").replace("remote", "\0emote")):
        with pytest.raises(UnparsableError, match="ntpq"):
            ntpq.status(torn)


def test_templates_are_no_sources() -> None:
    """The line of a `pool` directive, and whom broadcasts go to, never have an answer."""
    line = " 0.pool.example  .POOL.          16 p    -   64    0    0.000   +0.000   0.004\n"
    assert ntpq.status(text("ntpd_synced")).peers == ntpq.status(text("ntpd_synced") + line).peers


def test_after_february_2036() -> None:
    """NTP's 32 bits of seconds begin again; the time goes on."""
    later = text("ntpd_synced").replace("eeabd590.75b6d99f", "00000001.80000000")
    assert 2_085_978_497.5 == ntpq.status(later).reference_time


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("leap=00", "leap=04"),
        ("leap=00, ", ""),
        ("stratum=4", "stratum=four"),
        ("offset=+0.005884", "offset=inf"),
        ("eeabd590.75b6d99f", "eeabd590"),
        ("*10.88.0.1", "?10.88.0.1"),
        ("  8  377 ", "  8  888 "),
        ("   +0.006   0.017", ""),
    ],
)
def test_what_is_no_status(old: str, new: str) -> None:
    """A variable or a column that is missing or makes no sense is refused with what was read."""
    assert old in text("ntpd_synced")
    with pytest.raises(UnparsableError, match="ntpq"):
        ntpq.status(text("ntpd_synced").replace(old, new))


LINE = st.sampled_from(
    [*text("ntpd_synced").splitlines(), *text("ntpsec_off_by_2s").splitlines(), "leap=11,", "*a", "=="]
)


@given(st.text() | st.lists(LINE).map("\n".join) | st.lists(LINE).map(lambda lines: "associd=0 " + "\n".join(lines)))
def test_nothing_but_unparsable(given_text: str) -> None:
    """Any text is a value or refused."""
    assert isinstance(outcome(ntpq.status, given_text), NtpdStatus | UnparsableError)
