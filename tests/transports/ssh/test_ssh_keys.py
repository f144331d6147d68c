"""Client keys and known hosts at real logins: who is trusted, what a bad file costs, and how long it takes.

The format of known_hosts is in `test_known_hosts.py`.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports.collector.shell import HostShell
from cs_exporter.transports.ssh.connector import KeyFiles
from tests.lab import fair
from tests.lab.lab import Lab
from tests.lab.ssh_keys import known_hosts_text, new_key
from tests.lab.wait import wait_until_async
from tests.transports.ssh.hosts import RETRY_CAP, SHOW, exporter


async def refused(shell: HostShell) -> ProbeFailed:
    """What asking fails with."""
    with pytest.raises(ProbeFailed) as caught:
        await shell.ask(SHOW)
    return caught.value


@pytest.mark.lab
async def test_a_host_may_be_known_by_its_name(lab: Lab, tmp_path: Path) -> None:
    """In known_hosts the inventory's name is as good as the address; a key under another name is not."""
    host = lab.hosts["h1"]
    files = {name: tmp_path / name for name in ("named", "other", "empty")}
    files["named"].write_text(known_hosts_text([("kvm1", host.key)]))
    files["other"].write_text(known_hosts_text([("kvm2", host.key)]))
    files["empty"].write_text("")
    async with exporter(lab) as one:
        for name, file in files.items():
            target = one.target(known_hosts=str(file))
            one.shells[name] = HostShell(one.connector("kvm1", host.address, target), time, RETRY_CAP)
        assert await one.works("named")
        failures = [await one.failure("other"), await one.failure("empty")]
        assert [Reason.HOST_KEY] * 2 == [failure.reason for failure in failures if failure]


@pytest.mark.lab
async def test_many_known_hosts_cost_little(lab: Lab, tmp_path: Path) -> None:
    """5,000 keys are read once; a connection then does not notice them."""
    host, other = lab.hosts["h1"], new_key("another")
    names = [(f"kvm{number}.example,192.0.2.{number % 250}", other) for number in range(5000)]
    file = tmp_path / "known_hosts"
    file.write_text(known_hosts_text([*names, (host.address, host.key)]))
    async with exporter(lab) as one:
        began = fair.seconds()
        await one.files.known_hosts(str(file))
        assert fair.seconds() - began < 2
        one.add(host, one.target(known_hosts=str(file)))
        began = fair.seconds()
        assert await one.works("h1")
        assert fair.seconds() - began < 1


@pytest.mark.lab
async def test_many_hashed_known_hosts_hold_nobody_up(lab: Lab, tmp_path: Path) -> None:
    """Thousands of hashed lines are looked through beside the event loop, and once for each host."""
    host, other = lab.hosts["h1"], new_key("another")
    file = tmp_path / "known_hosts"
    file.write_text(known_hosts_text([*((f"kvm{n}.example", other) for n in range(6000)), (host.address, host.key)]))
    await (
        await asyncio.create_subprocess_exec("ssh-keygen", "-q", "-H", "-f", file, stderr=asyncio.subprocess.DEVNULL)
    ).wait()
    assert "example" not in file.read_text()
    async with exporter(lab) as one:
        await one.files.known_hosts(str(file))
        loop, late, done = asyncio.get_running_loop(), [0.0], asyncio.Event()

        async def watch() -> None:
            while not done.is_set():
                due = loop.time() + 0.001
                await asyncio.sleep(0.001)
                late.append(loop.time() - due)

        watching = asyncio.create_task(watch())
        for name in ("first", "second"):
            one.shells[name] = HostShell(
                one.connector("h1", host.address, one.target(known_hosts=str(file))), time, RETRY_CAP
            )
            assert await one.works(name)
        done.set()
        await watching
        known = await one.files.known_hosts(str(file))
        assert known.found("h1", host.address, host.address, 22) is not None
        assert max(late) < 0.04


@pytest.mark.lab
async def test_a_bad_line_costs_only_itself(lab: Lab, tmp_path: Path) -> None:
    """The other lines of the file go on to be known; the bad one is named in the log, once."""
    host, file = lab.hosts["h1"], tmp_path / "known_hosts"
    file.write_text("kvm1\n" + known_hosts_text([(host.address, host.key)]))
    async with exporter(lab) as one:
        with capture_logs() as logs:
            for name in ("first", "second"):
                target = one.target(known_hosts=str(file))
                one.shells[name] = HostShell(one.connector("h1", host.address, target), time, RETRY_CAP)
                assert await one.works(name)
    said = [(entry["file"], entry["lines"]) for entry in logs if "left out" in entry["event"]]
    assert [(str(file), "line 1 (invalid known hosts entry)")] == said


@pytest.mark.lab
async def test_an_unverified_key_is_said_aloud(lab: Lab) -> None:
    """The opt-out for labs works without any known key, and warns at every handshake."""
    host = lab.hosts["h1"]
    async with exporter(lab) as one:
        one.add(host, one.target(verify_host_key=False, known_hosts=None))
        with capture_logs() as logs:
            assert await one.works("h1")
        assert [("warning", "h1")] == [
            (entry["log_level"], entry["host"]) for entry in logs if "NOT verified" in entry["event"]
        ]
        await one.close()
        one.add(host, one.target(known_hosts=None))
        failure = await refused(one.shells["h1"])
        assert (Reason.HOST_KEY, True) == (failure.reason, "ssh.known_hosts" in failure.detail)


@pytest.mark.lab
@pytest.mark.parametrize("field", ["key_file", "known_hosts"])
@pytest.mark.parametrize("content", [None, "", "nonsense\n"], ids=["missing", "empty", "nonsense"])
async def test_a_file_that_cannot_be_used_is_named(lab: Lab, tmp_path: Path, field: str, content: str | None) -> None:
    """A missing or broken file fails by its name before any host is bothered; known_hosts without keys knows nobody."""
    host, file = lab.hosts["h1"], tmp_path / field
    if content is not None:
        file.write_text(content)
    async with exporter(lab) as one:
        shell = one.add(host, one.target(**{field: str(file)}))
        failure = await refused(shell)
        if field == "known_hosts" and content is not None:
            assert Reason.HOST_KEY is failure.reason
        else:
            assert (Reason.COMMAND, True) == (failure.reason, failure.detail.startswith(f"{file}: ")), failure.detail
            assert 0 == one.counters.ssh_handshakes


@pytest.mark.lab
async def test_files_are_read_again_when_they_change(lab: Lab, tmp_path: Path) -> None:
    """A key that is added to known_hosts is known from the next attempt on; an unchanged file is parsed once."""
    host, file = lab.hosts["h1"], tmp_path / "known_hosts"
    file.write_text("")
    async with exporter(lab) as one:
        one.add(host, one.target(known_hosts=str(file)))
        assert not await one.works("h1")
        file.write_text(known_hosts_text([(host.address, host.key)]))
        await wait_until_async(lambda: one.works("h1"))
        files = KeyFiles()
        assert await files.known_hosts(str(file)) is await files.known_hosts(str(file))
        assert files.client_key(str(lab.client_key_file)) is files.client_key(str(lab.client_key_file))
