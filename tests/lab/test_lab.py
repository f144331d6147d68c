"""The lab itself: quick to build, real to log in to, and nothing of it left behind, not even after a crash."""

from __future__ import annotations

import asyncio
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab.control import PROJECT, LabError
from tests.lab.host import HostSpec
from tests.lab.lab import DEFAULT_HOSTS, Lab
from tests.lab.ntp import Chronyd
from tests.lab.wait import HANGS, wait_until

pytestmark = pytest.mark.lab

BUDGET_S = 5.0

CRASHING = """
import json, sys, time
from tests.lab.hang_mount import HangMount
from tests.lab.host import HostSpec
from tests.lab.lab import Lab
from tests.lab.wait import wait_until

lab = Lab([HostSpec("c1", fake_clock=True), HostSpec("c2", segment="far")])
host = lab.hosts["c1"]
HangMount(host).hang()
host.run("setsid stat -f /mnt/hang >/dev/null 2>&1 & setsid sleep 999 >/dev/null 2>&1 &", user="csmon")
wait_until(lambda: any("stat -f" in command for command in host.processes()))
strangers = [lab.popen(["setsid", "sleep", "999"]), lab.spawn(["sleep", "999"], "hub")]
pids = [process.pid for host in lab.hosts.values() for process in host.pids()]
print(json.dumps({
    "pids": pids + [stranger.pid for stranger in strangers] + [lab.init_pid, lab.supervisor.pid],
    "directory": str(lab.directory),
    "uplink": lab.network.uplink_index,
}), flush=True)
time.sleep(999)
"""


def left_of(directory: str, uplink: int, pidfds: list[int]) -> list[str]:
    """What is still there of a lab, in words."""
    alive = len(pidfds) - len(select.select(pidfds, [], [], 0)[0])
    found = [f"{alive} processes"] if alive else []
    found += [directory] if Path(directory).exists() else []
    return found + [name for index, name in socket.if_nameindex() if index == uplink]


def test_six_hosts_are_up_within_the_budget(capsys: pytest.CaptureFixture[str]) -> None:
    """A lab of six hosts (and a seventh for servers) stands in under five seconds, and goes as fast."""
    begin = time.monotonic()
    with Lab() as lab:
        up = time.monotonic() - begin
        assert len(DEFAULT_HOSTS) == len(lab.hosts)
        begin = time.monotonic()
    down = time.monotonic() - begin
    with capsys.disabled():
        sys.stdout.write(f" [lab of {len(DEFAULT_HOSTS)} hosts: up {up:.2f} s, down {down:.2f} s] ")
    assert up < BUDGET_S
    assert down < BUDGET_S


def test_no_address_is_given_twice() -> None:
    """A lab that has given all its addresses away says so; never does one reach a machine on a tap, or the reverse."""
    with Lab([]) as lab:
        hosts = given(lambda: lab.network.next_address(lab.network.lan))
        machines = given(lab.network.free_address)
    assert len(set(hosts) | set(machines)) == len(hosts) + len(machines)
    assert len(hosts) > 800
    assert len(machines) > 100


def given(one_more: Callable[[], str]) -> list[str]:
    """All that it gives until it has no more."""
    addresses: list[str] = []
    with pytest.raises(LabError, match="used up"):
        addresses.extend(iter(one_more, None))
    return addresses


async def test_every_host_lets_the_polling_account_in(lab: Lab) -> None:
    """All hosts answer a command over a real SSH connection, made straight from the test process."""

    async def name_of(host: str) -> object:
        async with lab.connect(lab.hosts[host]) as connection:
            return (await connection.run("uname -n; id -un", check=True)).stdout

    names = await asyncio.gather(*map(name_of, lab.hosts))
    assert [f"{name}\ncsmon\n" for name in lab.hosts] == names


def test_nothing_is_left_after_closing() -> None:
    """Closing ends all processes, strangers in the lab's namespaces too, and removes devices and files."""
    with Lab([HostSpec("c1")]) as lab:
        Chronyd(lab.hosts["c1"]).serve()
        stranger = lab.popen(["sleep", "999"])
        pids = [process.pid for process in lab.hosts["c1"].pids()]
        assert 2 == len(pids)
        pidfds = [os.pidfd_open(pid) for pid in [*pids, stranger.pid, lab.supervisor.pid]]
        assert ["4 processes", str(lab.directory), lab.network.uplink] == left_of(
            str(lab.directory), lab.network.uplink_index, pidfds
        )
    stranger.communicate()
    assert [] == left_of(str(lab.directory), lab.network.uplink_index, pidfds)
    lab.close()
    for pidfd in pidfds:
        os.close(pidfd)


def test_nothing_is_left_after_a_crash() -> None:
    """When the owner is killed by SIGKILL all goes by itself, a process that could not be killed before among it."""
    command = [sys.executable, "-c", CRASHING]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        told = json.loads(owner.stdout.readline())
        pidfds = [os.pidfd_open(pid) for pid in told["pids"]]
        assert 3 == len(left_of(told["directory"], told["uplink"], pidfds))
        owner.kill()
    wait_until(lambda: not left_of(told["directory"], told["uplink"], pidfds), HANGS, "the lab to be gone")
    for pidfd in pidfds:
        os.close(pidfd)


def test_a_killed_keeper_takes_the_hosts_along_and_the_next_lab_clears_up() -> None:
    """Even the supervisor's own sudden death ends all hosts; its directory goes when the next lab is made."""
    lab = Lab([HostSpec("c1")])
    pidfds = [os.pidfd_open(process.pid) for process in lab.hosts["c1"].pids()]
    os.kill(lab.supervisor.pid, 9)
    wait_until(lambda: not left_of("/nonexistent", lab.network.uplink_index, pidfds), HANGS, "the hosts to be gone")
    lab.close()
    assert lab.directory.exists()
    Lab([]).close()
    assert not lab.directory.exists()
    for pidfd in pidfds:
        os.close(pidfd)


def test_a_program_in_the_mgmt_namespace_is_this_process_s_child(lab: Lab) -> None:
    """It reaches the hosts, the test reaches it, and its exit status comes back."""
    script = f"""
import socket, sys
server = socket.create_server(("{lab.mgmt_address}", 8000))
socket.create_connection(("{lab.hosts["h6"].address}", 22), 5).close()
print("ready", flush=True)
server.accept()
sys.exit(7)
"""
    program = lab.python("-c", script)
    assert program.stdout is not None
    assert "ready\n" == program.stdout.readline()
    socket.create_connection((lab.mgmt_address, 8000), 5).close()
    output, errors = program.communicate(timeout=10)
    assert (7, "", "") == (program.returncode, output, errors)


def test_a_tap_carries_another_machine(lab: Lab) -> None:
    """A tap device can be attached to the switch and taken away."""
    lab.add_tap("tap-test")
    assert "master lan" in lab.network.hub.run(["ip", "-o", "link", "show", "tap-test"])
    lab.network.remove_link("tap-test")
