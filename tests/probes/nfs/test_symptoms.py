"""The rows of the matrix about NFS: each state raises its own symptom, and a healthy host raises none."""

from __future__ import annotations

import pytest

from cs_exporter.board import Board
from cs_exporter.model import Inventory, Outcome
from cs_exporter.ports import Answer
from cs_exporter.probes.nfs import nfs_mounts
from cs_exporter.probes.nfs.symptoms import SYMPTOMS
from cs_exporter.spec import Severity
from cs_exporter.symptoms import holding
from tests.probes.nfs.nfs_stand import LATE, STALE, Stand, failed, ok, pools, stand


async def symptoms(stand: Stand, polls: int = 2) -> list[str]:
    """The names of the symptoms that hold after some polls."""
    for _ in range(polls):
        reading = await stand.poll()
    now = stand.clock.now
    board = Board(Inventory({stand.host.name: stand.host}))
    board.land(Outcome("nfs_mounts", stand.host.name, 1.8e9, now, 0.1, reading), 30.0)
    return sorted({found.symptom.name for found in holding(board.snapshot(now), (nfs_mounts.SPEC,), 1.8e9)})


@pytest.mark.parametrize(
    ("state", "first", "expected"),
    [
        ("healthy", ok(), []),
        ("nconnect", ok(), []),
        ("hung", LATE, ["CsNfsMountHung"]),
        ("dropped", LATE, ["CsNfsMountHung"]),
        ("stale", failed(1, STALE), ["CsNfsMountStale"]),
        ("missing", ok(), ["CsNfsMountMissing"]),
        ("readonly", ok(), ["CsNfsMountReadOnly"]),
        ("healthy", ok(2.0), ["CsNfsMountSlow"]),
        ("soft-noac", ok(), ["CsNfsHeartbeatRemount"]),
    ],
)
async def test_each_state_raises_its_own(state: str, first: Answer, expected: list[str]) -> None:
    """One thing wrong is one symptom, not three."""
    assert expected == await symptoms(stand(state, *pools(state), first=first))


@pytest.mark.parametrize("state", ["healthy", "nconnect", "readonly", "missing"])
async def test_unlisted_mounts_that_answer_raise_nothing(state: str) -> None:
    """Without settings a machine whose mounts answer has nothing red."""
    assert [] == await symptoms(stand(state), polls=3)


async def test_unlisted_mounts_that_hang() -> None:
    """A hang is a hang, whether anybody expected the mount or not."""
    assert ["CsNfsMountHung"] == await symptoms(stand("hung", first=LATE))


async def test_requests_that_wait() -> None:
    """A connection on which requests wait and no answer comes is told, beside the hang."""
    host = stand("healthy", *pools("hung"), first=LATE)
    await host.poll()
    host.shell.proc = stand("hung").shell.proc
    assert ["CsNfsMountHung", "CsNfsRequestsOutstanding"] == await symptoms(host, polls=1)


async def test_writes_that_fail() -> None:
    """An export that became full or read-only shows in the writes of guests alone, and is told."""
    host = stand("healthy", *pools("healthy"))
    await host.poll()
    host.shell.proc = host.shell.proc.replace("READ: 0 0 0 0 0 0 0 0 0", "READ: 4 4 0 400 400 0 9 9 1")
    assert ["CsNfsDataErrors"] == await symptoms(host, polls=1)


async def test_another_version() -> None:
    """A mount of another version than was settled on is told."""
    assert ["CsNfsVersionMismatch"] == await symptoms(stand("healthy", *pools("healthy", version="4.1")))


def test_what_stops_guests_is_critical() -> None:
    """A page at night is for mounts that are gone, and for nothing that only annoys."""
    expected = {"CsNfsMountHung", "CsNfsMountStale", "CsNfsMountMissing", "CsNfsMountReadOnly", "CsNfsDataErrors"}
    assert expected == {symptom.name for symptom in SYMPTOMS if symptom.severity is Severity.CRITICAL}
