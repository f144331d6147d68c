"""The daemon on real hosts: the first sweep, reload as a difference, and an end that is quick whatever hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cs_exporter.board import Board
from cs_exporter.config import ConfigError
from cs_exporter.model import Failure, Reason, Unsupported
from cs_exporter.probes import PROBES
from cs_exporter.probes.paths.metrics import PathMtuReading
from cs_exporter.probes.ports.port_reachability import PortReachabilityReading
from tests.lab import fair
from tests.lab.faults import dropped, frozen
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.processes import kill_and_wait
from tests.lab.wait import wait_until_async
from tests.live.watch import INTERVAL, Address, Watch

pytestmark = pytest.mark.lab

ASKED = ("time_drift", "nfs_mounts")
"""What a host without a role is asked."""


@pytest.fixture
async def watch(tmp_path: Path, lab: Lab) -> AsyncIterator[Watch]:
    """h1 and h2, watched; swept once."""
    async with Watch(tmp_path, lab, {lab.hosts["h1"]: {}, lab.hosts["h2"]: {}}) as made:
        await made.swept()
        yield made


async def gone(host: LabHost) -> None:
    """Wait until nothing of the polling account is on the host."""
    await wait_until_async(lambda: not host.processes() and not host.files(), 5, f"nothing left on {host.name}")


async def test_a_host_is_asked_everything_in_one_request_per_poll(watch: Watch) -> None:
    """One round trip per host and poll, the clock exchanges of time_drift aside; one handshake for all polls."""
    counters = watch.daemon.board.health.counters
    board = watch.daemon.board
    assert all(board.entry(probe, "h1") for probe in ASKED)
    before = counters.requests, _runs(watch)
    await wait_until_async(lambda: _runs(watch) >= before[1] + 4 * len(ASKED), 6 * INTERVAL)
    polls = (_runs(watch) - before[1]) / len(ASKED)
    clock_exchanges = 2
    assert counters.requests - before[0] <= (polls + 2) * (1 + clock_exchanges)
    assert 2 == counters.ssh_handshakes


def _runs(watch: Watch) -> int:
    return sum(entry.runs for entry in watch.daemon.snapshot().entries if entry.latest.host in {"h1", "h2"})


async def test_reload_applies_the_difference(watch: Watch, lab: Lab) -> None:
    """A host that stays keeps connection, readings and history; one leaves and takes all of it along; one comes."""
    daemon = watch.daemon
    counters = daemon.board.health.counters
    runs = daemon.history.past("h1", PROBES[0].name).latest[-1].first
    watch.write({lab.hosts["h1"]: {"maintenance": True}, lab.hosts["h3"]: {}})
    await daemon.reload()
    assert ["h1", "h3"] == list(daemon.board.inventory.hosts)
    assert daemon.board.inventory.hosts["h1"].maintenance
    assert daemon.board.entry(PROBES[0].name, "h1") is not None
    assert runs == daemon.history.past("h1", PROBES[0].name).latest[-1].first
    assert ((), None) == (daemon.history.past("h2", PROBES[0].name).latest, daemon.board.entry(PROBES[0].name, "h2"))
    await wait_until_async(
        lambda: daemon.board.entry(PROBES[0].name, "h3"), 3 * INTERVAL, "the new host's first outcome"
    )
    assert 3 == counters.ssh_handshakes
    await gone(lab.hosts["h2"])
    assert daemon.snapshot().health.config_reload_successful


async def test_reload_with_another_interval_keeps_connections(watch: Watch) -> None:
    """The schedule is made anew; the hosts don't notice."""
    watch.file.write_text(watch.file.read_text().replace(f'"interval": {INTERVAL}', '"interval": 4'))
    await watch.daemon.reload()
    runs = _runs(watch)
    await wait_until_async(lambda: _runs(watch) > runs, 9)
    assert (4.0, 2) == (watch.daemon.config.global_.interval, watch.daemon.board.health.counters.ssh_handshakes)


async def test_a_bad_file_changes_nothing(watch: Watch) -> None:
    """The configuration before it stays in force, and the metric says so."""
    before = watch.daemon.board.inventory, watch.daemon.config
    watch.file.write_text("hosts: [{name: kvm1, colour: red}]")
    with pytest.raises(ConfigError, match=r"hosts\[0\].colour"):
        await watch.daemon.reload()
    assert before == (watch.daemon.board.inventory, watch.daemon.config)
    assert not watch.daemon.snapshot().health.config_reload_successful
    watch.file.write_text("hosts: [{name: kvm1, connection: local}]")
    await watch.daemon.reload()
    assert watch.daemon.snapshot().health.config_reload_successful


async def test_an_address_that_changes_is_connected_to(watch: Watch, lab: Lab) -> None:
    """A host that moved is a host with another way in: the old connection ends."""
    watch.file.write_text(watch.file.read_text().replace(lab.hosts["h2"].address, lab.hosts["h4"].address))
    await watch.daemon.reload()
    await wait_until_async(lab.hosts["h4"].processes, 3 * INTERVAL, "a collector on the new address")
    await gone(lab.hosts["h2"])


async def test_another_database_server_begins_anew(watch: Watch, lab: Lab) -> None:
    """A database host's other port is another server: nothing that the old one said is kept, nor compared."""
    daemon, database = watch.daemon, {"roles": ["database"], "mysql": {"port": 9}}

    def runs() -> int:
        entry = daemon.board.entry("mysql_connections", "h1")
        return 0 if entry is None else entry.runs

    watch.write({lab.hosts["h1"]: database})
    await daemon.reload()
    await wait_until_async(lambda: runs() > 1, 5 * INTERVAL, "two looks at the server")
    watch.write({lab.hosts["h1"]: {**database, "mysql": {"port": 10}}})
    await daemon.reload()
    assert runs() < 2


async def test_it_stops_within_five_seconds_whatever_hangs(tmp_path: Path, lab: Lab) -> None:
    """Frozen and dropped hosts hold nothing up; nothing is left on a healthy one."""
    hosts: dict[Address, dict[str, Any]] = {lab.hosts[name]: {} for name in ("h1", "h2", "h3", "h4")}
    async with Watch(tmp_path, lab, hosts) as watch:
        await watch.swept()
        with frozen(lab.hosts["h1"].sshd), dropped(lab.hosts["h2"]), frozen(lab.hosts["h3"].sshd):
            await wait_until_async(lambda: watch.failure(PROBES[0].name, "h2"), 4 * INTERVAL)
            began = fair.seconds()
            await watch.daemon.stop()
            assert fair.seconds() - began < 5
            await gone(lab.hosts["h4"])
    for name in ("h1", "h2", "h3"):
        kill_and_wait(lab.hosts[name].sshd.sessions)


async def test_a_probe_that_is_disabled_leaves_nothing(watch: Watch) -> None:
    """Not even when its run was under way, nor when somebody asks for one: no series that looks alive for ever."""
    daemon = watch.daemon
    run = asyncio.create_task(daemon.run_probe("time_drift", "h1", 5.0))
    await asyncio.sleep(0)
    watch.file.write_text(watch.file.read_text().replace('"time_drift": {', '"time_drift": {"enabled": false, '))
    await daemon.reload()
    await run
    answered = await daemon.run_probe("time_drift", "h1", 5.0)
    assert isinstance(answered.result, Unsupported)
    assert daemon.board.entry("time_drift", "h1") is None
    assert "time_drift" not in {entry.latest.probe for entry in daemon.snapshot().entries}


async def test_the_first_sweep_ends_although_a_probe_is_disabled_meanwhile(tmp_path: Path, lab: Lab) -> None:
    """What nobody asks any more is not waited for."""
    with frozen(lab.hosts["h1"].sshd):
        async with Watch(tmp_path, lab, {lab.hosts["h1"]: {"probes": {"nfs_mounts": {"enabled": False}}}}) as watch:
            assert not watch.daemon.board.health.first_sweep_done
            watch.write({lab.hosts["h1"]: {"probes": {spec.name: {"enabled": False} for spec in PROBES}}})
            await watch.daemon.reload()
            assert watch.daemon.board.health.first_sweep_done


async def test_a_moved_host_does_not_show_the_old_machine(watch: Watch, lab: Lab) -> None:
    """Another address may be another machine: what was read from the old one is not true of it."""
    daemon = watch.daemon
    assert daemon.board.entry("time_drift", "h2") is not None
    with dropped(lab.hosts["h4"]):
        watch.file.write_text(watch.file.read_text().replace(lab.hosts["h2"].address, lab.hosts["h4"].address))
        await daemon.reload()
        await wait_until_async(lambda: watch.failure("time_drift", "h2"), 4 * INTERVAL, "the new address to fail")
        entry = daemon.board.entry("time_drift", "h2")
        assert entry is not None
        assert entry.reading is None


async def test_no_row_tells_of_a_host_that_has_left(tmp_path: Path, lab: Lab) -> None:
    """What others saw of it leaves with it, long before they are asked again; a run from before brings nothing back."""
    here, leaving = lab.hosts["h1"], lab.hosts["h2"]
    rows = {"path_mtu": _peers, "port_reachability": _destinations}
    async with Watch(tmp_path, lab, {host: {"roles": ["management"]} for host in (here, leaving)}) as watch:
        board = watch.daemon.board
        await wait_until_async(lambda: all("h2" in seen(board, "h1") for seen in rows.values()), 30, "rows about h2")
        before = {probe: board.entry(probe, "h1") for probe in rows}
        watch.write({here: {"roles": ["management"]}})
        await watch.daemon.reload()
        for probe, seen in rows.items():
            assert "h2" not in seen(board, "h1")
            entry = before[probe]
            assert entry is not None
            watch.daemon._land(replace(entry.latest, result=entry.reading), entry.interval)
            assert "h2" not in seen(board, "h1")


def _peers(board: Board, host: str) -> set[str]:
    entry = board.entry("path_mtu", host)
    reading = entry.reading if entry else None
    return {row.peer.name for row in reading.paths} if isinstance(reading, PathMtuReading) else set()


def _destinations(board: Board, host: str) -> set[str]:
    entry = board.entry("port_reachability", host)
    reading = entry.reading if entry else None
    return {found.row.host for found in reading.results} if isinstance(reading, PortReachabilityReading) else set()


async def test_a_run_that_a_reload_gives_up_is_told_to_who_asked(tmp_path: Path, lab: Lab) -> None:
    """Whoever asked over HTTP gets an outcome, not a broken connection."""
    host = lab.hosts["h1"]
    async with Watch(tmp_path, lab, {host: {}, lab.hosts["h2"]: {}}) as watch:
        await watch.swept()
        with frozen(host.sshd):
            run = asyncio.create_task(watch.daemon.run_probe("time_drift", "h1", 30.0))
            await asyncio.sleep(0)
            watch.write({lab.hosts["h2"]: {}})
            await watch.daemon.reload()
            outcome = await run
    assert Reason.NOT_READY is (outcome.result.reason if isinstance(outcome.result, Failure) else None)
    kill_and_wait(host.sshd.sessions)
