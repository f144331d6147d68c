"""Hosts that nobody wrote down: they come with their cloud's word, and no bad answer of it takes one away."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cs_exporter.config import load
from cs_exporter.daemon import Daemon
from cs_exporter.discovery.clouds import Standing
from cs_exporter.model import Census, Failure
from cs_exporter.scheduling import STALLED_FLOOR
from tests.lab.cloud_database import CloudDatabase, Entry
from tests.lab.lab import Lab
from tests.lab.wait import wait_until_async
from tests.live.found import CENSUS, CLOUD, ONLY_CENSUS, configured, emptied, fill
from tests.live.watch import INTERVAL

pytestmark = pytest.mark.lab

MANY = 500
PATIENCE = 4 * INTERVAL


class Stand:
    """The configuration of a daemon that watches a cloud, and daemons of it."""

    def __init__(self, folder: Path, lab: Lab, cloud: CloudDatabase, hosts: Mapping[str, Any]) -> None:
        self.file = folder / "cs_exporter.yml"
        self.storage = folder / "storage"
        self.storage.mkdir()
        self.file.write_text(configured(lab, cloud, hosts), encoding="utf-8")

    @asynccontextmanager
    async def daemon(self, *, stored: bool = False) -> AsyncIterator[Daemon]:
        """One that runs; `stored`: with the folder for what survives it."""
        daemon = Daemon(lambda: load(self.file), storage=self.storage if stored else None)
        await daemon.start()
        try:
            yield daemon
        finally:
            await daemon.stop()


@pytest.fixture
def stand(tmp_path: Path, lab: Lab, cloud: CloudDatabase) -> Stand:
    """The cloud's hosts are asked nothing."""
    return Stand(tmp_path, lab, cloud, ONLY_CENSUS)


def hosts(daemon: Daemon) -> set[str]:
    """Who is watched, but for the cloud itself."""
    return {host.name for host in daemon.board.inventory if host.cloud is None}


def runs(daemon: Daemon) -> int:
    """How often the cloud has been asked who belongs to it."""
    entry = daemon.board.entry(CENSUS, CLOUD)
    return 0 if entry is None else entry.runs


async def answers(daemon: Daemon, number: int = 2) -> None:
    """Wait until the cloud has been asked so often from now on; the first may have been under way."""
    before = runs(daemon)
    await wait_until_async(lambda: runs(daemon) >= before + number, (number + 2) * INTERVAL, "the cloud to be asked")


def standing(daemon: Daemon) -> Standing:
    """How discovery stands."""
    (found,) = daemon.snapshot().health.discovery
    return found


async def test_an_empty_answer_takes_nobody_away(stand: Stand, cloud: CloudDatabase) -> None:
    """Five hundred hosts are found; then there are none any more: all are held until the operator says so."""
    fill(cloud, MANY)
    async with stand.daemon() as daemon:
        await wait_until_async(lambda: MANY == len(hosts(daemon)), PATIENCE, "all hosts")
        assert {"zone1"} == {h.place.cloud_zone for h in daemon.board.inventory if h.cloud is None}
        with emptied(cloud):
            await answers(daemon, 5)
            assert (MANY, MANY, MANY) == (len(hosts(daemon)), standing(daemon).missing, standing(daemon).held)
        await answers(daemon)
        assert (MANY, 0) == (len(hosts(daemon)), standing(daemon).missing)
        with emptied(cloud, left=1):
            await answers(daemon, 4)
            await daemon.reload()
            assert 1 == len(hosts(daemon))


async def test_hosts_come_and_go_one_by_one(stand: Stand, cloud: CloudDatabase) -> None:
    """A new one at once, one with a date of removal at once; another name is another name of the same machine."""
    one, two = cloud.hypervisor("kvm1", "192.0.2.1", 1), cloud.hypervisor("kvm2", "192.0.2.2", 1)
    async with stand.daemon() as daemon:
        await wait_until_async(lambda: {"kvm1", "kvm2"} == hosts(daemon), PATIENCE, "both hosts")
        cloud.hypervisor("kvm3", "192.0.2.3", 1)
        await answers(daemon)
        await wait_until_async(lambda: {"kvm1", "kvm2", "kvm3"} == hosts(daemon), INTERVAL, "the third one")
        cloud.remove("host", one.number)
        cloud.update("host", f"id = {two.number}", name="kvm2-new")
        await answers(daemon)
        await wait_until_async(lambda: {"kvm2-new", "kvm3"} == hosts(daemon), INTERVAL, "one gone, one renamed")
        assert (0, 0) == (standing(daemon).missing, standing(daemon).held)


async def test_a_reload_keeps_the_clouds_hosts(stand: Stand, cloud: CloudDatabase) -> None:
    """They are as much a part of the inventory as those that are written down; an answer in between changes nothing."""
    fill(cloud, 20)
    async with stand.daemon() as daemon:
        await wait_until_async(lambda: 20 == len(hosts(daemon)), PATIENCE, "all hosts")
        found = daemon.board.inventory.hosts["kvm7"]
        await daemon.reload()
        assert found is daemon.board.inventory.hosts["kvm7"]
        before, counted = daemon.board.inventory, runs(daemon)
        await wait_until_async(lambda: runs(daemon) > counted + 1, PATIENCE, "answers")
        assert before is daemon.board.inventory


async def test_a_database_that_is_down_takes_nobody_away(stand: Stand, cloud: CloudDatabase) -> None:
    """The probe fails with its reason; the hosts stay, and nobody counts as missing."""
    fill(cloud, 20)
    async with stand.daemon() as daemon:
        await wait_until_async(lambda: 20 == len(hosts(daemon)), PATIENCE, "all hosts")
        complete = standing(daemon).complete
        os.kill(cloud.server.processes()[0].pid, signal.SIGSTOP)
        try:
            await wait_until_async(lambda: _failure(daemon), PATIENCE, "a failed run")
            assert (20, 0) == (len(hosts(daemon)), standing(daemon).missing)
        finally:
            os.kill(cloud.server.processes()[0].pid, signal.SIGCONT)
        await wait_until_async(lambda: standing(daemon).complete > complete and not _failure(daemon), 30, "the answer")


def _failure(daemon: Daemon) -> Failure | None:
    entry = daemon.board.entry(CENSUS, CLOUD)
    return entry.failure if entry else None


def _swept(daemon: Daemon) -> bool:
    return daemon.board.health.first_sweep_done


async def test_after_a_restart_the_hosts_are_there_at_once(stand: Stand, cloud: CloudDatabase) -> None:
    """Although the cloud does not answer: what it said last has been stored. Without the folder nobody is there."""
    fill(cloud, 20)
    async with stand.daemon(stored=True) as daemon:
        await wait_until_async(lambda: 20 == len(hosts(daemon)), PATIENCE, "all hosts")
        await wait_until_async(lambda: list(stand.storage.iterdir()), PATIENCE, "the stored inventory")
    cloud.server.stop()
    try:
        for stored, expected in ((True, 20), (False, 0)):
            async with stand.daemon(stored=stored) as daemon:
                assert expected == len(hosts(daemon))
                await wait_until_async(partial(_failure, daemon), PATIENCE, "a failed run")
                await wait_until_async(partial(_swept, daemon), PATIENCE, "ready")
                assert expected == len(hosts(daemon))
    finally:
        cloud.server.start()


async def test_a_cloud_that_comes_late_is_found(stand: Stand, cloud: CloudDatabase) -> None:
    """It is down when the exporter starts: that is ready, and asks on."""
    fill(cloud, 20)
    cloud.server.stop()
    try:
        async with stand.daemon() as daemon:
            await wait_until_async(lambda: daemon.board.health.first_sweep_done, PATIENCE, "ready")
            assert not hosts(daemon)
            cloud.server.start()
            await wait_until_async(lambda: 20 == len(hosts(daemon)), STALLED_FLOOR + 30, "all hosts")
    finally:
        if not cloud.server.processes():
            cloud.server.start()


@pytest.fixture
def polled(tmp_path: Path, lab: Lab, cloud: CloudDatabase) -> Stand:
    """The cloud's hosts are the lab's, and are asked all that hypervisors are."""
    return Stand(tmp_path, lab, cloud, {})


def hypervisor(cloud: CloudDatabase, lab: Lab, name: str) -> Entry:
    """A host of the lab in the database."""
    return cloud.hypervisor(name, lab.hosts[name].address, 1)


async def test_a_host_that_is_added_is_polled_within_one_interval(
    polled: Stand, lab: Lab, cloud: CloudDatabase
) -> None:
    """And the one before it stays connected; the first sweep waits for those that the first answer names."""
    hypervisor(cloud, lab, "h1")
    async with polled.daemon() as daemon:
        await wait_until_async(lambda: daemon.board.health.first_sweep_done, PATIENCE, "the first sweep")
        assert daemon.board.entry("time_drift", "h1") is not None
        handshakes = daemon.board.health.counters.ssh_handshakes
        hypervisor(cloud, lab, "h2")
        await wait_until_async(lambda: daemon.board.entry("time_drift", "h2"), 2 * INTERVAL, "the new host's outcome")
        assert handshakes + 1 == daemon.board.health.counters.ssh_handshakes
        assert daemon.board.health.first_sweep_done


async def test_planned_work_of_the_cloud_mutes(polled: Stand, lab: Lab, cloud: CloudDatabase) -> None:
    """Maintenance is; Disabled, which CloudStack does to sick hosts itself, is not."""
    one, two = hypervisor(cloud, lab, "h1"), hypervisor(cloud, lab, "h2")
    async with polled.daemon() as daemon:
        await wait_until_async(lambda: {"h1", "h2"} <= hosts(daemon), PATIENCE, "both hosts")
        cloud.resource_state(one, "PrepareForMaintenance")
        cloud.resource_state(two, "Disabled")
        await answers(daemon)
        inventory = daemon.board.inventory.hosts
        assert (True, False) == (inventory["h1"].maintenance, inventory["h2"].maintenance)


async def test_a_run_on_request_counts_as_well(stand: Stand, cloud: CloudDatabase) -> None:
    """Whoever has just added a host need not wait for the interval."""
    async with stand.daemon() as daemon:
        await answers(daemon)
        cloud.hypervisor("kvm1", "192.0.2.1", 1)
        outcome = await daemon.run_probe(CENSUS, CLOUD, 10.0)
        assert isinstance(outcome.reading, Census)
        assert ["kvm1"] == [host.name for host in outcome.reading.hosts]
        await wait_until_async(lambda: {"kvm1"} == hosts(daemon), INTERVAL, "the new host")
        assert daemon.history.past(CLOUD, CENSUS).latest
