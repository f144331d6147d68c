"""adjtimex of two programs: the kernel's state as captured, and only UnparsableError out of nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import adjtimex
from cs_exporter.parsers.adjtimex import KernelClock
from tests.parsers.outcomes import outcome

CAPTURES = Path(__file__).parents[1] / "captures" / "time" / "adjtimex"


def text(state: str) -> str:
    """The captured output of that state."""
    return (CAPTURES / f"{state}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("program", ["debian", "busybox"])
@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("synced", KernelClock(synchronised=True, offset=-2.199e-6, max_error=0.016552, estimated_error=11e-6)),
        ("server_lost", KernelClock(synchronised=True, offset=0.0, max_error=0.197052, estimated_error=11e-6)),
        ("never_synced", KernelClock(synchronised=False, offset=0.0, max_error=16.0, estimated_error=16.0)),
        ("off_by_2s", KernelClock(synchronised=False, offset=0.0, max_error=16.0, estimated_error=16.0)),
    ],
)
def test_both_programs_show_the_same_kernel(program: str, state: str, expected: KernelClock) -> None:
    """Nanoseconds where STA_NANO is set, whatever unit busybox writes; positive is ahead."""
    found = adjtimex.clock(text(f"{program}_{state}"))
    assert found.offset is not None
    assert expected.offset == pytest.approx(found.offset)
    assert (expected.synchronised, expected.max_error, expected.estimated_error) == (
        found.synchronised,
        found.max_error,
        found.estimated_error,
    )


def test_microseconds_without_nano() -> None:
    """STA_PLL alone: the offset is in microseconds."""
    old = text("debian_synced").replace("status: 8193", "status: 1")
    assert pytest.approx(-0.002199) == adjtimex.clock(old).offset


def test_no_offset_where_the_kernel_slews_nothing() -> None:
    """Without STA_PLL the client steers by frequency and steps, and the field says nothing."""
    found = adjtimex.clock(text("busybox_stepped_by_timesyncd"))
    assert (None, True) == (found.offset, found.synchronised)


def test_a_clock_that_is_ahead() -> None:
    """A timesyncd found the clock 35 us ahead; the kernel still had 18 us to take away."""
    assert pytest.approx(18.22e-6) == adjtimex.clock(text("busybox_slewed_by_timesyncd")).offset


@pytest.mark.parametrize(
    ("old", "new"),
    [("offset: 2199", "offset: many"), ("status: 8193", "state: 8193"), ("maxerror: 16552", "maxerror:")],
)
def test_what_is_no_clock(old: str, new: str) -> None:
    """A field that is missing or no number is refused."""
    assert old in text("debian_synced")
    with pytest.raises(UnparsableError, match="adjtimex"):
        adjtimex.clock(text("debian_synced").replace(old, new))


LINE = st.sampled_from(
    [*text("debian_synced").splitlines(), *text("busybox_synced").splitlines(), "offset: x", "status: 9e9"]
)


@given(st.text() | st.lists(LINE).map("\n".join))
def test_nothing_but_unparsable(given_text: str) -> None:
    """Any text is a value or refused."""
    assert isinstance(outcome(adjtimex.clock, given_text), KernelClock | UnparsableError)
