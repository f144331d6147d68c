"""Sections of nfs_mounts as a host runs them: understood by this machine, and leaving out only what nobody needs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cs_exporter.probes.nfs.nfs_mounts import NFS_PROC, SPEC, STATFS
from tests.probes.nfs.nfs_stand import CAPTURES, capture, proc, stand


def printed(body: str, *arguments: str) -> str:
    """What a section's body prints on this machine."""
    done = subprocess.run(["sh", "-c", body, "sh", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("folder", sorted(path.name for path in CAPTURES.iterdir() if path.is_dir()))
async def test_what_the_host_leaves_out_is_not_needed(folder: str, tmp_path: Path) -> None:
    """The section's own filter, run on a capture, gives the same reading as the whole files, in a fraction of them."""
    for name in ("mountinfo", "mountstats"):
        (tmp_path / name).write_text(capture(folder, name), encoding="utf-8")
    filtered = printed(NFS_PROC.body.replace("/proc/self", str(tmp_path)))
    whole, short = stand(folder), stand(folder)
    short.shell.proc = filtered
    for _ in range(2):
        assert await whole.poll() == await short.poll()
    assert len(filtered) < 0.7 * len(proc(folder))


def test_this_machine_understands_the_sections() -> None:
    """Both commands run on a real system: /proc as it is here, statfs of the root directory."""
    assert ["/proc"] == [line.split(" ")[4] for line in printed(NFS_PROC.body, "/proc").splitlines()]
    assert printed(STATFS.body, "/").strip()


def test_only_statfs_touches_a_mount() -> None:
    """What may hang is guarded, and is a single command; what is not guarded opens no mount."""
    assert [(True, True), (False, False)] == [(section.blocks, section.mount_argument) for section in SPEC.sections]
