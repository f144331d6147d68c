"""The CSV of chronyc: captured states are told from each other, and only UnparsableError comes out of nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import chrony
from cs_exporter.parsers.chrony import Leap, Source, Tracking
from tests.parsers.outcomes import outcome

CAPTURES = Path(__file__).parents[1] / "captures" / "time" / "chrony"
SYNCED = "0A630066,10.99.0.102,9,1795239815.711424111,-0.000016069,0.000045291,0.000055484,-5.798,0.099,26.900,"
SYNCED += "0.000843503,0.000120071,4.1,Normal"


def tracking(state: str) -> Tracking:
    """The captured `tracking` of that state."""
    return chrony.tracking((CAPTURES / f"{state}.tracking.txt").read_text(encoding="utf-8"))


def sources(state: str) -> tuple[Source, ...]:
    """The captured `sources` of that state."""
    return chrony.sources((CAPTURES / f"{state}.sources.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("state", "offset"),
    [
        ("synced", 0.000016069),
        ("step_resynced", -0.000067452),
        ("off_by_2s_ahead", 2.000001431),
        ("off_by_2s_ahead_slewing", 2.608384371),
        ("off_by_2s_behind_server_lost", -2.000022411),
        ("server_lost", -0.000004624),
    ],
)
def test_positive_is_ahead(state: str, offset: float) -> None:
    """The field of chronyc is what to ADD to the clock: `slow of NTP time` is positive there, and negative here."""
    assert offset == tracking(state).offset


def test_every_field() -> None:
    """The fields land where chronyc(1) says."""
    expected = Tracking(
        reference_id="0A630066",
        stratum=9,
        reference_time=1795239815.711424111,
        offset=0.000016069,
        root_delay=0.000843503,
        root_dispersion=0.000120071,
        leap=Leap.NORMAL,
    )
    assert expected == chrony.tracking(SYNCED + "\n")
    assert 0.000016069 + 0.000120071 + 0.000843503 / 2 == expected.error_bound


def test_never_synchronised_has_no_reference() -> None:
    """Reference time 0 means never, and the leap status says so too."""
    never = tracking("never_synced")
    assert (False, None, 0, "00000000") == (never.synchronised, never.reference_time, never.stratum, never.reference_id)


def test_only_the_sources_tell_of_a_lost_server() -> None:
    """`tracking` is as good as ever; the source is `?`, was not reached in 8 polls, and answered half an hour ago."""
    assert tracking("server_lost").synchronised
    assert (Source("10.99.0.1", "?", 3, 0, 1997.0),) == sources("server_lost")
    assert [(False, False)] == [(source.reachable, source.chosen) for source in sources("server_lost")]


def test_a_source_that_never_answered_has_no_age() -> None:
    """4294967295 is not 136 years."""
    assert (Source("10.99.0.77", "?", 0, 0, None),) == sources("never_synced")


def test_many_sources() -> None:
    """Followed, combined, wrong and silent ones, by IPv4 and IPv6."""
    found = sources("synced_with_a_falseticker")
    assert ["+", "+", "*", "x", "?"] == [source.state for source in found]
    assert ["10.88.0.2", "fd00:88::3", "10.88.0.1"] == [source.address for source in found if source.chosen]
    assert [0o377] * 4 + [0] == [source.reach for source in found]


def test_its_own_clock_as_reference() -> None:
    """`local` makes chronyd follow itself; it says Normal, and has no source."""
    local = tracking("local_reference")
    assert (True, True, ()) == (local.synchronised, local.follows_itself, sources("local_reference"))
    assert not tracking("synced").follows_itself


@pytest.mark.parametrize("word", list(Leap))
def test_leap_words(word: Leap) -> None:
    """All four words of chronyc are known; only one of them means not synchronised."""
    assert (word is not Leap.UNSYNCHRONISED) is chrony.tracking(SYNCED.replace("Normal", word)).synchronised


@pytest.mark.parametrize(
    "text",
    [
        (CAPTURES / "no_daemon.tracking.txt").read_text(encoding="utf-8"),
        "501 Not authorised\n",
        "",
        SYNCED.replace("Normal", "normal"),
        SYNCED.replace("0A630066", "0A63006g"),
        SYNCED.replace(",9,", ",nine,"),
        SYNCED.replace("-0.000016069", "nan"),
        SYNCED.rpartition(",")[0],
        f"{SYNCED}\n{SYNCED}",
    ],
)
def test_what_is_no_tracking(text: str) -> None:
    """An error of chronyc, a field too few, another word: refused with what was read."""
    with pytest.raises(UnparsableError, match="chronyc"):
        chrony.tracking(text)


@pytest.mark.parametrize(
    "line",
    [
        "506 Cannot talk to daemon",
        "^,*,10.0.0.1,3,1,400000000000,1,0,0,0",
        "^,!,10.0.0.1,3,1,377,1,0,0,0",
        "^,*,a,3,1,9,1,0,0,0",
    ],
)
def test_what_is_no_source(line: str) -> None:
    """A line that is not a source is refused, not skipped: it could have been the one that is followed."""
    with pytest.raises(UnparsableError, match="chronyc"):
        chrony.sources(f"^,+,10.0.0.2,3,1,377,1,0,0,0\n{line}\n")


FIELD = st.sampled_from(
    ["0A630066", "00000000", "", "0", "3", "377", "-1", "1e5", "4294967295", "nan", "*", "^", "Normal"]
)


@given(
    st.text()
    | st.lists(FIELD, min_size=9, max_size=15).map(",".join)
    | st.binary().map(lambda b: b.decode("utf-8", "replace"))
)
def test_nothing_but_unparsable(text: str) -> None:
    """Any text is a value or refused."""
    assert isinstance(outcome(chrony.tracking, text), Tracking | UnparsableError)
    assert isinstance(outcome(chrony.sources, text), tuple | UnparsableError)
