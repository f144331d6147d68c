"""The sheet of the probe `nfs_mounts`: whether a host's NFS mounts answer.

Two witnesses: statfs on each mount, which may hang and is guarded for that, and the kernel's own files, which never do.
One that fails is part of the reading, not a failed run. The third, RPC calls to the server, is the probe nfs_server.

statfs and not stat, whose answer comes from the client's cache while the server is long gone. A mount found on a host
but not listed is asked from the poll after on, since a run asks its host only once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from cs_exporter.durations import parse_duration
from cs_exporter.model import Host, Mount, Role, UnsupportedError
from cs_exporter.parsers import mountinfo, mountstats
from cs_exporter.ports import Io, SectionCall
from cs_exporter.probes.nfs.symptoms import SYMPTOMS
from cs_exporter.probes.nfs.verdicts import MountRow, Witnesses, judge, statfs, traffic
from cs_exporter.probes.nfs.watched import unlisted
from cs_exporter.spec import Metric, ProbeSettings, ProbeSpec, Sample, Seconds, Section, gauge, rows


class NfsMountsSettings(ProbeSettings):
    """Settings of the probe nfs_mounts."""

    slow_after: Seconds = Field(default=1.0, gt=0, description="a mount that takes longer to answer is slow")
    statfs_limit: Annotated[int, BeforeValidator(parse_duration)] = Field(
        default=4, ge=1, le=30, description="seconds after which a mount counts as hung; whole ones"
    )
    watch_unlisted: bool = Field(default=True, description="watch also NFS mounts that are found and not listed")
    mounts_per_run: int = Field(
        default=20, ge=1, le=200, description="mounts asked in one run, at most; where there are more, by turns"
    )

    def longest_wait(self) -> float:
        """A hung mount is a verdict."""
        return self.statfs_limit

    @model_validator(mode="after")
    def _slow_comes_before_hung(self) -> Self:
        if self.slow_after >= self.statfs_limit:
            raise ValueError(
                f"slow_after is {self.slow_after:g} s and statfs_limit {self.statfs_limit} s; "
                "make slow_after the shorter one"
            )
        return self


STATFS = Section(
    name="statfs",
    body='stat -f -c %T -- "$1"',
    blocks=True,
    tool="stat",
    mount_argument=True,
)

# Of a host that may have thousands of other mounts: the mount points given, as the kernel writes them, and NFS, each by
# the mount that covers the others there, with the automounters above. Bounded, but for what was asked for. Of the
# statistics without what nobody reads, such as operations that never happened.
NFS_PROC = Section(
    name="nfs_proc",
    body="""awk '
	BEGIN { for (i = 1; i < ARGC - 2; i++) { known[ARGV[i]]; ARGV[i] = "" } }
	FILENAME ~ /info$/ {
		for (i = 7; i < NF && $i != "-"; i++);
		type = $(i + 1)
		if (type == "autofs") above[$5] = $0
		if (type ~ /^nfs4?$/ || $5 in known || $5 in top) {
			if (!($5 in top)) points[++count] = $5
			top[$5] = $0
		}
		next
	}
	/^(no )?device / {
		shown = $8 ~ /^nfs4?$/ && size < 600000 && ($5 in known || ++others <= 100)
	}
	!shown || /^[ \t]+(caps|events|impl_id|nfsv4|sec):/ || /: 0 0 0 0 0 0 0 0( 0)?$/ || !NF { next }
	{ size += length($0); print }
	END {
		for (i = 1; i <= count; i++) {
			point = points[i]
			if (!(point in known) && ++more > 200) continue
			for (up = point; up != ""; sub("/[^/]*$", "", up))
				if (up in above) { print above[up]; delete above[up] }
			print top[point]
		}
	}' "$@" /proc/self/mountinfo /proc/self/mountstats""",
    tool="awk",
)


@dataclass(frozen=True, slots=True)
class NfsMountsReading:
    """The watched mounts of a host."""

    mounts: tuple[MountRow, ...] = ()
    unwatched: int = 0  # of these, those whose turn it was not
    epoch: float = 0.0  # the exporter's wall clock minus its monotonic clock, seconds


async def probe(host: Host, io: Io, settings: NfsMountsSettings) -> NfsMountsReading:
    """Ask a host about its mounts, all at once. Raises ProbeFailed where it can't be asked, and UnsupportedError."""
    last = io.previous(NfsMountsReading)
    before = last.reading if last else NfsMountsReading()
    known = [mount.mountpoint for mount in host.mounts]
    known += [row.mountpoint for row in before.mounts if not row.listed and settings.watch_unlisted]
    earlier = {row.mountpoint: row for row in before.mounts}
    asked = _whose_turn_it_is(known, earlier, settings.mounts_per_run)
    calls = {point: SectionCall(STATFS.name, (point,), settings.statfs_limit) for point in asked}
    proc = SectionCall(NFS_PROC.name, tuple(map(mountinfo.escape, known)))
    answers = await io.shell.ask(proc, *calls.values())
    now = io.clock.monotonic()
    mounted, counted = _split(answers[proc].text())
    shown = mountinfo.visible(mounted)
    stats = {mount.mountpoint: mount for mount in counted}

    def row(mount: Mount, *, listed: bool) -> MountRow:
        point = mount.mountpoint
        past = earlier.get(point)
        seen = Witnesses(
            info=shown.get(point),
            statfs=statfs(answers[calls[point]] if point in calls else None),
            traffic=traffic(stats[point], past.traffic if past else None) if point in stats else None,
        )
        return judge(mount, seen, past, now, slow_after=settings.slow_after, listed=listed)

    found = [row(mount, listed=True) for mount in host.mounts]
    if settings.watch_unlisted:
        found += [row(mount, listed=False) for mount in unlisted(mounted, host.mounts)]
    if not found:
        raise UnsupportedError("no NFS mount is expected here, and none was found")
    return NfsMountsReading(tuple(found), sum(row.asked != now for row in found), io.clock.time() - now)


def _whose_turn_it_is(known: list[str], earlier: Mapping[str, MountRow], most: int) -> list[str]:
    """The mount points to ask, at most so many: those never asked, then those asked longest ago.

    The collector looks through all its processes for each mount, so what many mounts cost is their number squared.
    """

    def last_asked(point: str) -> float:
        row = earlier.get(point)
        return -math.inf if row is None or row.asked is None else row.asked

    turn = {*sorted(known, key=last_asked)[:most]}
    return [point for point in known if point in turn]


def _split(text: str) -> tuple[tuple[mountinfo.MountInfo, ...], tuple[mountstats.MountStats, ...]]:
    """Both files as they came, one after the other; only the lines of mountinfo begin with a digit."""
    lines = text.split("\n")
    mounts = [line for line in lines if line[:1].isdecimal()]
    others = [line for line in lines if not line[:1].isdecimal()]
    return mountinfo.parse("\n".join(mounts)), mountstats.parse("\n".join(others))


_MOUNT_LABELS = ("mountpoint", "server", "export")


def _of_mounts(
    name: str,
    help_text: str,
    value: Callable[[MountRow], float | None],
    *,
    kind: Literal["gauge", "counter"] = "gauge",
    labels: tuple[str, ...] = (),
    more: Callable[[MountRow], tuple[str, ...]] = lambda _row: (),
) -> Metric[NfsMountsReading]:
    """A metric with a sample per mount that has a value."""

    def read(reading: NfsMountsReading) -> Iterable[Sample]:
        values = ((row, value(row)) for row in reading.mounts)
        return [
            Sample(float(number), (row.mountpoint, row.server, row.export, *more(row)))
            for row, number in values
            if number is not None
        ]

    return rows(name, help_text, (*_MOUNT_LABELS, *labels), read, kind=kind)


METRICS: tuple[Metric[NfsMountsReading], ...] = (
    _of_mounts(
        "cs_nfs_mount_up",
        "Whether the mount answers, by statfs on the host; 0 also where it is missing.",
        lambda row: None if row.state is None else row.up,
    ),
    _of_mounts(
        "cs_nfs_mount_state",
        "The mount's state as 1: ok, slow, hung, stale, missing or readonly, by statfs, mountinfo and mountstats.",
        lambda row: None if row.state is None else 1,
        labels=("state",),
        more=lambda row: (row.state or "",),
    ),
    _of_mounts(
        "cs_nfs_mount_unjudged",
        "1 while no state can be given though statfs was asked, as where the account may not enter a directory above.",
        lambda row: 1 if row.unjudged else None,
    ),
    gauge(
        "cs_nfs_mounts_unwatched",
        "Mounts that were not asked this time by statfs: new ones, and those whose turn it was not.",
        lambda reading: reading.unwatched,
    ),
    _of_mounts(
        "cs_nfs_mount_hung_seconds",
        "For how long statfs on the mount had not come back at the last poll, as far as is known; 0 where it does.",
        lambda row: row.hung_seconds,
    ),
    rows(
        "cs_nfs_mount_hung_since_timestamp_seconds",
        "Since when statfs on the mount has not come back, by the exporter's clock; only while it does not.",
        _MOUNT_LABELS,
        lambda reading: [
            Sample(reading.epoch + row.hung_since, (row.mountpoint, row.server, row.export))
            for row in reading.mounts
            if row.hung_since is not None
        ],
    ),
    _of_mounts(
        "cs_nfs_mount_latency_seconds",
        "How long statfs took with the start of its command, by the clock of the host.",
        lambda row: row.latency,
    ),
    _of_mounts(
        "cs_nfs_mount_rtt_seconds",
        "Mean round trip of all requests completed since the reading before, from /proc/self/mountstats.",
        lambda row: row.traffic.mean_rtt if row.traffic else None,
    ),
    _of_mounts(
        "cs_nfs_mount_requests_outstanding",
        "Requests that wait while not one answer came since the reading before, from /proc/self/mountstats.",
        lambda row: row.traffic.outstanding if row.traffic else None,
    ),
    _of_mounts(
        "cs_nfs_mount_connects_total",
        "Connections made to the server, from /proc/self/mountstats.",
        lambda row: row.traffic.connects if row.traffic else None,
        kind="counter",
    ),
    _of_mounts(
        "cs_nfs_mount_timeouts_total",
        "Requests whose retransmissions were all in vain, from /proc/self/mountstats.",
        lambda row: row.traffic.timeouts if row.traffic else None,
        kind="counter",
    ),
    _of_mounts(
        "cs_nfs_mount_errors_total",
        "READ, WRITE and COMMIT requests that ended in an error, from /proc/self/mountstats.",
        lambda row: row.traffic.errors if row.traffic else None,
        kind="counter",
    ),
    _of_mounts(
        "cs_nfs_mount_error_ratio",
        "Share of READ, WRITE and COMMIT requests since the reading before that failed, from /proc/self/mountstats.",
        lambda row: row.traffic.error_ratio if row.traffic else None,
    ),
    _of_mounts(
        "cs_nfs_mount_info",
        "How the mount is made and from which address, from /proc/self/mountinfo.",
        lambda row: 1 if row.version else None,
        labels=("version", "mode", "address"),
        more=lambda row: (row.version, "hard" if row.hard else "soft", row.address),
    ),
    _of_mounts(
        "cs_nfs_mount_heartbeat_remount",
        "1 while the mount has the options that kvmheartbeat.sh gives it, from /proc/self/mountinfo.",
        lambda row: 1 if row.heartbeat_remount else None,
    ),
    _of_mounts(
        "cs_nfs_mount_version_mismatch",
        "1 while the mount has another version than its settings say, from /proc/self/mountinfo.",
        lambda row: 1 if row.version_mismatch else None,
    ),
)

SPEC: ProbeSpec[NfsMountsSettings, NfsMountsReading] = ProbeSpec(
    name="nfs_mounts",
    question="Do the host's NFS mounts answer?",
    settings=NfsMountsSettings,
    reading=NfsMountsReading,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    sections=(STATFS, NFS_PROC),
    # What is nothing but storage may be an appliance that lets nobody in.
    applies=lambda host: host.roles != {Role.STORAGE} or bool(host.mounts),
)
