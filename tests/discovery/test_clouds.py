"""What is known of all clouds: whose answers change something, how each stands, and what is written when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cs_exporter.discovery.clouds import WRITTEN, Discovery, Standing
from cs_exporter.discovery.store import FILE, Store, Stored
from cs_exporter.model import Census
from tests.discovery.census import answer, machine
from tests.discovery.following import Clock, following, hosts, sources

FIRST_HELD = "kvm50, kvm51, kvm52, kvm53, kvm54, kvm55, kvm56, kvm57, kvm58, kvm59"


def test_an_answer_counts_for_its_own_cloud() -> None:
    """And says whether it changes anything."""
    found = following("a", "b")
    assert [True, False, True] == [found.take("a", answer(range(count))) for count in (3, 3, 4)]
    assert {"a": 4, "b": 0} == hosts(found, "a", "b")


def test_how_a_cloud_stands() -> None:
    """Missing hosts, those of them that are held, and when it last gave a complete answer."""
    clock = Clock()
    found = following("a", clock=clock)
    assert (Standing("a", 0, 0, 1000.0),) == found.standings()
    clock.now = 1060.0
    found.take("a", answer(range(100)))
    clock.now = 1120.0
    found.take("a", answer(range(95)))
    assert (Standing("a", 5, 0, 1120.0),) == found.standings()
    clock.now = 1180.0
    found.take("a", replace(answer(range(20)), complete=False))
    assert (Standing("a", 5, 0, 1120.0),) == found.standings()
    found.take("a", answer(()))
    assert (Standing("a", 100, 100, 1180.0),) == found.standings()


def test_what_is_held_is_said_once_and_let_go_when_accepted() -> None:
    """Who would be left can be asked before it is done."""
    found = following("a")
    found.take("a", answer(range(100)))
    with capture_logs() as lines:
        for _ in range(5):
            found.take("a", answer(range(50)))
    assert [("warning", 50)] == [(line["log_level"], line["missing"]) for line in lines]
    assert [f"{FIRST_HELD} and 40 more"] == [line["hosts"] for line in lines]
    assert ({"a": 50}, {"a": 100}) == (hosts(found, "a", accepted=found.held()), hosts(found, "a"))
    with capture_logs() as lines:
        held = found.held()
        found.accept(held)
        found.accept(held)
    assert [(50, f"{FIRST_HELD} and 40 more")] == [(line["count"], line["hosts"]) for line in lines]
    assert {"a": 50} == hosts(found, "a")


def test_that_held_hosts_are_back_is_said_by_name() -> None:
    """A few are all named; what was not held is not told of."""
    found = following("a")
    found.take("a", answer(range(8)))
    with capture_logs() as lines:
        for present in (range(5), range(7), range(8), range(7)):
            found.take("a", answer(present))
    told = [(line["log_level"], line.get("missing", line.get("count")), line["hosts"]) for line in lines]
    assert [("warning", 3, "kvm5, kvm6, kvm7"), ("info", 2, "kvm5, kvm6"), ("info", 1, "kvm7")] == told


def test_what_a_cloud_does_not_tell_is_said_when_it_changes() -> None:
    """A line that would come each minute is not read; one that is true no longer is, or it is taken for true."""
    both = Census((), lacking=("settings: no grant",), untold=("addresses of v-1-VM: none",))
    one = replace(both, untold=())
    with capture_logs() as lines:
        found = following("a")
        for census in (both, both, one, Census(()), one):
            found.take("a", census)
    begun, over = "the cloud can't tell everything", "the cloud can tell everything of this again"
    assert [
        ("warning", begun, "settings: no grant"),
        ("info", begun, "addresses of v-1-VM: none"),
        ("info", over, "addresses of v-1-VM: none"),
        ("info", over, "settings: no grant"),
        ("warning", begun, "settings: no grant"),
    ] == [(line["log_level"], line["event"], line["lacking"]) for line in lines]


@pytest.mark.parametrize("lesser", [Census((), complete=False), Census((), stand_in=True)], ids=["partial", "stand-in"])
def test_a_lesser_answer_ends_nothing_that_is_lacking(lesser: Census) -> None:
    """It need not have asked for it; the next complete one of the better source says so."""
    found = following("a")
    with capture_logs() as lines:
        for census in (Census((), lacking=("x",)), lesser, replace(lesser, lacking=("y",)), Census((), lacking=("y",))):
            found.take("a", census)
    assert [("warning", "x"), ("warning", "y"), ("info", "x")] == [
        (line["log_level"], line["lacking"]) for line in lines
    ]


def test_what_cannot_be_used_is_said_once() -> None:
    """For as long as it holds."""
    found = following("a")
    with capture_logs() as lines:
        for told in (["x", "x", "y"], ["y"], [], ["y"]):
            found.complain(told)
    assert ["x", "y", "y"] == [line["detail"] for line in lines]


def test_a_cloud_that_is_configured_no_longer_is_forgotten() -> None:
    """One that stays keeps what is known of it."""
    found = following("a", "b")
    for platform in ("a", "b"):
        found.take(platform, answer(range(3)))
    found.follow(sources("b", "c"))
    assert {"a": 0, "b": 3, "c": 0} == hosts(found, "a", "b", "c")
    assert ["b", "c"] == [standing.platform for standing in found.standings()]


async def test_what_is_kept_survives_a_restart(tmp_path: Path) -> None:
    """It is written when it has changed, and only then."""
    store, file = Store(tmp_path), tmp_path / FILE
    found = following("a", "b", store=store)
    found.take("a", answer(range(3)))
    await found.save()
    written = file.stat()
    found.take("a", answer(range(3)))
    await found.save()
    assert (written.st_ino, written.st_mtime_ns) == (file.stat().st_ino, file.stat().st_mtime_ns)
    again = Discovery(store, Clock())
    again.follow(sources("a"))
    assert {"a": 3} == hosts(again, "a")
    await again.save()
    assert {"a"} == store.read().hosts.keys()


async def test_the_age_of_the_last_complete_answer_survives_a_restart(tmp_path: Path) -> None:
    """Else nobody would be told of a cloud that is silent, as long as somebody restarts the exporter."""
    store, clock = Store(tmp_path), Clock()
    found = following("a", store=store, clock=clock)
    found.take("a", answer(range(3)))
    await found.save()
    clock.now = 5000.0
    again = following("a", "b", store=store, clock=clock)
    assert [("a", 1000.0), ("b", 5000.0)] == [(each.platform, each.complete) for each in again.standings()]


async def test_the_age_is_stored_now_and_then(tmp_path: Path) -> None:
    """Not with each answer: that would write the whole file once a minute for nothing."""
    clock = Clock()
    found = following("a", store=Store(tmp_path), clock=clock)
    changed, due = [], []
    for clock.now in (1000.0, 1060.0, 1000.0 + WRITTEN, 1060.0 + WRITTEN):
        changed.append(found.take("a", answer(range(3))))
        due.append(found.is_outdated)
        await found.save()
    assert ([True, False, False, False], [True, False, True, False]) == (changed, due)
    assert {"a": 1000.0 + WRITTEN} == Store(tmp_path).read().complete


async def test_a_cloud_that_never_answered_wholly_is_as_old_as_its_first_start(tmp_path: Path) -> None:
    """And an old file, which has no times, is as good as none for that."""
    store, clock = Store(tmp_path), Clock()
    store.write(Stored({"a": (machine(1),)}))
    found = following("a", store=store, clock=clock)
    assert [True, False] == [await _taken(found, replace(answer(()), complete=False)) for _ in range(2)]
    clock.now = 2000.0
    assert [1000.0] == [each.complete for each in following("a", store=store, clock=clock).standings()]


async def _taken(found: Discovery, census: Census) -> bool:
    found.take("a", census)
    due = found.is_outdated
    await found.save()
    return due


def test_a_stored_time_that_is_still_to_come_counts_as_now(tmp_path: Path) -> None:
    """The clock was ahead when it was stored; nothing would be stale until then."""
    store = Store(tmp_path)
    store.write(Stored({"a": (machine(1),)}, {"a": 9000.0}))
    assert [1000.0] == [each.complete for each in following("a", store=store).standings()]


async def test_without_a_folder_nothing_is_written() -> None:
    """As with the flag's default."""
    found = following("a")
    found.take("a", answer(range(3)))
    await found.save()
    assert {"a": 3} == hosts(found, "a")
