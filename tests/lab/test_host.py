"""A lab host keeps what it promises: its own processes and files, its shell, and the limits of its account's key."""

from __future__ import annotations

import asyncssh
import pytest

from tests.lab.host import HostSpec
from tests.lab.lab import Lab
from tests.lab.wait import HANGS, wait_until

pytestmark = pytest.mark.lab


@pytest.mark.parametrize(
    ("name", "question", "answer"),
    [
        ("h1", "echo $BASH_VERSION; sh --help 2>&1 | grep -c BusyBox", "\n0\n"),
        ("h3", "sh --help 2>&1 | grep -c BusyBox", "1\n"),
        ("h4", 'test -n "$BASH_VERSION" && echo $0', "sh\n"),
    ],
    ids=["dash", "busybox", "bash"],
)
async def test_sh_is_the_wanted_shell(lab: Lab, name: str, question: str, answer: str) -> None:
    """What the account's commands run under is dash, busybox or bash, as the host was specified."""
    async with lab.connect(lab.hosts[name]) as connection:
        assert answer == (await connection.run(question)).stdout


async def test_what_the_account_leaves_behind_is_seen(lab: Lab) -> None:
    """A process and a file that outlive their connection are found, and so is their end."""
    host = lab.hosts["h2"]
    wait_until(lambda: not host.processes(), HANGS, "sessions of earlier tests to be over")
    assert [] == host.files()
    async with lab.connect(host) as connection:
        await connection.run("touch /tmp/left; setsid sleep 998 >/dev/null 2>&1 </dev/null &")
        assert any("sshd: csmon" in command for command in host.processes())
    wait_until(lambda: host.processes() == ["sleep 998"], HANGS, "only the left process to be there")
    assert ["/tmp/left"] == host.files()  # noqa: S108  # the host's, not this machine's
    host.run("pkill -KILL -u csmon; rm /tmp/left")
    wait_until(lambda: not host.processes(), HANGS, "the killed process to be gone")
    assert [] == host.files()


async def test_a_host_cannot_write_to_this_machine(lab: Lab) -> None:
    """Programs are mounted read-only, and everything else is the host's own."""
    host = lab.hosts["h1"]
    assert "Read-only file system" in host.run("touch /usr/bin/lab-was-here").stderr
    assert "" == host.run("grep -v -e ^lab -e ^dev -e ^proc -e ^sysfs /proc/mounts | grep -v ' ro,'").stdout


async def test_a_forced_command_leaves_only_itself_and_the_named_forwarding(lab: Lab) -> None:
    """With `force_command` no other command runs, and only the permitted address can be reached through the host."""
    permitted = f"{lab.hosts['h1'].address}:22"
    spec = HostSpec("forced", force_command='echo "forced"', permit_open=(permitted,))
    (host,) = lab.add_hosts([spec])
    try:
        async with lab.connect(host) as connection:
            assert "forced\n" == (await connection.run("id")).stdout
            _, writer = await connection.open_connection(lab.hosts["h1"].address, 22)
            writer.close()
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection(lab.hosts["h2"].address, 22)
    finally:
        lab.remove_host(host)
