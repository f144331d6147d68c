"""What is known of all clouds: whose answers change something, how each stands, and what is written when."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from structlog.testing import capture_logs

from cs_exporter.discovery.clouds import Discovery, Standing
from cs_exporter.discovery.store import FILE, Store
from cs_exporter.model import Census
from tests.discovery.census import answer


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        """Wall clock."""
        return self.now

    def monotonic(self) -> float:
        """Monotonic clock."""
        return self.now


def following(*platforms: str, store: Store | None = None, clock: Clock | None = None) -> Discovery:
    """Discovery of these clouds."""
    made = Discovery(store, clock or Clock())
    made.follow(platforms)
    return made


def hosts(discovery: Discovery) -> dict[str, int]:
    """Platform -> how many hosts are kept."""
    return {platform: len(census.hosts) for platform, census in discovery.censuses().items()}


def test_an_answer_counts_for_its_own_cloud() -> None:
    """And says whether it changes anything."""
    found = following("a", "b")
    assert [True, False, True] == [found.take("a", answer(range(count))) for count in (3, 3, 4)]
    assert {"a": 4, "b": 0} == hosts(found)


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
    assert (50, 100) == (len(found.censuses(found.held())["a"].hosts), len(found.censuses()["a"].hosts))
    with capture_logs() as lines:
        held = found.held()
        found.accept(held)
        found.accept(held)
    assert [50] == [line["hosts"] for line in lines]
    assert {"a": 50} == hosts(found)


def test_what_a_cloud_does_not_tell_is_said_when_it_changes() -> None:
    """A line that would come each minute is not read."""
    found = following("a")
    lacking = Census((), lacking=("settings: the account may not read them",))
    with capture_logs() as lines:
        for census in (lacking, lacking, Census(()), lacking):
            found.take("a", census)
    assert [lacking.lacking[0]] * 2 == [line["lacking"] for line in lines]


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
    found.follow(["b", "c"])
    assert {"b": 3, "c": 0} == hosts(found)
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
    again = Discovery(store, time)
    assert {"a": 3, "b": 0} == hosts(again)
    again.follow(["a"])
    await again.save()
    assert {"a": 3} == hosts(Discovery(store, time))


async def test_without_a_folder_nothing_is_written() -> None:
    """As with the flag's default."""
    found = following("a")
    found.take("a", answer(range(3)))
    await found.save()
    assert {"a": 3} == hosts(found)
