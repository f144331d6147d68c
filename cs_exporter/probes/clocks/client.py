"""What a host's own NTP client says of its clock: the collector's section, and what its answer means.

Apart from the sheet, because each client is asked in its own tongue, and each one's "synchronised" needs care.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import adjtimex, chrony, ntpq, timesync
from cs_exporter.parsers.numbers import whole
from cs_exporter.spec import Section

SECTION = Section(
    name="ntp",
    blocks=True,  # chronyc waits 14 s for a chronyd that is stopped, timedatectl and ntpq for as long
    body=r"""
part() { printf '%s\n' "-- $1"; }
silent() { # TOOL DAEMON: installed, and gave no answer; where processes are hidden from us, who knows
	command -v "$1" >/dev/null || return 0
	pgrep -x "$2" >/dev/null
	case $?-$([ -d /proc/1 ] && echo 1) in
	0-*) echo "$2 running" ;;
	1-1) echo "$2 stopped" ;;
	*) echo "$2 unknown" ;;
	esac
}
run=/run/systemd/timesync
{
	if tracking=$(chronyc -n -c tracking) && sources=$(chronyc -n -c sources); then
		echo chrony
		part tracking
		printf '%s\n' "$tracking"
		part sources
		printf '%s\n' "$sources" | sort -t, -k2,2 | head -n 20
	elif [ -d "$run" ] && status=$(timedatectl timesync-status); then
		echo timesyncd
		part status
		printf '%s\n' "$status"
		part stamp
		stat -c %Y "$run/synchronized"
	elif status=$(ntpq -n -c rv -c peers) && [ "${status#associd=}" != "$status" ]; then
		echo ntpd
		part status
		printf '%s\n' "$status" | head -n 32
	else
		if status=$(adjtimex --print || adjtimex); then
			echo kernel
			part status
			printf '%s\n' "$status" | head -n 20
		else
			echo none
		fi
		part clients
		silent chronyc chronyd
		silent ntpq ntpd
		silent ntpctl ntpd
		silent phc2sys phc2sys
	fi
} 2>/dev/null
true
""",
)
"""Asks the client that answers; never starts one (timedatectl would, where timesyncd is enabled but not running).

Only the first 20 sources are shown, chosen ones first: the answer has to fit into one write.
"""

LOST_AFTER_POLLS = 2
"""timesyncd keeps no record of lost polls, but repeats a lost one soon: after two intervals its server is lost."""

STEERED_MAX_ERROR = 1.5
"""Seconds of the kernel's `maxerror` up to which someone steers the clock: it grows by 0.5 ms a second, and a client
that polls as rarely as any does (2048 s) lets it reach 1.02 s."""

_FALSE_READING = 2**32 / 1e9
_FALSE_READING_WIDTH = 1e-6
_PART = re.compile(r"^-- ([a-z]+)$\n?", re.MULTILINE)


class TimeSource(StrEnum):
    """Who told of the host's clock."""

    CHRONY = "chrony"
    TIMESYNCD = "timesyncd"
    NTPD = "ntpd"
    KERNEL = "kernel"  # no client answered; adjtimex did
    NONE = "none"  # nobody did
    MUTE = "mute"  # a client runs, and did not answer in time


@dataclass(frozen=True, slots=True)
class ClientView:
    """The clock as the host sees it. None: not known. Seconds."""

    source: TimeSource
    offset: float | None = None  # host minus true time: positive where the host is ahead
    error_bound: float | None = None
    synchronised: bool | None = None
    stratum: int | None = None  # of the host
    last_sync: float | None = None  # since the epoch, by the HOST's clock
    sources_reachable: int | None = None
    sources_total: int | None = None


def interpret(text: str, host_time: float) -> ClientView:
    """What the section's answer means; `host_time` is the host's clock at the time. Raises UnparsableError."""
    source, *rest = _PART.split(text)
    parts = dict(zip(rest[::2], rest[1::2], strict=True))
    match source.strip():
        case TimeSource.CHRONY:
            view = _chrony(chrony.tracking(_need(parts, "tracking")), chrony.sources(_need(parts, "sources")))
        case TimeSource.TIMESYNCD:
            view = _timesyncd(timesync.status(_need(parts, "status")), _need(parts, "stamp").strip(), host_time)
        case TimeSource.NTPD:
            view = _ntpd(ntpq.status(_need(parts, "status")))
        case TimeSource.KERNEL:
            view = _kernel(adjtimex.clock(_need(parts, "status")), _need(parts, "clients"))
        case TimeSource.NONE:
            view = ClientView(TimeSource.NONE, synchronised=_unheard(_need(parts, "clients"), steered=None))
        case _:
            raise UnparsableError(f"section ntp names no known source: {text[:120]!r}")
    return view


def is_false_reading(offset: float) -> bool:
    """Whether an offset is the overflow of 2^32 ns that some virtual machines' clients show now and then."""
    return abs(abs(offset) - _FALSE_READING) <= _FALSE_READING_WIDTH


def _need(parts: dict[str, str], name: str) -> str:
    if name not in parts:
        raise UnparsableError(f"section ntp has no part {name!r}")
    return parts[name]


def _chrony(tracking: chrony.Tracking, sources: tuple[chrony.Source, ...]) -> ClientView:
    """Synchronised: chronyd has the time, and still has a source it follows that answered one of the last 8 polls.

    Without any source configured, its own clock is the root of an isolated network on purpose, and counts.
    """
    followed = any(source.chosen and source.reachable for source in sources)
    root = not sources and tracking.follows_itself
    known = tracking.synchronised
    return ClientView(
        TimeSource.CHRONY,
        offset=tracking.offset if known else None,
        error_bound=tracking.error_bound if known else None,
        synchronised=known and (followed or root),
        stratum=tracking.stratum if known else None,
        # chronyd's reference time is true time.
        last_sync=tracking.reference_time + tracking.offset if known and tracking.reference_time else None,
        sources_reachable=sum(source.reachable for source in sources),
        sources_total=len(sources),
    )


def _timesyncd(status: timesync.TimesyncStatus, stamp: str, host_time: float) -> ClientView:
    """Synchronised: its server knew the time, and answered in the last two poll intervals (by the stamp file's mtime).

    An offset that timesyncd has stepped away is no longer true, though it is shown until the next answer: not known.
    """
    last_sync = float(whole(stamp, "timesyncd's stamp")) if stamp else None
    fresh = last_sync is not None and host_time - last_sync <= LOST_AFTER_POLLS * status.poll_interval
    answer = status.answer
    if answer is None:
        return ClientView(TimeSource.TIMESYNCD, synchronised=False, last_sync=last_sync)
    stepped = abs(answer.offset) > timesync.STEP
    return ClientView(
        TimeSource.TIMESYNCD,
        offset=None if stepped else answer.offset,
        error_bound=None if stepped else answer.error_bound,
        synchronised=answer.trustworthy and fresh,
        stratum=answer.stratum + 1,
        last_sync=last_sync,
        sources_reachable=int(fresh),
        sources_total=1,
    )


def _ntpd(status: ntpq.NtpdStatus) -> ClientView:
    """Synchronised: ntpd has the time, and still has a server it follows that answered one of the last 8 polls."""
    followed = any(peer.chosen and peer.reachable for peer in status.peers)
    known = status.synchronised
    return ClientView(
        TimeSource.NTPD,
        offset=status.offset if known else None,
        error_bound=status.error_bound if known else None,
        synchronised=known and followed,
        stratum=status.stratum if known else None,
        last_sync=status.reference_time,
        sources_reachable=sum(peer.reachable for peer in status.peers),
        sources_total=len(status.peers),
    )


def _kernel(clock: adjtimex.KernelClock, clients: str) -> ClientView:
    """Synchronised: the kernel says so, someone has corrected it in the last hour, and his program still runs.

    The kernel's `maxerror` is no error bound, as it grows whatever the clock does.
    """
    steered = clock.synchronised and clock.max_error <= STEERED_MAX_ERROR
    return ClientView(
        TimeSource.KERNEL, offset=clock.offset if steered else None, synchronised=_unheard(clients, steered=steered)
    )


def _unheard(clients: str, *, steered: bool | None) -> bool | None:
    """Whether the clock is synchronised where no client answered; `steered` is what the kernel says.

    A client that runs may tell neither us (chronyd with `cmdport 0`) nor the kernel (without `rtcsync`): not known.
    One that is installed and stopped leaves the clock to itself, long before the kernel says so.
    """
    if "running" in clients or "unknown" in clients:
        return steered or None
    return False if "stopped" in clients else steered
