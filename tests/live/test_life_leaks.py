"""What fifty reloads leave inside the exporter: nothing. And reloads while the very first sweep is under way."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cs_exporter.daemon import Daemon
from tests.lab import faults
from tests.lab.lab import Lab
from tests.lab.wait import wait_until_async
from tests.live.guests import collectors, logins
from tests.live.watch import INTERVAL, Address, Watch

pytestmark = pytest.mark.lab

RELOADS, DEADLINE = 50, 30.0
PROBE = "time_drift"


@dataclass(frozen=True)
class Named:
    """A machine under a name of the test's choice."""

    name: str
    address: str


Blocks = Mapping[Address, Mapping[str, Any]]


def blocks(lab: Lab, **machines: str) -> dict[Address, dict[str, Any]]:
    """Hypervisors of these names on these machines."""
    return {Named(name, lab.hosts[host].address): {"roles": ["hypervisor"]} for name, host in machines.items()}


@pytest.fixture
def watched(lab: Lab) -> Iterator[tuple[Blocks, ...]]:
    """Three inventories with two hosts in common; one of these and one that moves does not answer."""
    lasting = {"stay": "h1", "mute": "h3"}
    with faults.frozen(lab.hosts["h3"].sshd):
        yield (
            blocks(lab, **lasting, moving="h2", old="h4"),
            blocks(lab, **lasting, moving="h3", new="h4"),
            blocks(lab, **lasting, moving="h4", coming="h2"),
        )


def held(daemon: Daemon) -> dict[str, object]:
    """What the daemon keeps for hosts, by what it is."""
    shells, scheduler = daemon._world.shells, daemon._scheduler
    return {
        "shells": set(shells._kept),
        "shells being closed": len(shells._closing),
        "database servers": set(daemon._world._mysql._servers),
        "outcomes": {entry.latest.host for entry in daemon.snapshot().entries},
        "histories": set(daemon.history._rings),
        "watched": {name for members in scheduler._members.values() for name in members},
        "sweeps": len(scheduler._sweeps),
        "runs without a host": len(scheduler._runs) - len(scheduler._under_way),
    }


def idle_tasks(daemon: Daemon) -> int:
    """Tasks that there are besides runs, and what these have begun, or -1 while there is a run."""
    return -1 if daemon._scheduler._runs else len(asyncio.all_tasks())


async def test_fifty_reloads_leave_nothing_behind(tmp_path: Path, lab: Lab, watched: tuple[Blocks, ...]) -> None:
    """Two at a time: as many tasks as before, nothing kept for hosts that left, one login where a host stayed."""
    async with Watch(tmp_path, lab, watched[0]) as watch:
        await watch.swept()
        daemon, before = watch.daemon, logins(lab.hosts["h1"])
        assert 1 == len(collectors(lab.hosts["h1"]))
        kept = held(daemon)
        tasks = await wait_until_async(lambda: max(0, idle_tasks(daemon)), DEADLINE, "a moment without a run")
        for turn in range(1, RELOADS + 1):
            watch.write(watched[turn % 3])
            await asyncio.gather(daemon.reload(), daemon.reload())
        watch.write(watched[0])
        await daemon.reload()
        await wait_until_async(lambda: held(daemon) == kept, DEADLINE, f"{kept}")
        await wait_until_async(lambda: 0 < idle_tasks(daemon) <= tasks, DEADLINE, f"{tasks} tasks")
        gc.collect()
        assert before == logins(lab.hosts["h1"])
        assert 1 == len(collectors(lab.hosts["h1"]))


async def test_the_first_sweep_ends_with_the_last_host_that_is_still_there(tmp_path: Path, lab: Lab) -> None:
    """Hosts that leave or move before their turn are not waited for in vain; who stays is asked before it is done."""
    slow = {"handshakes_per_second": 1}
    names = {"a": "h1", "b": "h2", "c": "h4", "d": "h6"}
    async with Watch(tmp_path, lab, blocks(lab, **names), ssh=slow) as watch:
        daemon = watch.daemon
        for left in ({**names, "b": "h4", "c": "h2"}, {"a": "h1", "c": "h2", "d": "h6"}, {"c": "h2", "d": "h6"}):
            watch.write(blocks(lab, **left))
            await daemon.reload()
            assert not daemon.board.health.first_sweep_done
        await wait_until_async(lambda: daemon.board.health.first_sweep_done, DEADLINE, "the first sweep")
        assert all(daemon.board.entry(PROBE, name) for name in ("c", "d"))
        assert daemon.board.inventory.hosts.keys() == {"c", "d"}
        await wait_until_async(lambda: watch.works(PROBE, "c") and watch.works(PROBE, "d"), 4 * INTERVAL)
        assert [0, 0, 1, 1] == [len(collectors(lab.hosts[name])) for name in ("h1", "h4", "h2", "h6")]
