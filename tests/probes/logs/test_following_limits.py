"""What keeps a log from being read, and what reading it costs its host: the section as the host runs it."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason, UnparsableError
from cs_exporter.parsers.management_log import parse
from cs_exporter.probes.logs.following import SECTION
from tests.lab.wait import wait_until_async
from tests.probes.logs.log_stand import OTHER, LogStand, log_stand, new_ping
from tests.transports.collector.running import marked

NOBODY = 65534
SIZE = 48 << 20
FACTOR = 12
"""Times the processor time of counting the lines of the same bytes. Twice what it is; without grep before awk: 25."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


def printed(path: Path, *arguments: str) -> str:
    """What the section prints for an account without rights."""
    argv = ["sh", "-c", SECTION.body, "sh", str(path), "server", "1000000", "all", *arguments]
    user = NOBODY if os.geteuid() == 0 else None
    return subprocess.run(argv, capture_output=True, check=True, user=user, text=True).stdout


def test_what_is_no_file_to_read(folder: Path) -> None:
    """It may not be read, nor may a folder above it be entered; it is a folder; it is not there."""
    log, inside = folder / "a.log", folder / "closed" / "b.log"
    log.write_text("x\n")
    inside.parent.mkdir()
    inside.write_text("x\n")
    assert printed(log).startswith(f"at {log.stat().st_ino} 2 ")
    log.chmod(0)
    inside.parent.chmod(0)
    assert ["denied\n", "denied\n", "irregular\n", "missing\n"] == [
        printed(path) for path in (log, inside, folder, folder / "none.log")
    ]
    inside.parent.chmod(0o755)


def test_a_folder_that_may_not_be_listed(folder: Path) -> None:
    """Then nobody knows where the old file is: a gap, and the new one is read."""
    log = folder / "management-server.log"
    log.write_text(new_ping(1))
    at = printed(log).split()[1:4]
    log.rename(folder / "management-server.log.1")
    log.write_text(new_ping(2))
    folder.chmod(0o711)
    if os.geteuid() != 0:
        folder.chmod(0o311)
    look = parse(printed(log, *at))
    assert (True, frozenset({2})) == (look.torn, look.pinged)
    folder.chmod(0o755)


async def test_one_reader_at_a_time(tmp_path: Path) -> None:
    """A look that takes long is seen by another exporter's, which touches nothing; at its end nothing of it is left."""
    async with log_stand(tmp_path, read_limit=6) as slow, log_stand(tmp_path) as other:
        stuck = tmp_path / "programs" / "dash" / "cksum"
        stuck.write_text("#!/bin/sh\nexec sleep 60\n")
        stuck.chmod(0o755)
        first = asyncio.create_task(slow.look())
        readers = f"CS_EXPORTER_MOUNT={slow.path};"
        await wait_until_async(lambda: any("sleep 60" in command for command in marked(readers).values()))
        found = marked(readers)
        with pytest.raises(ProbeFailed, match="its disk may hang") as caught:
            await wait_for_the_guard(other)
        assert Reason.COMMAND is caught.value.reason
        # What has only just begun may still have been setting itself up: nobody has come since.
        left = marked(readers)
        assert left.items() <= found.items()
        assert 1 == sum("sleep 60" in command for command in left.values())
        with pytest.raises(ProbeFailed, match="not read within 6 s"):
            await first
        await wait_until_async(lambda: not marked(readers), what="the look that was ended to be gone")
        stuck.unlink()
        await other.look()
        other.write(new_ping(2))
        await other.look()
        assert [2] == other.heard()


async def wait_for_the_guard(stand: LogStand) -> None:
    """Until it is two seconds old, the other look may still come to its end: the guard tries again."""
    while True:
        with suppress(UnparsableError):
            await stand.look()
            return


def spent(*argv: str) -> float:
    """Seconds of processor time of a command and all that it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_a_log_that_grows_fast_is_followed_cheaply(tmp_path: Path) -> None:
    """A quarter of a minute's worth at 3 MB/s, a thousand agents' pings in it, as a multiple of counting its lines."""
    log = tmp_path / "management-server.log"
    filler = f"{OTHER}VM state transitted from :Running to Running with event: FollowAgentPowerOnReport vm's original\n"
    block = "".join(f"{filler * 200}{new_ping(number)}" for number in range(1, 1001))
    with log.open("w") as file:
        for _ in range(-(-SIZE // len(block))):
            file.write(block)
    look = ["sh", "-c", SECTION.body, "sh", str(log), "server", str(1 << 30), "all", str(log.stat().st_ino)]
    at_start: Sequence[str] = ("0", "4294967295")
    said = subprocess.run([*look, *at_start], capture_output=True, check=True, text=True).stdout
    assert (log.stat().st_size, 1000) == (parse(said).read, len(parse(said).pinged))
    counting = min(spent("awk", "END { print NR }", str(log)) for _ in range(3))
    following = min(spent(*look, *at_start) for _ in range(3))
    assert following < FACTOR * counting
