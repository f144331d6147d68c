"""The sheet of the probe `block_storage`: whether a hypervisor's iSCSI sessions are logged in and its multipaths whole.

A map with one path left still serves its machines and nobody notices, until that one goes too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pydantic import Field

from cs_exporter.model import Host, Role
from cs_exporter.parsers import block_paths
from cs_exporter.parsers.block_paths import BlockPaths, IscsiSession, MultipathPath
from cs_exporter.ports import Io, SectionCall
from cs_exporter.probes.blockdevices.symptoms import SYMPTOMS
from cs_exporter.spec import Metric, ProbeSettings, ProbeSpec, Sample, Seconds, Section, rows

# By builtins alone, for it is asked of every hypervisor and most have none of it. In a subshell, since patterns of file
# names are off in the collector's own shell.
SECTION = Section(
    name="block_paths",
    body=r"""
(
	set +f
	for session in /sys/class/iscsi_session/session*; do
		[ -r "$session/state" ] || continue
		state='' target=''
		read -r state <"$session/state"
		read -r target <"$session/targetname"
		echo "session ${session##*/} ${state:-unknown} ${target:-unknown}"
	done
	for map in /sys/block/dm-*; do
		[ -r "$map/dm/uuid" ] || continue
		uuid='' map_name=''
		read -r uuid <"$map/dm/uuid"
		case $uuid in mpath-*) ;; *) continue ;; esac
		read -r map_name <"$map/dm/name"
		for path in "$map"/slaves/*; do
			state=''
			[ -e "$path" ] || continue
			[ ! -r "$path/device/state" ] || read -r state <"$path/device/state"
			echo "path ${map_name:-unknown} ${path##*/} ${state:-unknown}"
		done
	done
)
""",
)


class BlockStorageSettings(ProbeSettings):
    """Settings of the probe block_storage."""

    interval: Seconds = Field(default=30.0, gt=0, description="rounded up to a multiple of global.interval")


async def probe(_host: Host, io: Io, _settings: BlockStorageSettings) -> BlockPaths:
    """Read all of it in one question. No session and no map at all is a reading without rows."""
    call = SectionCall(SECTION.name)
    answers = await io.shell.ask(call)
    return block_paths.parse(answers[call].text())


def _by_target(reading: BlockPaths) -> Mapping[str, list[IscsiSession]]:
    found: dict[str, list[IscsiSession]] = {}
    for one in reading.sessions:
        found.setdefault(one.target, []).append(one)
    return found


def _by_map(reading: BlockPaths) -> Mapping[str, list[MultipathPath]]:
    found: dict[str, list[MultipathPath]] = {}
    for one in reading.paths:
        found.setdefault(one.map, []).append(one)
    return found


def _of_targets(name: str, help_text: str, value: Callable[[list[IscsiSession]], float | None]) -> Metric[BlockPaths]:
    def read(reading: BlockPaths) -> Iterable[Sample]:
        found = {target: value(sessions) for target, sessions in _by_target(reading).items()}
        return [Sample(number, (target,)) for target, number in found.items() if number is not None]

    return rows(name, help_text, ("target",), read)


def _of_maps(name: str, help_text: str, value: Callable[[list[MultipathPath]], float | None]) -> Metric[BlockPaths]:
    def read(reading: BlockPaths) -> Iterable[Sample]:
        found = {device: value(paths) for device, paths in _by_map(reading).items()}
        return [Sample(number, (device,)) for device, number in found.items() if number is not None]

    return rows(name, help_text, ("map",), read)


METRICS = (
    _of_targets(
        "cs_iscsi_sessions",
        "Sessions of the host to an iSCSI target (from /sys/class/iscsi_session).",
        lambda sessions: float(len(sessions)),
    ),
    _of_targets(
        "cs_iscsi_sessions_down",
        "Of these, those that are not logged in (/sys/class/iscsi_session: state other than LOGGED_IN).",
        lambda sessions: float(sum(not one.up for one in sessions)),
    ),
    _of_maps(
        "cs_multipath_paths",
        "Paths of a multipath map (slaves of a device-mapper device whose uuid begins with mpath-).",
        lambda paths: float(len(paths)),
    ),
    _of_maps(
        "cs_multipath_paths_down",
        "Of these, those whose SCSI device is not running (/sys/block: offline, transport-offline, blocked, ...).",
        lambda paths: float(sum(not one.up for one in paths)),
    ),
    _of_maps(
        "cs_multipath_lost",
        "1 while no path of a multipath map is running (from /sys/block).",
        lambda paths: None if any(one.up for one in paths) else 1.0,
    ),
)

SPEC: ProbeSpec[BlockStorageSettings, BlockPaths] = ProbeSpec(
    name="block_storage",
    question="Are the host's iSCSI sessions logged in, and have its multipath maps all their paths?",
    settings=BlockStorageSettings,
    reading=BlockPaths,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    sections=(SECTION,),
    applies=lambda host: Role.HYPERVISOR in host.roles,
)
