"""What servers' logs say of pings: who was heard when, and how far a log can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from cs_exporter.probes.agents.clouds import Clouds, clouds
from cs_exporter.probes.agents.ears import QUIET, Ears, Line, listen
from cs_exporter.probes.agents.plan import plan
from cs_exporter.probes.logs.reading import Heard, ManagementLogReading
from tests.probes.agents.agent_stand import KVM1, KVM2, LOG_INTERVAL, MS1, MS2, inventory, log

NOW = 1000.0
KNOWN = plan(inventory(KVM1, KVM2, MS1, MS2))
TOLD = clouds(KNOWN.of, {}, {}, Clouds())


def ears(logs: Mapping[str, ManagementLogReading], before: Ears | None = None) -> Ears:
    """What is heard by these logs."""
    due = {name: reading.at + LOG_INTERVAL for name, reading in logs.items()}
    return listen(KNOWN, TOLD, logs, due, before or Ears())


def test_the_newest_ping_of_all_logs() -> None:
    """An agent may have been at another server before; who is nobody's is counted while it pings."""
    one = log(NOW, {"kvm1": NOW - 200, "kvm2": NOW - 5, "kvm9": NOW - 7, "gone": NOW - 500})
    two = log(NOW, {"kvm1": NOW - 20, "kvm2": NOW - 300})
    found = ears({"ms1": one, "ms2": two})
    assert {"kvm1": Line(NOW - 20, "ms2"), "kvm2": Line(NOW - 5, "ms1")} == found.lines
    assert (1, 0) == (found.of["ms1"].strangers, found.of["ms2"].strangers)


def test_an_agent_of_which_only_the_number_is_known() -> None:
    """It may be anybody's until a line names it, and is not told of as a stranger."""
    number = replace(log(NOW, {}), heard={7: Heard(7, NOW)}, last_ping_line=NOW)
    found = [ears({"ms1": reading}).of["ms1"] for reading in (number, log(NOW, {"x": NOW}), log(NOW, {"kvm1": NOW}))]
    assert [(0, True), (1, True), (0, False)] == [(ear.strangers, ear.is_strange) for ear in found]


def test_a_number_that_another_log_has_named() -> None:
    """An agent has come from another server: in the log of this one it is not named yet."""
    first = ears({"ms1": log(NOW, {"kvm1": NOW, "kvm2": NOW})})
    moved = replace(log(NOW + 60, {}), heard={2: Heard(2, NOW + 60)}, last_ping_line=NOW + 60)
    found = ears({"ms1": log(NOW, {"kvm1": NOW, "kvm2": NOW}), "ms2": moved}, first)
    assert (Line(NOW + 60, "ms2"), False) == (found.lines["kvm2"], found.of["ms2"].is_strange)


@pytest.mark.parametrize(("last", "hears"), [(None, False), (NOW - 121, False), (NOW - 119, True), (NOW, True)])
def test_a_log_without_pings(last: float | None, hears: bool) -> None:  # noqa: FBT001 (a column)
    """For two intervals without one of anybody it is no log of late agents."""
    found = ears({"ms1": log(NOW, {} if last is None else {"kvm2": last})})
    assert (hears, frozenset({"ms1"} if hears else ())) == (found.of["ms1"].hears, found.hearing)


def test_silence_is_counted_as_far_as_the_log_is_known_to_go_on() -> None:
    """To the next look, and little further than anybody's last ping."""
    assert NOW + LOG_INTERVAL == ears({"ms1": log(NOW + 10, {"kvm2": NOW + 5})}).of["ms1"].until
    alone = log(NOW, {"kvm2": NOW - 40})
    others = [replace(alone, last_debug_line=at) for at in (None, NOW - 70, NOW - 20, NOW)]
    found = [ears({"ms1": reading}).of["ms1"].until for reading in others]
    assert [NOW - 40 + QUIET, NOW - 40 + QUIET, NOW - 20 + QUIET, NOW + QUIET] == found


def test_a_log_that_was_mute() -> None:
    """Whoever had pinged meanwhile need not have been written down: nobody is silent since before."""
    first = ears({"ms1": log(NOW, {}, since=NOW)})
    heard = ears({"ms1": log(NOW + 15, {"kvm2": NOW + 15}, since=NOW)}, first)
    again = ears({"ms1": log(NOW + 75, {"kvm2": NOW + 75}, since=NOW)}, heard)
    late = ears({"ms1": log(NOW + 165, {"kvm2": NOW + 165}, since=NOW)}, again)
    assert [NOW, NOW + 15, NOW + 15, NOW + 165] == [one.of["ms1"].since for one in (first, heard, again, late)]
    assert [True, True, False, True] == [not one.alike for one in (first, heard, again, late)]


def test_lines_that_were_lost() -> None:
    """As the reading says."""
    first = ears({"ms1": log(NOW, {"kvm2": NOW}, since=NOW - 500)})
    gap = ears({"ms1": log(NOW + 15, {"kvm2": NOW + 9}, since=NOW + 15)}, first)
    assert (NOW - 500, NOW + 15, False) == (first.of["ms1"].since, gap.of["ms1"].since, gap.alike)


def test_what_has_not_been_read_again() -> None:
    """The same objects, and nothing to look at; of a log that was, those that were not heard anew stay."""
    logs = {"ms1": log(NOW, {"kvm1": NOW - 9, "kvm2": NOW - 5}), "ms2": log(NOW, {})}
    first = ears(logs)
    second = ears(logs, first)
    assert (frozenset({"ms1", "ms2"}), frozenset()) == (first.read, second.read)
    assert (True, True) == (second.alike, second.lines is first.lines)
    third = ears({**logs, "ms1": log(NOW + 15, {"kvm1": NOW - 9, "kvm2": NOW + 10})}, second)
    assert (frozenset({"ms1"}), True) == (third.read, third.alike)
    assert [True, False] == [third.lines[name] is first.lines[name] for name in ("kvm1", "kvm2")]
    gone = ears({"ms1": logs["ms1"]}, first)
    assert (False, frozenset({"ms1"})) == (gone.alike, gone.hearing)


def test_a_server_without_agents() -> None:
    """Of another platform, or none of the inventory: its log says nothing here."""
    assert {} == ears({"elsewhere": log(NOW, {"kvm1": NOW})}).of
