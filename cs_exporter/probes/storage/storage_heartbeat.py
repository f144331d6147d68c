"""The sheet of the probe `storage_heartbeat`: whether a KVM host still writes its heartbeat to CloudStack's NFS pools.

Every 60 s the agent writes `KVMHA/hb-<private address>` on each NFS primary pool. Neighbours judge the host by that
file, and where agent.properties arms it, the agent reboots its own host once it can't write any more. This is evidence
about storage and never about the agent's connection: with that one frozen, the file stays fresh.

Ages are true seconds though the stamp is the host's own: it is compared with the host's clock of the same answer, and
keeps the moment it was given when first seen, whatever is done to the clock later (storage_writes). A host whose clock
was set in the minute before the exporter first asked it shows a wrong age until its next write.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated

from pydantic import BeforeValidator, Field

from cs_exporter.durations import parse_duration
from cs_exporter.model import CloudKind, Host, Role, Traffic, UnparsableError, UnsupportedError
from cs_exporter.parsers import agent_properties
from cs_exporter.parsers.agent_properties import AgentProperties
from cs_exporter.ports import Answer, Answers, AnswerState, Io, SectionCall
from cs_exporter.probes.storage.symptoms import SYMPTOMS
from cs_exporter.probes.storage.writes import FileState, Moment, WriteRow, judge, seen
from cs_exporter.spec import Metric, Need, ProbeSettings, ProbeSpec, Sample, Section, gauge, rows

MOUNTS_PER_RUN = 20
"""Mounts asked in one run, at most: the collector looks through all its processes for each."""

LOOK_AGAIN = 300.0
"""Seconds until a mount without a heartbeat file is asked again, beside others that have one."""


class StorageHeartbeatSettings(ProbeSettings):
    """Settings of the probe storage_heartbeat."""

    read_limit: Annotated[int, BeforeValidator(parse_duration)] = Field(
        default=4, ge=1, le=30, description="seconds after which a file counts as unread; whole ones"
    )
    forced_reboot: bool | None = Field(
        default=None,
        description="whether the agents reboot their hosts, where the account can't read agent.properties; then with "
        "CloudStack's default times",
    )

    def longest_wait(self) -> float:
        """A file that nobody can read is a verdict: what is known of it goes on ageing."""
        return self.read_limit


HEARTBEAT = Section(
    name="heartbeat_file",
    body='head -c 64 -- "$1/KVMHA/hb-$2"',
    blocks=True,
    tool="head",
    mount_argument=True,
)

_FOLDER = "/etc/cloudstack/agent"
_FILE = f"{_FOLDER}/agent.properties"
_KEYS = "|".join(key.replace(".", "[.]") for key in agent_properties.KEYS)

# A folder that may not be entered looks empty: it must not pass for one without the file.
_DENIED = " || ".join(
    f"{{ [ -e {path} ] && [ ! -{test} {path} ]; }}"
    for path, test in (("/etc/cloudstack", "x"), (_FOLDER, "x"), (_FILE, "r"))
)

# grep's status is 1 where no line matches, which is an answer.
AGENT_PROPERTIES = Section(
    name="agent_properties",
    body=f"""
	if {_DENIED}; then echo unreadable
	elif [ ! -e {_FILE} ]; then echo missing
	else
		echo readable
		grep -E '^[[:blank:]]*({_KEYS})[[:blank:]]*[=:[:blank:]]' {_FILE} || [ $? = 1 ]
	fi""",
    tool="grep",
)


class Source(StrEnum):
    """Where it is known from whether the agent reboots its host."""

    FILE = "agent.properties"
    SETTINGS = "settings"
    UNREADABLE = "unreadable"  # the account may not read the file: not known
    MISSING = "missing"  # no CloudStack agent's file there: not known
    UNPARSABLE = "unparsable"


@dataclass(frozen=True, slots=True)
class Reboot:
    """What the agent does when it can't write; `properties` None: not known."""

    source: Source
    properties: AgentProperties | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StorageHeartbeatReading:
    """A host's heartbeat files. `at`: the clocks at the poll; `epoch`: wall clock minus monotonic, the exporter's."""

    mounts: tuple[WriteRow, ...]
    reboot: Reboot
    at: Moment
    epoch: float

    @property
    def seconds_to_reboot(self) -> float | None:
        """Seconds until the agent can reboot the host at the earliest; None where not armed, or all pools are gone."""
        properties = self.reboot.properties
        begun = [row.patience_from for row in self.mounts if row.patience_from is not None]
        if properties is None or not properties.reboot or not begun:
            return None
        return min(begun) + properties.patience - self.at.now


async def probe(host: Host, io: Io, settings: StorageHeartbeatSettings) -> StorageHeartbeatReading:
    """Read the host's heartbeat files, all at once. Raises ProbeFailed where it can't be asked; UnsupportedError."""
    address = _private_address(host)
    last = io.previous(StorageHeartbeatReading)
    before = {row.mountpoint: row for row in last.reading.mounts} if last else {}
    points = _to_ask([mount.mountpoint for mount in host.mounts], before, io.clock.monotonic())
    calls = {point: SectionCall(HEARTBEAT.name, (point, address), settings.read_limit) for point in points}
    properties = SectionCall(AGENT_PROPERTIES.name)
    answers = await io.shell.ask(properties, *calls.values())
    at, epoch = _clocks(answers, io)
    looks = {point: seen(answers[call]) for point, call in calls.items()}
    found = tuple(
        judge(point, looks.get(point), before.get(point), at, last.reading.at if last else None)
        for point in (mount.mountpoint for mount in host.mounts)
    )
    _refuse_where_no_pool(found, [answers[call] for call in calls.values()], address)
    return StorageHeartbeatReading(found, _reboot(answers[properties], settings), at, epoch)


def _private_address(host: Host) -> str:
    """The address that the agent puts into the file's name."""
    address = host.address_for(Traffic.MANAGEMENT)
    try:
        return str(ip_address(address))
    except ValueError:
        raise UnsupportedError(
            f"the heartbeat file is named after the host's private address, and {address!r} is a name: "
            "give it as addresses.management of this host"
        ) from None


def _to_ask(points: list[str], before: Mapping[str, WriteRow], now: float) -> list[str]:
    """The mounts to ask now: pools each time; what has no file seldom, unless nothing else is there."""

    def asked(point: str) -> float:
        row = before.get(point)
        return -math.inf if row is None or row.asked is None else row.asked

    def rank(point: str) -> tuple[bool, float]:
        return point not in pools, asked(point)

    pools = {point for point, row in before.items() if row.known}
    absent = {point for point, row in before.items() if row.state is FileState.ABSENT}
    due = [point for point in points if point not in absent or now - asked(point) >= LOOK_AGAIN]
    return sorted(due, key=rank)[:MOUNTS_PER_RUN]


def _clocks(answers: Answers, io: Io) -> tuple[Moment, float]:
    now = io.clock.monotonic()
    epoch = io.clock.time() - now
    return Moment(now, epoch + answers.clock.skew, answers.clock.uncertainty), epoch


def _refuse_where_no_pool(mounts: tuple[WriteRow, ...], answers: list[Answer], address: str) -> None:
    if answers and all(answer.state is AnswerState.UNSUPPORTED for answer in answers):
        raise UnsupportedError("the host has no head or no timeout command, or its collector is an older one")
    if all(row.state is FileState.ABSENT for row in mounts):
        raise UnsupportedError(
            f"no KVMHA/hb-{address} on any of its NFS mounts: none is a primary pool of CloudStack, or the agent "
            "writes under another address (addresses.management)"
        )


def _reboot(answer: Answer, settings: StorageHeartbeatSettings) -> Reboot:
    try:
        file = agent_properties.parse(answer.text())
    except UnparsableError as error:
        return Reboot(Source.UNPARSABLE, detail=str(error))
    except UnsupportedError as error:
        return Reboot(Source.UNREADABLE, detail=error.detail)
    if file.properties is not None:
        return Reboot(Source.FILE, file.properties)
    if settings.forced_reboot is not None:
        return Reboot(Source.SETTINGS, AgentProperties(reboot=settings.forced_reboot))
    return Reboot(Source.MISSING if file.missing else Source.UNREADABLE)


def _of_mounts(
    name: str, help_text: str, value: Callable[[StorageHeartbeatReading, WriteRow], float | None]
) -> Metric[StorageHeartbeatReading]:
    """A metric with a sample per mount that has a value."""

    def read(reading: StorageHeartbeatReading) -> Iterable[Sample]:
        values = ((row.mountpoint, value(reading, row)) for row in reading.mounts)
        return [Sample(float(number), (point,)) for point, number in values if number is not None]

    return rows(name, help_text, ("mountpoint",), read)


METRICS: tuple[Metric[StorageHeartbeatReading], ...] = (
    _of_mounts(
        "cs_storage_heartbeat_age_seconds",
        "Seconds from the last known write of the host's heartbeat file on that pool to the poll, to a second: by "
        "the host's clock, corrected by its measured skew. Goes on counting while the mount hangs.",
        lambda reading, row: None if row.ageing is None else reading.at.now - row.ageing,
    ),
    _of_mounts(
        "cs_storage_heartbeat_timestamp_seconds",
        "When the host's heartbeat file on that pool was last written, by the exporter's clock.",
        lambda reading, row: None if row.ageing is None else reading.epoch + row.ageing,
    ),
    _of_mounts(
        "cs_storage_heartbeat_ahead_seconds",
        "How far the stamp in the heartbeat file lies in the future of the host's own clock; only while it does.",
        lambda _reading, row: row.ahead,
    ),
    _of_mounts(
        "cs_storage_heartbeat_unread",
        "1 while the heartbeat file could not be read at the last poll of that mount, as where it hangs.",
        lambda _reading, row: 1 if row.state is FileState.UNREAD and row.asked is not None else None,
    ),
    _of_mounts(
        "cs_storage_heartbeat_gone",
        "1 while the host says that a heartbeat file that was there is not, twice in a row and until it is read again: "
        "the pool is no longer mounted. It then has no age, and no reboot is counted from it.",
        lambda _reading, row: 1 if row.state is FileState.GONE else None,
    ),
    gauge(
        "cs_host_seconds_to_reboot",
        "Seconds, as of the last poll, until the CloudStack agent can reboot the host, by its oldest storage heartbeat "
        "and agent.properties: update.frequency + update.max.tries x update.retry.sleep - age. Absent where not armed, "
        "and without pools that were unmounted.",
        lambda reading: reading.seconds_to_reboot,
    ),
    gauge(
        "cs_host_reboot_armed",
        "1 where the agent reboots its host when it can't write its storage heartbeat, else 0, by agent.properties or "
        "the settings; absent where neither tells.",
        lambda reading: None if reading.reboot.properties is None else reading.reboot.properties.reboot,
    ),
    rows(
        "cs_host_reboot_settings_info",
        "Whether the agent reboots its host is known from agent.properties or from the settings, or it is not known: "
        "unreadable, missing, unparsable.",
        ("source",),
        lambda reading: (Sample(1.0, (reading.reboot.source.value,)),),
    ),
)


def _wants_the_file(host: Host) -> bool:
    settings = host.settings.get("storage_heartbeat")
    return _applies(host) and not (
        isinstance(settings, StorageHeartbeatSettings) and settings.forced_reboot is not None
    )


def _applies(host: Host) -> bool:
    return Role.HYPERVISOR in host.roles and host.cloud_kind is not CloudKind.OPENSTACK and bool(host.mounts)


NEEDS = (
    Need(
        key="agent.properties",
        lost="whether and when the agent will reboot the host (cs_host_seconds_to_reboot)",
        mend=f"say forced_reboot in the settings of storage_heartbeat; or setfacl -m u:ACCOUNT:r {_FILE}, which shows "
        "the account the agent's keystore passphrase too (not the keystore)",
        check=f"! {{ {_DENIED}; }}",
        applies=_wants_the_file,
    ),
)

SPEC: ProbeSpec[StorageHeartbeatSettings, StorageHeartbeatReading] = ProbeSpec(
    name="storage_heartbeat",
    question="Does the host still write its storage heartbeat, and when would its agent reboot it?",
    settings=StorageHeartbeatSettings,
    reading=StorageHeartbeatReading,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    sections=(HEARTBEAT, AGENT_PROPERTIES),
    needs=NEEDS,
    applies=_applies,
)
