"""Two probes on one mount in the same request: the guard lets them in one after the other, under each shell."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from cs_exporter.model import Host, SshTarget
from cs_exporter.ports import AnswerState, Counters, SectionCall
from cs_exporter.probes.nfs.nfs_mounts import STATFS
from cs_exporter.probes.storage.storage_heartbeat import HEARTBEAT
from cs_exporter.probes.storage.writes import FileState, seen
from cs_exporter.transports.collector.script import assemble
from cs_exporter.transports.pool import Pace, Shells
from tests.lab.hang_mount import hang_mount
from tests.lab.host import LabHost
from tests.lab.lab import USER, Lab
from tests.lab.wait import wait_until_async

pytestmark = pytest.mark.lab

each_sh = pytest.mark.parametrize("name", ["h1", "h3", "h4"], ids=["dash", "busybox", "bash"])

TURNS = 5


@pytest.fixture
async def shells() -> AsyncIterator[Shells]:
    """Real sessions with the sections of both probes; ended with the test."""
    made = Shells(assemble((STATFS, HEARTBEAT)), Pace(4, 20.0, 1.0), time, Counters())
    yield made
    await made.close()


def target(lab: Lab, machine: LabHost) -> Host:
    """The machine as a polled host."""
    ssh = SshTarget(user=USER, key_file=str(lab.client_key_file), known_hosts=str(lab.known_hosts_file))
    return Host(machine.name, machine.address, ssh=ssh)


def calls(mount: str, limit: int) -> tuple[SectionCall, SectionCall]:
    """What both probes ask of one mount."""
    return SectionCall(STATFS.name, (mount,), limit), SectionCall(HEARTBEAT.name, (mount, "192.0.2.1"), limit)


def touching(machine: LabHost, mount: str) -> list[str]:
    """The account's commands that are on the mount."""
    return [line for line in machine.processes() if mount in line and line.split()[0].endswith(("stat", "head"))]


@each_sh
async def test_both_are_answered_while_the_mount_is_well(lab: Lab, shells: Shells, name: str) -> None:
    """Whoever meets the other withdraws and comes back: neither takes a healthy mount for a held one."""
    machine = lab.hosts[name]
    shell = shells.of(target(lab, machine))
    pool = f"/mnt/pool of {name}"
    statfs, heartbeat = calls(pool, 4)
    machine.write(f"{pool}/KVMHA/hb-192.0.2.1", "1795251429\n")
    for _ in range(TURNS):
        answers = await shell.ask(statfs, heartbeat)
        assert 0 == answers[statfs].status, answers[statfs]
        assert (FileState.READ, 1795251429) == (seen(answers[heartbeat]).state, seen(answers[heartbeat]).stamp)


@each_sh
async def test_one_child_while_it_hangs(lab: Lab, shells: Shells, name: str) -> None:
    """On a mount that no signal frees there is one child of both together, however often they ask; then all heals."""
    machine = lab.hosts[name]
    shell = shells.of(target(lab, machine))
    with hang_mount(machine) as mount:
        statfs, heartbeat = calls(mount.mount_point, 1)
        await shell.ask()
        mount.hang()
        for turn in range(3):
            answers = await shell.ask(statfs, heartbeat)
            assert FileState.UNREAD is seen(answers[heartbeat]).state
            assert (AnswerState.LATE is answers[statfs].state) or turn > 0
            (child,) = touching(machine, mount.mount_point)
            assert "stat -f" in child, "what was asked first is the witness"
        mount.free()
        await wait_until_async(lambda: not touching(machine, mount.mount_point), what="the child to come back")
        answers = await shell.ask(*calls(mount.mount_point, 4))
        assert [0, 1] == [answers[call].status for call in calls(mount.mount_point, 4)]
        assert FileState.ABSENT is seen(answers[calls(mount.mount_point, 4)[1]]).state
