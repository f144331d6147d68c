"""Hosts that are found, turn by turn: answers that come while others are applied, reloads in between, and the end.

Their cloud is at a port that nobody listens on; the test says itself what it answers.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from cs_exporter.config import ConfigError, load
from cs_exporter.daemon import Daemon
from cs_exporter.discovery.store import FILE, Store
from cs_exporter.model import Census, Outcome
from cs_exporter.platforms.cloudstack.states import Source, States
from cs_exporter.probes.cloudstack.cloudstack_states import SPEC
from cs_exporter.probes.cloudstack.reading import compared
from tests.discovery.census import answer, machine
from tests.lab.ssh_keys import known_hosts_text, new_key
from tests.lab.wait import wait_until_async
from tests.live.found import CENSUS, CLOUD, ONLY_CENSUS
from tests.probes.cloudstack.states_stand import KVM1, PING

DEADLINE = 10.0
NOBODY = 9  # the port `discard`
SECOND = "endpoint:second"
CLOUD_NAME = "cloudstack"


class Stand:
    """A daemon, its file, and what its clouds say."""

    def __init__(self, folder: Path) -> None:
        self.file, self.storage = folder / "cs_exporter.yml", folder
        key = new_key("nobody's")
        (folder / "key").write_text(key.private)
        (folder / "known_hosts").write_text(known_hosts_text([("192.0.2.1", key)]))
        self.write()
        self.daemon = Daemon(lambda: load(self.file), storage=folder)

    def write(self, *others: str, port: int = NOBODY, handshakes: int = 1, states: bool = False) -> None:
        """A configuration with the cloud `cloudstack` and others; `states`: they are asked for these as well."""
        database = {"address": "127.0.0.1", "port": port}
        hosts = {"probes": {**ONLY_CENSUS["probes"], SPEC.name: {"enabled": states}}}
        platforms = {
            name: {"type": "cloudstack", "database": database, "hosts": hosts} for name in ("cloudstack", *others)
        }
        # Asked once, at the start, and hours later again.
        probes = {CENSUS: {"interval": "1h"}, SPEC.name: {"interval": "1h"}}
        ssh = {"key_file": "key", "known_hosts": "known_hosts", "max_handshakes": handshakes}
        text = json.dumps({"platforms": platforms, "probes": probes, "ssh": ssh})
        self.file.write_text(text, encoding="utf-8")

    def says(self, census: Census, cloud: str = CLOUD) -> None:
        """The cloud has answered."""
        now = time.monotonic()
        self.daemon._land(Outcome(CENSUS, cloud, time.time(), now, 0.1, census), 3600.0)

    def hosts(self) -> list[str]:
        """Who is watched."""
        return [host.name for host in self.daemon.board.inventory if host.cloud is None]

    async def has(self, number: int) -> None:
        """Wait until so many are watched."""
        await wait_until_async(lambda: number == len(self.hosts()), DEADLINE, f"{number} hosts")


@asynccontextmanager
async def running(stand: Stand) -> AsyncIterator[Stand]:
    """Its daemon runs, and has been answered nothing so far."""
    await stand.daemon.start()
    try:
        await wait_until_async(lambda: stand.daemon.board.health.first_sweep_done, DEADLINE, "ready")
        yield stand
    finally:
        await stand.daemon.stop()


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    """One that runs."""
    async with running(Stand(tmp_path)) as made:
        yield made


def applied(lines: list[Any]) -> int:
    """How often the inventory was changed."""
    return len([line for line in lines if line["event"] == "inventory applied"])


async def test_answers_that_come_at_once_are_applied_in_one_go(stand: Stand) -> None:
    """The newest counts; one that changes nothing is not applied at all."""
    with capture_logs() as lines:
        for number in range(1, 31):
            stand.says(answer(range(number)))
        await stand.has(30)
        await asyncio.sleep(0)
        assert applied(lines) <= 2
        before = stand.daemon.board.inventory
        stand.says(answer(range(30)))
        await stand.daemon.reload()
    assert before.hosts["kvm0"] is stand.daemon.board.inventory.hosts["kvm0"]


async def test_an_answer_like_the_last_is_dated_and_no_more(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store keeps when it came; the inventory of thousands of hosts is not made anew for that."""
    monkeypatch.setattr("cs_exporter.discovery.clouds.WRITTEN", 0.0)
    stand.says(answer(range(3)))
    await stand.has(3)
    stored = Store(stand.storage)
    await wait_until_async(lambda: CLOUD_NAME in stored.read().complete, DEADLINE, "the first answer's time")
    before = stored.read().complete[CLOUD_NAME]
    monkeypatch.setattr("cs_exporter.daemon.build_inventory", None)
    stand.says(answer(range(3)))
    await wait_until_async(lambda: before < stored.read().complete[CLOUD_NAME], DEADLINE, "the second one's")


async def test_a_reload_in_between_sees_the_newest_answer(stand: Stand) -> None:
    """And its configuration is the one in force afterwards, whoever had the lock first."""
    stand.says(answer(range(3)))
    stand.write(handshakes=3)
    reload = asyncio.create_task(stand.daemon.reload())
    await asyncio.sleep(0)
    stand.says(answer(range(5)))
    await reload
    await stand.has(5)
    assert 3 == stand.daemon.config.ssh.max_handshakes


async def test_a_reload_lets_go_who_is_held(stand: Stand) -> None:
    """One with a mistake does not: then nothing has changed."""
    stand.says(answer(range(100)))
    for _ in range(4):
        stand.says(answer(range(50)))
    await stand.has(100)
    good = stand.file.read_text()
    stand.file.write_text("hots: []")
    with pytest.raises(ConfigError):
        await stand.daemon.reload()
    assert (100, 50) == (len(stand.hosts()), stand.daemon.snapshot().health.discovery[0].held)
    stand.file.write_text(good)
    await stand.daemon.reload()
    assert (50, 0) == (len(stand.hosts()), stand.daemon.snapshot().health.discovery[0].held)


async def test_a_cloud_leaves_with_its_hosts(stand: Stand) -> None:
    """And with what was stored of it; the other one's hosts stay. A run that was begun before lands nowhere."""
    stand.write("second")
    await stand.daemon.reload()
    stand.says(answer(range(3)))
    stand.says(answer(range(10, 14)), SECOND)
    await stand.has(7)
    stand.write()
    await stand.daemon.reload()
    stand.says(answer(range(20, 30)), SECOND)
    assert ["kvm0", "kvm1", "kvm2"] == stand.hosts()
    assert {"cloudstack"} == set(json.loads((stand.storage / FILE).read_text())["platforms"])


async def test_another_server_begins_anew_and_keeps_the_hosts(stand: Stand) -> None:
    """A replica that was promoted is the same cloud; what the old server said is no answer of the new one."""
    stand.says(answer(range(3)))
    await stand.has(3)
    stand.write(port=NOBODY + 1)
    await stand.daemon.reload()
    entry = stand.daemon.board.entry(CENSUS, CLOUD)
    assert entry is None or entry.reading is None
    assert 3 == len(stand.hosts())


async def test_what_cannot_be_used_is_one_line(stand: Stand) -> None:
    """An address that is none costs its host that, and no other one."""
    odd = replace(machine(5), address="not an address")
    with capture_logs() as lines:
        for number in (0, 1, 0):
            stand.says(Census((*answer(range(2 + number)).hosts, odd)))
            await wait_until_async(lambda: stand.daemon._following and stand.daemon._following.done(), DEADLINE)
    assert 1 == len([line for line in lines if line["event"] == "what a cloud says can't be used"])
    assert {"kvm0", "kvm1"} <= set(stand.hosts())


async def test_the_first_sweep_waits_for_the_first_answer(tmp_path: Path) -> None:
    """Rules about absence must not begin between the cloud's word and its hosts."""
    made = Stand(tmp_path)
    made.daemon._await_first(made.daemon.board.inventory)
    assert not made.daemon.board.health.first_sweep_done
    made.says(answer(range(3)))
    assert not made.daemon.board.health.first_sweep_done
    await wait_until_async(lambda: made.daemon.board.health.first_sweep_done, DEADLINE, "ready")
    assert 3 == len(made.hosts())
    await made.daemon.stop()


async def test_it_ends_while_an_answer_is_applied(tmp_path: Path) -> None:
    """Nothing is left over, and what comes later has no effect."""
    before = asyncio.all_tasks()
    made = Stand(tmp_path)
    await made.daemon.start()
    made.says(answer(range(1000)))
    await asyncio.sleep(0)
    await made.daemon.stop()
    made.says(answer(range(3)))
    await wait_until_async(lambda: asyncio.all_tasks() == before, DEADLINE, "no task of it")


async def test_planned_work_is_counted_at_once(stand: Stand) -> None:
    """Its cloud is asked again who is there, an hour before that is due: a host in maintenance must not page."""
    stand.write(states=True)
    await stand.daemon.reload()
    first = stand.daemon.board.entry(CENSUS, CLOUD)
    for resource_state in ("Enabled", "PrepareForMaintenance"):
        said = States(Source.DATABASE, (replace(KVM1, resource_state=resource_state),))
        now = time.monotonic()
        reading = compared(said, {}, None, now, PING)
        assert first is stand.daemon.board.entry(CENSUS, CLOUD)
        stand.daemon._land(Outcome(SPEC.name, CLOUD, time.time(), now, 0.1, reading), 15.0)
    await wait_until_async(lambda: first is not stand.daemon.board.entry(CENSUS, CLOUD), DEADLINE, "another census")
