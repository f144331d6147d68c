"""`make demo` as users have it: up, broken, red in Prometheus, mended, ended; and nothing is left behind.

The real command as a process, at ports and under a name of its own.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.demo.catalogue import FAULTS, NICKNAMES
from tests.demo.stand import Demo, command, free_port
from tests.lab.prometheus import Prometheus
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.heavy, pytest.mark.timeout(300)]

RED_DEADLINE, GONE_DEADLINE = 60.0, 30.0
WELL = "all is well"
CONTROL = f"cs_exporter-demo-of-test-{os.getpid()}"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """It has been started."""
    with Demo(CONTROL, tmp_path / "demo.log") as started:
        yield started


def hung(demo: Demo) -> set[str]:
    """The hosts whose mounts hang, by the demo's own Prometheus."""
    prometheus = Prometheus(Path("/nonexistent"), "", listen=f"127.0.0.1:{demo.prometheus}")
    return {series.host for series in prometheus.query('cs_nfs_mount_state{state="hung"} == 1')}


def test_it_is_broken_and_mended_and_leaves_nothing(demo: Demo) -> None:
    """As the README tells: the mount of just that host hangs, and is well again; Ctrl-C, with another fault there."""
    demo.wait_for(WELL)
    for port in (demo.exporter, demo.prometheus, demo.alertmanager):
        assert f"127.0.0.1:{port}/" in demo.said()
    assert "make demo-break FAULT=nfs HOST=kvm2" in demo.said()
    assert (0, "broken: nfs-cut on kvm2: the hypervisor's packets to the NFS server vanish\n") == demo.ask(
        "break", "nfs", "kvm2"
    )
    wait_until(lambda: {"kvm2"} == hung(demo), RED_DEADLINE, "the mount of kvm2 to hang")
    demo.wait_for("kvm2   CsNfsMountHung: An NFS mount of the host does not answer.")
    demo.wait_for("PAGED     storage: ")
    demo.wait_for("CsNfsMountHung (kvm2)")
    status, text = demo.ask("status")
    assert (0, "broken: nfs-cut on kvm2") == (status, text.splitlines()[0])
    assert (2, "cs_exporter demo: nfs-cut on kvm2 holds already: heal that first\n") == demo.ask("break", "nfs")
    assert (0, "healed: nfs-cut on kvm2\n") == demo.ask("heal")
    demo.wait_for(WELL, times=2)
    assert set() == hung(demo)
    demo.wait_for("resolved  storage: the page is over")
    assert 0 == demo.ask("break", "ssh", "kvm3")[0]
    demo.wait_for("failing   kvm3   ")
    assert "failing   kvm3   " in demo.ask("status")[1]
    assert 0 == demo.ask("heal", "", "kvm3")[0]
    demo.wait_for("gone      kvm3   runs that fail")
    demo.wait_for(WELL, times=3)
    assert 0 == demo.ask("break", "mysql-frozen")[0]
    before = demo.belongings()
    assert len(before.processes) > 20
    assert 0 == demo.end(signal.SIGINT)
    assert [] == before.left()
    assert "Traceback" not in demo.said()


def test_it_leaves_nothing_when_it_is_killed(demo: Demo) -> None:
    """Nobody has the time to clean up, and all goes all the same; a demo that runs is not started twice."""
    demo.wait_for("Ctrl-C ends it")
    assert (2, "cs_exporter demo: a demo runs already; end that one with Ctrl-C first\n") == demo.ask()
    assert 0 == demo.ask("break", "path")[0]
    before = demo.belongings()
    demo.end(signal.SIGKILL)
    wait_until(lambda: not before.left(), GONE_DEADLINE, "all that belonged to the demo to be gone")
    assert (2, "cs_exporter demo: no demo runs; in another terminal, as root, type: make demo\n") == demo.ask("heal")


def test_a_port_in_use() -> None:
    """One line, before anything is built."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        others = [f"--{name}-port={free_port()}" for name in ("exporter", "alertmanager")]
        said = command(CONTROL, f"--prometheus-port={port}", *others)
    mend = f"choose another one: make demo ARGS=--prometheus-port={port + 1}"
    assert (2, f"cs_exporter demo: port {port} of 127.0.0.1: Address already in use; {mend}\n") == said


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("--exporter-port=80000", "--exporter-port=80000: a port is a number from 1 to 65535"),
        ("--address=192.0.2.1", "--address=192.0.2.1: no IPv4 address of this machine; see: ip address"),
        ("--prometheus-port=10595", "--exporter-port and --prometheus-port: both are 10595, and each needs its own"),
        (
            "--alertmanager-port=9090",
            "--prometheus-port and --alertmanager-port: both are 9090, and each needs its own",
        ),
    ],
)
def test_where_nothing_can_listen(flag: str, expected: str) -> None:
    """One line, before anything is built."""
    assert (2, f"cs_exporter demo: {expected}\n") == command(CONTROL, flag)


def test_the_list() -> None:
    """Every fault is a line with its hosts, what breaks beneath; without a name `break` lists as well, by host too."""
    status, text = command(CONTROL, "list")
    assert (status, text) == command(CONTROL, "break")
    assert 0 == status
    assert [fault.name for fault in FAULTS] == names(text)
    assert [fault.tells for fault in FAULTS] == [line.strip() for line in text.splitlines() if line.startswith(" ")]
    status, text = command(CONTROL, "break", "", "db1")
    assert (0, [fault.name for fault in FAULTS if "db1" in fault.hosts]) == (status, names(text))
    status, text = command(CONTROL, "break", "", "kvm22")
    assert (2, "cs_exporter demo: nothing can be broken on 'kvm22', but on db1, db2, ") == (status, text[:69])


def names(text: str) -> list[str]:
    """The faults that a list names."""
    return [line.split()[0] for line in text.splitlines() if not line.startswith(" ")]


def test_they_are_all_called_for_short() -> None:
    """The list says how."""
    _, text = command(CONTROL, "list")
    assert [] == [short for short in NICKNAMES if f"(or {short})" not in text]
