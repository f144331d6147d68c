"""The sheet time_drift: from the section's answer and three clock exchanges to a reading and its metrics."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cs_exporter.model import ProbeFailed, Reason, UnparsableError
from cs_exporter.ports import Answer, AnswerState, ClockSample, SectionCall
from cs_exporter.probes.clocks.client import ClientView, TimeSource
from cs_exporter.probes.clocks.time_drift import METRICS, TimeDriftReading, TimeDriftSettings
from tests.probes.clocks.time_stand import NOW, FakeShell, chrony, kernel, poll, run, said, sample, timesyncd

CALL = SectionCall("ntp", limit=4)
LATE = Answer(CALL, AnswerState.LATE)
UNKNOWN = Answer(CALL, AnswerState.UNSUPPORTED)
KILLED = Answer(CALL, AnswerState.DONE, 137, b"Killed\n")
BROKEN = ProbeFailed(Reason.RESET, "connection lost")


def values(reading: TimeDriftReading) -> dict[str, float]:
    """Metric name, with its labels' values behind it -> value."""
    return {
        "".join((metric.name, *sample.labels)): sample.value for metric in METRICS for sample in metric.read(reading)
    }


async def test_every_metric_of_a_host_that_is_well() -> None:
    """The client's own values, and the skew of the best exchange."""
    reading = await poll(chrony("synced"), sample(0.010, 0.100), sample(0.001, 0.002), sample(0.005, 0.050))
    expected = {
        "cs_clock_offset_seconds": 0.000016069,
        "cs_clock_error_bound_seconds": 0.000016069 + 0.000120071 + 0.000843503 / 2,
        "cs_clock_synchronised": 1.0,
        "cs_clock_last_sync_timestamp_seconds": 1795239815.710440,
        "cs_clock_stratum": 9.0,
        "cs_clock_sources_reachable": 1.0,
        "cs_clock_source_infochrony": 1.0,
        "cs_clock_skew_seconds": 0.001,
        "cs_clock_skew_uncertainty_seconds": 0.001,
    }
    assert expected == pytest.approx(values(reading), abs=1e-6)


async def test_one_section_and_two_more_exchanges() -> None:
    """A run asks once, under the limit of the settings, and compares clocks three times."""
    shell = FakeShell(said(chrony("synced")))
    await run(shell, section_limit=7)
    assert ([SectionCall("ntp", limit=7)], 3) == (shell.asked, shell.exchanges)


@pytest.mark.parametrize(
    ("clocks", "expected"), [((sample(0.3, 0.1), BROKEN), 0.3), ((sample(0.3, 0.1), sample(0.2), BROKEN), 0.2)]
)
async def test_an_exchange_that_fails_loses_nothing(
    clocks: tuple[ClockSample | ProbeFailed, ...], expected: float
) -> None:
    """What came before it is a reading all the same."""
    reading = await poll(chrony("synced"), *clocks)
    assert pytest.approx(expected, abs=1e-6) == reading.skew
    assert reading.client is not None


@pytest.mark.parametrize(
    ("skew", "round_trip", "shown"),
    [
        (0.0, 1.9, True),
        (0.0, 2.1, False),
        (2.4, 5.0, False),  # might be nothing at all
        (-2.4, 5.0, False),
        (5.1, 5.0, True),  # is 2.6 s at least
        (-5.1, 5.0, True),
        (30.0, 20.0, True),
    ],
)
async def test_a_slow_path_fakes_no_skew(skew: float, round_trip: float, shown: bool) -> None:  # noqa: FBT001 (a column)
    """What is measured badly is shown only where half of it is beyond doubt; the uncertainty always says why."""
    reading = await poll(chrony("synced"), *[sample(skew, round_trip)] * 3)
    assert (shown, round_trip / 2) == (reading.skew is not None, reading.skew_uncertainty)
    assert ("cs_clock_skew_seconds" in values(reading)) is shown


async def test_a_clock_that_shows_whole_seconds() -> None:
    """The date of busybox: good to half a second, which is enough for a limit of 2 s."""
    reading = await poll(chrony("synced"), *[sample(-0.5, 0.002, resolution=1.0)] * 3)
    assert pytest.approx((0.0, 0.501), abs=1e-6) == (reading.skew, reading.skew_uncertainty)


async def test_a_client_that_does_not_answer_in_time_is_mute() -> None:
    """Whether the clock is synchronised is not known then; its skew is."""
    reading = await poll(LATE, *[sample(3.0)] * 3)
    assert ClientView(TimeSource.MUTE) == reading.client
    assert {"cs_clock_source_infomute", "cs_clock_skew_seconds", "cs_clock_skew_uncertainty_seconds"} == {
        *values(reading)
    }


async def test_a_collector_that_does_not_know_the_question() -> None:
    """An installed collector of another version: the skew is there all the same."""
    reading = await poll(UNKNOWN, *[sample(-0.25)] * 3)
    assert (None, None) == (reading.client, reading.last_sync)
    assert pytest.approx(-0.25, abs=1e-6) == reading.skew


async def test_what_is_no_reading() -> None:
    """A host that can't be asked, a section that was killed, an answer that makes no sense: each rises as it is."""
    with pytest.raises(ProbeFailed, match="reset"):
        await poll(chrony("synced"), BROKEN)
    with pytest.raises(ProbeFailed, match=r"command: .*status 137"):
        await poll(KILLED)
    with pytest.raises(UnparsableError, match="tracking"):
        await poll("chrony\n-- tracking\n506 Cannot talk to daemon\n-- sources\n")


@pytest.mark.parametrize("offset", ["4.294967296", "-4.294967200"])
async def test_the_false_reading_is_no_offset(offset: str) -> None:
    """Virtual machines' 2^32 ns: neither an offset nor a bound; all else stays."""
    told = chrony("synced").replace(",-0.000016069,", f",{offset},")
    assert told != chrony("synced")
    reading = await poll(told)
    assert reading.client is not None
    assert (None, None, True) == (reading.client.offset, reading.client.error_bound, reading.client.synchronised)


async def test_the_last_synchronisation_by_the_exporters_clock() -> None:
    """A host an hour ahead, synchronised 10 s ago by its own clock: 10 s ago, not in an hour."""
    told = timesyncd("synced", NOW + 3600 - 10)
    reading = await poll(told, *[sample(3600.0)] * 3)
    assert pytest.approx(NOW - 10, abs=0.01) == reading.last_sync
    assert reading.client is not None
    assert reading.client.synchronised


async def test_both_witnesses_of_a_clock_that_is_wrong() -> None:
    """The client and the exchange find the same 2 s, and the true time of the last answer."""
    reading = await poll(chrony("off_by_2s_ahead"), *[sample(2.0)] * 3)
    assert reading.client is not None
    assert pytest.approx(2.0, abs=1e-5) == reading.client.offset
    assert pytest.approx(2.0, abs=1e-5) == reading.skew
    assert pytest.approx(1795249596.600, abs=1e-3) == reading.last_sync


async def test_no_ntp_client() -> None:
    """Nothing of the client's, and nobody made it up; the skew is there."""
    reading = await poll("none\n-- clients\n")
    assert {"cs_clock_source_infonone", "cs_clock_skew_seconds", "cs_clock_skew_uncertainty_seconds"} == {
        *values(reading)
    }
    by_kernel = await poll(kernel("debian_synced"))
    assert {"cs_clock_source_infokernel", "cs_clock_offset_seconds", "cs_clock_synchronised"} < {*values(by_kernel)}


@pytest.mark.parametrize(
    "settings",
    [{"section_limit": 0}, {"section_limit": 61}, {"section_limit": 1.5}, {"max_skew_uncertainty": 0}, {"limit": 4}],
)
def test_bad_settings(settings: dict[str, float]) -> None:
    """A limit is whole seconds, as timeout(1) of every busybox knows them; unknown keys are errors."""
    with pytest.raises(ValidationError):
        TimeDriftSettings.model_validate(settings)


def test_the_defaults() -> None:
    """Each minute; a client gets 4 s."""
    settings = TimeDriftSettings()
    assert (60.0, 4, 1.0) == (settings.interval, settings.section_limit, settings.max_skew_uncertainty)
