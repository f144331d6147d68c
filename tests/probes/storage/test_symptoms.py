"""The rows of the matrix about the storage heartbeat: what raises which, and that a healthy host raises none."""

from __future__ import annotations

from cs_exporter.board import Board
from cs_exporter.model import Inventory, Outcome
from cs_exporter.probes.storage.storage_heartbeat import SPEC
from cs_exporter.probes.storage.symptoms import SYMPTOMS
from cs_exporter.symptoms import holding
from tests.probes.storage.storage_stand import ABSENT, FIRST, LATE, OFF, Stand

NEAR, OVERDUE, AHEAD, UNREAD, GONE = (symptom.name for symptom in SYMPTOMS)


async def symptoms(stand: Stand, later: float = 30.0) -> set[str]:
    """The names of those that hold after a poll."""
    reading = await stand.poll(later)
    board = Board(Inventory({stand.host.name: stand.host}))
    board.land(Outcome(SPEC.name, stand.host.name, stand.time(), stand.now, 0.1, reading), 30.0)
    return {found.symptom.name for found in holding(board.snapshot(stand.now), (SPEC,), stand.time())}


async def test_a_healthy_host_at_any_age_up_to_the_next_write() -> None:
    """A write is due every minute and may take seconds: an age of 65 s is no news."""
    stand = Stand(files={FIRST: 1000.0})
    for later in (1.0, 29.0, 35.0):
        assert set() == await symptoms(stand, later)


async def test_writes_that_stop() -> None:
    """At 76 s the write is overdue, at 81 s the reboot is half a minute away; where it is not armed it never is."""
    stand = Stand(files={FIRST: 1000.0})
    assert {OVERDUE} == await symptoms(stand, 76.0)
    assert {OVERDUE, NEAR} == await symptoms(stand, 5.0)
    stand.files[FIRST] = LATE
    assert {OVERDUE, NEAR, UNREAD} == await symptoms(stand, 200.0)
    unarmed = Stand(files={FIRST: 1000.0}, properties=OFF)
    assert {OVERDUE} == await symptoms(unarmed, 200.0)


async def test_a_clock_that_was_set_back() -> None:
    """The stamp is in the future of the host's clock until the next write; nothing is late for that."""
    stand = Stand(files={FIRST: 1000.0})
    assert set() == await symptoms(stand, 10.0)
    stand.files[FIRST] = 1000.0 + 3600.0
    stand.skew = -3600.0
    assert {AHEAD} == await symptoms(stand, 10.0)
    stand.files[FIRST] = 1045.0
    assert set() == await symptoms(stand)


async def test_a_pool_that_was_unmounted_on_purpose() -> None:
    """Of planned maintenance nobody is paged, however long ago the last write was."""
    stand = Stand(files={FIRST: 1000.0})
    assert set() == await symptoms(stand, 59.0)
    stand.files[FIRST] = ABSENT
    assert NEAR not in await symptoms(stand)
    assert {GONE} == await symptoms(stand)
    assert {GONE} == await symptoms(stand, 3600.0)
