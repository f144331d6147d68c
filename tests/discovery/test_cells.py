"""Several sources of one cloud: each keeps its own hosts, and what one tells removes nobody of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.discovery.clouds import Discovery, Standing
from cs_exporter.discovery.store import Store
from cs_exporter.model import Census
from tests.discovery.census import answer
from tests.discovery.following import Clock, following, hosts

CELLS = ("os", "os.east", "os.west")


def three(clock: Clock | None = None) -> Discovery:
    """A cloud of a server with ten hosts and two cells with ten each; the cells' machines are known by neutron too."""
    found = following(*CELLS, clock=clock)
    found.take("os", answer(range(30)))
    found.take("os.east", answer(range(10, 20)))
    found.take("os.west", answer(range(20, 30)))
    return found


@pytest.mark.parametrize("source", CELLS)
@pytest.mark.parametrize(
    "census",
    [answer(()), answer((), complete=False), answer((), stand_in=True)],
    ids=["empty", "partial", "stand-in"],
)
def test_no_answer_of_one_source_removes_hosts_of_another(source: str, census: Census) -> None:
    """Whatever it says, and however often; its own are held, or kept."""
    found = three()
    for _ in range(9):
        found.take(source, census)
    assert {"os": 30} == hosts(found, *CELLS)


def test_a_host_that_its_cell_lacks_leaves_as_any_other() -> None:
    """After three complete answers of whoever had it; the other cell's answers count for nothing."""
    found = three()
    found.take("os", answer(range(19)))
    assert {"os": 30} == hosts(found, *CELLS)
    for _ in range(9):
        found.take("os.west", answer(range(20, 30)))
        found.take("os", answer(range(19)))
    assert {"os": 30} == hosts(found, *CELLS)
    for number in range(3):
        assert {"os": 30 - (number > 2)} == hosts(found, *CELLS)
        found.take("os.east", answer(range(10, 19)))
    assert {"os": 29} == hosts(found, *CELLS)


def test_each_source_is_judged_by_its_own_hosts() -> None:
    """Ten of thirty would be a loss of all the same; two of a thousand are not, and of a cell's ten they are."""
    found = following("os", "os.east")
    found.take("os", answer(range(1000)))
    found.take("os.east", answer(range(2000, 2010)))
    for _ in range(5):
        found.take("os.east", answer(range(2000, 2008)))
    assert ({"os": 1010}, 2) == (hosts(found, "os", "os.east"), found.standings()[0].held)
    found.accept(found.held())
    assert {"os": 1008} == hosts(found, "os", "os.east")


def test_an_api_that_tells_of_all_cells_makes_no_loss_later() -> None:
    """It stands in while the cloud's own server is down; when that is back, the cells' hosts are not missing there."""
    found = following(*CELLS)
    found.take("os.east", answer(range(10, 20)))
    found.take("os", answer(range(30), stand_in=True))
    found.take("os.west", answer(range(20, 30)))
    for _ in range(5):
        found.take("os", answer(range(10)))
    assert ({"os": 30}, (0, 0)) == (hosts(found, *CELLS), (found.standings()[0].missing, found.standings()[0].held))


def test_a_stand_in_keeps_nobody_of_whom_a_cell_tells() -> None:
    """It removes nobody, so that whom it brought would stay for as long as the cloud's own server is down."""
    found = following("os", "os.east")
    found.take("os.east", answer(range(100)))
    found.take("os", answer(range(100), stand_in=True))
    for number in range(3):
        found.take("os.east", answer(range(99)))
        found.take("os", answer(range(99), stand_in=True))
        assert {"os": 100 - (number > 1)} == hosts(found, "os", "os.east")


def test_who_is_missing_elsewhere_is_missing_here_for_as_long() -> None:
    """One source that is about to lose a host is no reason for another to forget it before its time."""
    found = following("os", "os.east")
    found.take("os", answer(range(50)))
    found.take("os.east", answer(range(100)))
    for source, number in (("os.east", 99), ("os.east", 99), ("os", 100), ("os", 99), ("os.east", 99), ("os", 99)):
        found.take(source, answer(range(number)))
        assert {"os": 100} == hosts(found, "os", "os.east")
    found.take("os", answer(range(99)))
    assert {"os": 99} == hosts(found, "os", "os.east")


def test_another_cloud_may_have_the_same_names() -> None:
    """A host of theirs says nothing of ours: it is missing, and leaves in its time."""
    found = following("os", "os2")
    for source in ("os", "os2"):
        found.take(source, answer(range(100)))
    found.take("os", answer(range(99)))
    assert ({"os": 100, "os2": 100}, 1) == (hosts(found, "os", "os2"), found.standings()[0].missing)


def test_a_cloud_stands_as_its_worst_source() -> None:
    """Not complete while one cell is silent; whoever is missing from two sources is missing once."""
    clock = Clock()
    found = three(clock)
    clock.now = 4600.0
    found.take("os", answer(range(29)))
    found.take("os.east", answer(range(10, 20)))
    assert (Standing("os", 0, 0, 1000.0),) == found.standings()
    found.take("os.west", answer(range(20, 29)))
    found.take("os", answer(range(9)))
    assert (Standing("os", 2, 0, 4600.0),) == found.standings()


async def test_each_source_is_stored(tmp_path: Path) -> None:
    """After a restart an answer of one still removes nobody of the others."""
    store = Store(tmp_path)
    found = following("os", "os.east", store=store)
    found.take("os", answer(range(5)))
    found.take("os.east", answer(range(5, 9)))
    await found.save()
    again = following("os", "os.east", store=store)
    for _ in range(5):
        again.take("os", answer(range(5)))
    assert {"os": 9} == hosts(again, "os", "os.east")
