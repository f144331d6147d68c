"""Hosts come, leave, change their names and places while they are being asked, by many reloads in quick succession.

Machines are told apart by their clocks: each is another hundred seconds wrong, so that a page cannot show one machine
under another's name without it being seen.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.lab import faults
from tests.lab.hang_mount import SOURCE, hang_mount
from tests.lab.host import HostSpec
from tests.lab.lab import Lab
from tests.lab.wait import WaitedInVain, wait_until
from tests.live.exporter import Exporter, Page
from tests.live.guests import collectors, connections, logins, stuck
from tests.live.watch import configuration

pytestmark = [pytest.mark.lab, pytest.mark.heavy]

RELOADS = 50
MOUNT, STEP, DEADLINE = "/mnt/life", 100.0, 40.0

Names = Mapping[str, str]
"""Name that is watched -> the machine behind it."""

STAYING: Names = {"stay": "m1", "hung": "m2", "frozen": "m3", "slow": "m4"}
BEFORE: Names = {**STAYING, "leaving": "m5", "old": "m6", "moving": "m7", "left": "m8", "right": "m9"}
AFTER: Names = {**STAYING, "coming": "m10", "new": "m6", "moving": "m11", "left": "m9", "right": "m8"}
BETWEEN: tuple[Names, ...] = (
    {**STAYING, "moving": "m5", "leaving": "m7"},
    {**BEFORE, "left": "m9", "right": "m8"},
    {**STAYING, "old": "m11", "new": "m10", "coming": "m6"},
)
ANSWERING = ("stay", "hung", "slow")


class Machines:
    """The machines of the test, and the configurations that name them."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        names = sorted({*BEFORE.values(), *AFTER.values()}, key=lambda name: int(name[1:]))
        self.hosts = {host.name: host for host in lab.add_hosts([HostSpec(name, fake_clock=True) for name in names])}
        self.broken = ExitStack()
        for host in self.hosts.values():
            self.broken.enter_context(faults.clock_wrong(host, self.clock(host.name)))
        self.broken.enter_context(faults.frozen(self.hosts["m3"].sshd))
        self.broken.enter_context(faults.login_shell(self.hosts["m4"], 'sleep 0.8; exec /bin/sh "$@"'))
        self.broken.enter_context(hang_mount(self.hosts["m2"], MOUNT)).hang()

    def remove(self) -> None:
        """Mend all of them and take them away."""
        self.broken.close()
        for host in self.hosts.values():
            self.lab.remove_host(host)

    def clock(self, name: str) -> float:
        """By how many seconds the clock of a machine is ahead."""
        return STEP * int(name.removeprefix("m"))

    def text(self, names: Names, *, rate: float = 50.0) -> str:
        """A configuration that watches these machines under these names."""
        server, _, export = SOURCE.partition(":")
        mounts = [{"mountpoint": MOUNT, "server": server, "export": export}]
        blocks: list[dict[str, Any]] = [
            {"name": name, "address": self.hosts[machine].address, "roles": ["hypervisor"]}
            for name, machine in names.items()
        ]
        for block in blocks:
            if block["name"] == "hung":
                block["mounts"] = mounts
        return configuration(self.lab, blocks, ssh={"handshakes_per_second": rate})

    def assert_true(self, page: Page, names: Names) -> None:
        """Every name that a page tells of is watched, and every clock is that of the machine behind its name."""
        assert page.hosts() <= names.keys()
        for name, skew in page.by_host("cs_clock_skew_seconds").items():
            assert self.clock(names[name]) == pytest.approx(skew, abs=STEP / 4), name

    def wrong(self, page: Page, names: Names) -> list[str]:
        """What a page lacks of what it should tell of these, and what it tells of anybody else."""
        self.assert_true(page, names)
        answering = names.keys() - {"frozen"}
        told = {
            "the first sweep": page.value("cs_first_sweep_done") == 1,
            "the clocks": page.by_host("cs_clock_skew_seconds").keys() == answering,
            "who answers": page.by_host("cs_probe_success", probe="time_drift")
            == {name: name in answering for name in names},
            "the hung mount": page.value("cs_nfs_mount_state", host="hung", mountpoint=MOUNT, state="hung") == 1,
            "connections": page.value("cs_ssh_connections") == len(answering),
            "nobody else": not page.mentioned() & ({*BEFORE, *AFTER} - names.keys()),
        }
        return [what for what, right in told.items() if not right]

    def visited(self, names: Names) -> bool:
        """Whether each machine has one connection with one collector, or none where nobody watches it."""
        watched = set(names.values()) - {"m3"}
        return all(
            (name in watched) == len(connections(host)) == len(collectors(host))
            for name, host in self.hosts.items()
            if name != "m3"
        )


@pytest.fixture
def machines(lab: Lab) -> Iterator[Machines]:
    """Eleven, one of which has a frozen sshd, one a hung mount, and one a slow login."""
    made = Machines(lab)
    yield made
    made.remove()


def settled(exporter: Exporter, machines: Machines, names: Names) -> None:
    """Wait until page and machines are as they should be."""
    machines.assert_true(exporter.page(), names)
    with suppress(WaitedInVain):
        wait_until(lambda: not machines.wrong(exporter.page(), names), DEADLINE)
    assert [] == machines.wrong(exporter.page(), names)
    wait_until(lambda: machines.visited(names), DEADLINE, "one connection and one collector on each")
    assert 1 == len(stuck(machines.hosts["m2"], MOUNT))


class Storm:
    """Reloads by signal, over HTTP, and by both at once; meanwhile nothing may happen to the hosts that stay."""

    def __init__(self, exporter: Exporter, machines: Machines) -> None:
        self.exporter = exporter
        self.machines = machines
        self._runs: Mapping[str, float] = {}

    def blow(self, begun: Future[tuple[int, str]] | None = None) -> None:
        """All reloads, not one waited for that need not be."""
        with ThreadPoolExecutor(1) as poster:
            for turn in range(RELOADS):
                names = (*BETWEEN, AFTER, BEFORE)[turn % 5]
                self.exporter.configure(self.machines.text(names, rate=40.0 if turn % 10 == 9 else 50.0))
                if turn % 3 != 1:
                    self.exporter.hang_up()
                if turn % 3 != 0:
                    if begun is not None:
                        assert 200 == begun.result()[0]
                    begun = poster.submit(self.exporter.get, "-/reload", "POST")
                self.look()

    def look(self) -> None:
        """Hosts that stay are on every page, each with its own clock, and their runs go on being counted."""
        page = self.exporter.page()
        runs = page.by_host("cs_probe_runs_total", probe="time_drift")
        assert 1 == page.value("cs_first_sweep_done")
        assert 1 == page.value("cs_config_last_reload_successful")
        skews = page.by_host("cs_clock_skew_seconds")
        for name in ANSWERING:
            assert self.machines.clock(STAYING[name]) == pytest.approx(skews[name], abs=STEP / 4)
            assert runs[name] >= self._runs.get(name, 0.0)
        self._runs = runs


def test_many_reloads_in_quick_succession(tmp_path: Path, lab: Lab, machines: Machines) -> None:
    """Whatever has come between, pages and machines are as if the last configuration had always been there."""
    with Exporter(lab, tmp_path / "cs_exporter.yml", machines.text(BEFORE)) as exporter:
        settled(exporter, machines, BEFORE)
        staying = [machines.hosts[STAYING[name]] for name in ANSWERING]
        before = exporter.descriptors(), [logins(host) for host in staying], stuck(machines.hosts["m2"], MOUNT)
        Storm(exporter, machines).blow()
        moment = time.time()
        exporter.configure(machines.text(AFTER))
        assert 200 == exporter.get("-/reload", "POST")[0]
        settled(exporter, machines, AFTER)
        assert_histories(exporter, moment)
        exporter.configure(machines.text(BEFORE))
        assert 200 == exporter.get("-/reload", "POST")[0]
        settled(exporter, machines, BEFORE)
        wait_until(lambda: exporter.descriptors() <= before[0], DEADLINE, f"no more than {before[0]} descriptors")
        assert before[1:] == ([logins(host) for host in staying], stuck(machines.hosts["m2"], MOUNT))
        assert [] == exporter.trouble()
    left = [host for name, host in machines.hosts.items() if name != "m3"]
    wait_until(lambda: not any(map(connections, left)), DEADLINE, "all connections to end")
    machines.broken.close()
    wait_until(lambda: not any(host.processes() for host in machines.hosts.values()), DEADLINE, "nothing left")


def assert_histories(exporter: Exporter, moved: float) -> None:
    """Those who stay have theirs whole; a name that has moved has none from before; who has left has none."""
    oldest = {name: exporter.first_asked(name, "time_drift") for name in (*ANSWERING, "moving", "left", "right")}
    assert [] == [name for name in ("moving", "left", "right") if oldest[name] < moved - 0.1]
    assert [] == [name for name in ANSWERING if oldest[name] >= moved - 0.1]
    gone = [exporter.get(f"history?probe=time_drift&host={name}") for name in BEFORE.keys() - AFTER.keys()]
    assert [400] * len(gone) == [status for status, _ in gone]
