"""The probe block_storage: the section over a copy of sysfs, for neither fibre nor an iSCSI target can be here."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from cs_exporter.model import Host, Role
from cs_exporter.parsers import block_paths
from cs_exporter.parsers.block_paths import BlockPaths
from cs_exporter.ports import Answer, Answers, AnswerState, ClockSample, SectionCall
from cs_exporter.probes.blockdevices.block_storage import SECTION, SPEC, BlockStorageSettings, probe
from tests import world

IQN = "iqn.2005-10.org.example:primary"


def write(root: Path, files: Mapping[str, str]) -> None:
    """Files of sysfs, each a line."""
    for name, line in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{line}\n", encoding="ascii")


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """Two sessions to a target, a map of two paths, a logical volume, and a plain disk."""
    write(
        tmp_path,
        {
            "class/iscsi_session/session1/state": "LOGGED_IN",
            "class/iscsi_session/session1/targetname": IQN,
            "class/iscsi_session/session2/state": "FAILED",
            "class/iscsi_session/session2/targetname": IQN,
            "block/dm-0/dm/uuid": "LVM-abc",
            "block/dm-0/dm/name": "vg-root",
            "block/dm-1/dm/uuid": "mpath-3600140500000000",
            "block/dm-1/dm/name": "mpatha",
            "block/sda/device/state": "running",
            "block/sdb/device/state": "running",
            "block/sdc/device/state": "transport-offline",
        },
    )
    for map_, devices in {"dm-0": ["sda"], "dm-1": ["sdb", "sdc"]}.items():
        slaves = tmp_path / "block" / map_ / "slaves"
        slaves.mkdir()
        for device in devices:
            (slaves / device).symlink_to(tmp_path / "block" / device)
    return tmp_path


def said(root: Path, shell: list[str]) -> str:
    """What the section says of that copy."""
    script = f"section() {{\n{SECTION.body}\n}}\nsection".replace("/sys/", f"{root}/")
    return subprocess.run([*shell, "-c", script], capture_output=True, text=True, timeout=20, check=True).stdout


def shown(reading: BlockPaths) -> dict[str, list[tuple[tuple[str, ...], float]]]:
    """Metric -> its samples; metrics without any are left out."""
    found = {metric.name: [(one.labels, one.value) for one in metric.read(reading)] for metric in SPEC.metrics}
    return {name: samples for name, samples in found.items() if samples}


@pytest.mark.parametrize(
    "shell",
    [["sh"], ["bash"], pytest.param(["busybox", "sh"], marks=pytest.mark.debian)],
    ids=["sh", "bash", "busybox"],
)
def test_sessions_and_paths(sysfs: Path, shell: list[str]) -> None:
    """Only maps of multipath count, and their SCSI devices' own states."""
    assert {
        "cs_iscsi_sessions": [((IQN,), 2.0)],
        "cs_iscsi_sessions_down": [((IQN,), 1.0)],
        "cs_multipath_paths": [(("mpatha",), 2.0)],
        "cs_multipath_paths_down": [(("mpatha",), 1.0)],
    } == shown(block_paths.parse(said(sysfs, shell)))


def test_the_last_path_goes_too(sysfs: Path) -> None:
    """The row is there only while it is true."""
    (sysfs / "block/sdb/device/state").write_text("offline\n", encoding="ascii")
    lost = shown(block_paths.parse(said(sysfs, ["sh"])))
    assert ([(("mpatha",), 1.0)], [(("mpatha",), 2.0)]) == (lost["cs_multipath_lost"], lost["cs_multipath_paths_down"])


def test_a_host_without_any(tmp_path: Path) -> None:
    """Patterns that match nothing stay as they are in sh: nothing may be said of them."""
    assert "" == said(tmp_path, ["sh"])


class Said:
    """ports.Shell of a host that gives one answer."""

    def __init__(self, output: bytes) -> None:
        self._output = output

    async def ask(self, *calls: SectionCall) -> Answers:
        """See ports.Shell."""
        return Answers(await self.clock(), {call: Answer(call, AnswerState.DONE, 0, self._output) for call in calls})

    async def clock(self) -> ClockSample:
        """See ports.Shell."""
        return ClockSample(0.0, 1e-6, 0.0, 0.01)


async def test_a_run() -> None:
    """One question, and its answer as a reading."""
    host = Host("kvm1", "192.0.2.1", roles=frozenset({Role.HYPERVISOR}))
    said = Said(f"session session1 LOGGED_IN {IQN}\n".encode())
    reading = await probe(host, world.io(shell=said), BlockStorageSettings())
    assert {"cs_iscsi_sessions": [((IQN,), 1.0)], "cs_iscsi_sessions_down": [((IQN,), 0.0)]} == shown(reading)
    assert SPEC.applies(host)
