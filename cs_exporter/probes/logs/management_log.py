"""The sheet of the probe `management_log`: a management server's log, followed for pings of agents and for trouble.

The only place where CloudStack shows an agent's heartbeat: a line for each ping that the server took in. It also says
there what it makes of agents that are late, long before a host's state changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pydantic import Field

from cs_exporter.model import Host, Role
from cs_exporter.parsers.management_log import Pool
from cs_exporter.ports import Io
from cs_exporter.probes.logs import following, stems
from cs_exporter.probes.logs.asking import LogPath, LogSettings, follow
from cs_exporter.probes.logs.reading import ManagementLogReading, of_management
from cs_exporter.probes.logs.rows import log_metrics
from cs_exporter.probes.logs.server_symptoms import SYMPTOMS
from cs_exporter.spec import Metric, Need, ProbeSpec, Sample, Seconds, gauge, rows

NAME = "management_log"
PATH = "/var/log/cloudstack/management/management-server.log"

POOL_SHOWN = 300.0
"""Seconds for which a pool's figures are shown: it has written none since, so they may be others by now."""


class ManagementLogSettings(LogSettings):
    """Settings of the probe management_log."""

    interval: Seconds = Field(default=15.0, gt=0, description="rounded up to a multiple of global.interval")
    path: LogPath = PATH


async def probe(_host: Host, io: Io, settings: ManagementLogSettings) -> ManagementLogReading:
    """Read what is new in the log. Raises ProbeFailed; UnsupportedError where there never was one."""
    last = io.previous(ManagementLogReading)
    before = last.reading if last and last.reading.path == settings.path else None
    found = await follow(io, following.SERVER, settings, before, _known(before))
    return of_management(before, found.look, found.at, settings.path, found.now)


def _known(before: ManagementLogReading | None) -> str:
    """Agents whose names the host need not say again."""
    heard = before.heard.values() if before else ()
    named = [one.number for one in heard if one.uuid or one.name]
    return "all" if named and len(named) == len(heard) else following.ranges(named)


def _of_pools(name: str, what: str, value: Callable[[Pool], int]) -> Metric[ManagementLogReading]:
    def read(reading: ManagementLogReading) -> Iterable[Sample]:
        recent = (pool for pool, at in reading.pools.values() if reading.at - at < POOL_SHOWN)
        return [Sample(float(value(pool)), (pool.name,)) for pool in recent]

    help_text = (
        f"{what}, in one of the management server's own pools: by HikariCP's newest line in the log, which it writes "
        "when there is none left, and for five minutes after it."
    )
    return rows(name, help_text, ("pool",), read)


def _count(name: str, help_text: str, value: Callable[[ManagementLogReading], int]) -> Metric[ManagementLogReading]:
    return rows(name, help_text, (), lambda reading: (Sample(float(value(reading))),), kind="counter")


METRICS: tuple[Metric[ManagementLogReading], ...] = (
    *log_metrics("cs_management_log", "management server's log", tuple(stems.SERVER)),
    _count(
        "cs_management_log_pings_total",
        "Lines about pings of agents in the management server's log, since the exporter began.",
        lambda reading: reading.ping_lines,
    ),
    _count(
        "cs_management_log_unreadable_pings_total",
        "Lines about pings in none of the forms that are known: agents in them are not heard.",
        lambda reading: reading.strange_pings,
    ),
    gauge(
        "cs_management_log_last_ping_timestamp_seconds",
        "When the newest ping of any agent was first seen in the log, by the exporter's clock.",
        lambda reading: None if reading.last_ping_line is None else reading.epoch + reading.last_ping_line,
    ),
    _of_pools("cs_management_pool_connections", "Connections to the database", lambda pool: pool.total),
    _of_pools("cs_management_pool_active_connections", "Connections that are in use", lambda pool: pool.active),
    _of_pools("cs_management_pool_idle_connections", "Connections that are idle", lambda pool: pool.idle),
    _of_pools("cs_management_pool_waiting_threads", "Threads that wait for a connection", lambda pool: pool.waiting),
)


def applies(host: Host) -> bool:
    """Whether a management server runs there."""
    return Role.MANAGEMENT in host.roles


def _at_its_place(host: Host) -> bool:
    settings = host.settings.get(NAME)
    return applies(host) and (not isinstance(settings, ManagementLogSettings) or settings.path == PATH)


NEEDS = (
    Need(
        key="management log",
        lost="pings of agents as the server took them in, and what it says of them (cs_management_log_events_total)",
        mend=f"let the account read {PATH}, as with usermod -aG cloud ACCOUNT where the log belongs to that group",
        check=f"[ -r {PATH} ]",
        applies=_at_its_place,
    ),
)

SPEC: ProbeSpec[ManagementLogSettings, ManagementLogReading] = ProbeSpec(
    name=NAME,
    question="Which agents has the management server heard, and what trouble does it write of?",
    settings=ManagementLogSettings,
    reading=ManagementLogReading,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    sections=(following.SECTION,),
    needs=NEEDS,
    applies=applies,
)
