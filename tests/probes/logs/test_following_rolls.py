"""A log that is rolled by another name, copied and cut, or compressed: what is read of the old file, and what not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.probes.logs.log_stand import log_stand, new_ping


async def test_a_writer_that_keeps_the_old_file(tmp_path: Path) -> None:
    """It goes on writing into what was renamed until it is told; both files are followed."""
    async with log_stand(tmp_path) as stand:
        await stand.look()
        with stand.path.open("a") as old:
            stand.path.rename(tmp_path / "management-server.log.1")
            stand.write(new_ping(1))
            await stand.look()
            for number in (2, 3):
                old.write(new_ping(number))
                old.flush()
                await stand.look()
                assert [number] == stand.heard()
        stand.write(new_ping(4))
        await stand.look()
        assert [4] == stand.heard()


async def test_a_file_that_was_compressed_at_once_is_a_gap(tmp_path: Path) -> None:
    """What was in its last lines nobody knows; the new file is read from its start."""
    async with log_stand(tmp_path) as stand:
        stand.write(new_ping(1))
        await stand.look()
        stand.write(new_ping(2))
        stand.path.rename(tmp_path / "management-server.log.gz")
        stand.write(new_ping(3))
        reading = await stand.look()
        assert ([3], 1, stand.now) == (stand.heard(), reading.gaps, reading.gap_until)


@pytest.mark.parametrize("suffix", ["", ".gz"])
async def test_two_rolls_from_look_to_look_are_a_gap(suffix: str, tmp_path: Path) -> None:
    """Of three files the one in the middle is not read: nobody is silent for what may stand there."""
    async with log_stand(tmp_path) as stand:
        stand.write(new_ping(1))
        await stand.look()
        for number in (2, 1):
            stand.write(new_ping(number + 1))
            stand.path.rename(tmp_path / f"management-server.log.{number}{suffix if number == 1 else ''}")
            os.utime(tmp_path / "management-server.log.2", (1e9, 1e9))
        stand.write(new_ping(4))
        reading = await stand.look()
        assert ([3, 4], 1, stand.now) == (stand.heard(), reading.gaps, reading.gap_until)
        stand.write(new_ping(5))
        assert 1 == (await stand.look()).gaps


async def test_a_file_that_is_just_being_compressed(tmp_path: Path) -> None:
    """It is there as it was and in part as it will be, and newer ones of other names are no part of that log."""
    async with log_stand(tmp_path) as stand:
        stand.write(new_ping(1))
        await stand.look()
        stand.write(new_ping(2))
        stand.path.rename(tmp_path / "management-server.log.2026-07-28")
        os.utime(tmp_path / "management-server.log.2026-07-28", (1e9, 1e9))
        (tmp_path / "management-server.log.2026-07-28.gz").write_bytes(b"x")
        (tmp_path / "management-server.out").write_bytes(b"x")
        (tmp_path / "api-server.log.2026-07-28").write_bytes(b"x")
        stand.write(new_ping(3))
        reading = await stand.look()
        assert ([2, 3], 0) == (stand.heard(), reading.gaps)


async def test_a_file_that_is_copied_and_cut(tmp_path: Path) -> None:
    """What was written between the last look and the copy is read from the copy."""
    async with log_stand(tmp_path) as stand:
        stand.write(new_ping(1))
        await stand.look()
        stand.write(new_ping(2))
        shutil.copy(stand.path, tmp_path / "management-server.log.1")
        os.truncate(stand.path, 0)
        stand.write(new_ping(3))
        reading = await stand.look()
        assert ([2, 3], 0) == (stand.heard(), reading.gaps)
        stand.write(new_ping(4))
        await stand.look()
        assert [4] == stand.heard()


@pytest.mark.parametrize("length", [0, 1, 3])
async def test_a_file_that_is_cut_without_a_copy(length: int, tmp_path: Path) -> None:
    """It is noticed by its length, or by what stands before the place where it had an end; a gap either way."""
    async with log_stand(tmp_path) as stand:
        stand.write(new_ping(1), new_ping(2))
        await stand.look()
        os.truncate(stand.path, 0)
        numbers = [10 + number for number in range(length)]
        stand.write(*map(new_ping, numbers))
        reading = await stand.look()
        assert (numbers, 1) == (stand.heard(), reading.gaps)
        assert 1 == (await stand.look()).gaps
