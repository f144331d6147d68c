"""Which hosts can't be asked: all that needs their word has failed, and not for the first time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.board import Board
from cs_exporter.model import Failure, Host, Inventory, Outcome, Reason, Unsupported
from cs_exporter.probes import PROBES
from cs_exporter.reachability import silent_hosts
from cs_exporter.spec import AnySpec, Section
from tests.exposition.stubs import Weights, sheet

SECTIONS = (Section("weigh", "echo 1"),)
QUICK, SLOW = (replace(sheet(name, f"cs_{name}"), sections=SECTIONS) for name in ("quick", "slow"))
DIALLED = replace(sheet("dialled", "cs_dialled"), sections=SECTIONS, other_ways=True)
DIRECT = sheet("direct", "cs_direct")
SHEETS: tuple[AnySpec, ...] = (QUICK, SLOW, DIALLED, DIRECT)
LOST = Failure(Reason.UNREACHABLE, "no route")
FAILED = Failure(Reason.COMMAND, "no scales")
FINE = Weights()
NONE = Unsupported("no scales")
INTERVALS = {"quick": 30.0, "slow": 300.0, "dialled": 30.0, "direct": 30.0}
NOW = 1000.0


def silent(*runs: tuple[str, object, float]) -> bool:
    """Whether a host with these outcomes is silent: probe, result, seconds since the run ended; oldest first."""
    board = Board(Inventory({"kvm1": Host("kvm1", "192.0.2.1")}))
    for probe, result, age in runs:
        board.land(Outcome(probe, "kvm1", 0.0, NOW - age, 0.1, result), INTERVALS[probe])
    return ["kvm1"] == list(silent_hosts(board.snapshot(NOW), SHEETS))


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], False),
        ([("quick", FINE, 5)], False),
        ([("quick", LOST, 5)], True),
        ([("quick", FINE, 65), ("quick", LOST, 5)], False),
        ([("quick", FINE, 67), ("quick", LOST, 5)], True),
        ([("slow", LOST, 200), ("quick", LOST, 5)], True),
        ([("slow", FINE, 90), ("quick", LOST, 5)], False),
        ([("slow", FINE, 91), ("quick", LOST, 5)], True),
        ([("slow", LOST, 100), ("quick", FINE, 5)], False),
        ([("slow", FINE, 60), ("slow", LOST, 20), ("quick", LOST, 5)], False),
        ([("slow", NONE, 5), ("quick", LOST, 5)], True),
        ([("quick", NONE, 5)], False),
        ([("quick", FAILED, 5)], False),
        ([("slow", FAILED, 80), ("quick", LOST, 5)], False),
        ([("slow", FINE, 290)], False),
        ([("quick", LOST, 5), ("dialled", FINE, 5), ("direct", FINE, 5)], True),
        ([("dialled", LOST, 5), ("direct", LOST, 5)], False),
    ],
)
def test_a_host_is_silent_when_nobody_gets_its_word(runs: list[tuple[str, object, float]], *, expected: bool) -> None:
    """A single lost run is nothing; an old answer of a slow probe is none; and other ways to find out are no word."""
    assert expected is silent(*runs)


def test_the_probes_that_need_a_hosts_word() -> None:
    """Ports, databases and file servers answer for themselves."""
    words = {"time_drift", "agent_heartbeat", "nfs_mounts", "storage_heartbeat", "path_mtu"}
    words |= {"management_log", "agent_log", "agent_certificates", "block_storage"}
    assert words == {spec.name for spec in PROBES if spec.needs_its_word}
