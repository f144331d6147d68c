"""The metrics of the probe cloudstack_states about management servers, and about the cloud's word as such.

A server's rows have the server's own name as their host; the rest is the pseudo-host's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cs_exporter.probes.cloudstack.host_rows import LOST
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading
from cs_exporter.probes.cloudstack.server_rows import COMPARED, FEW, LATELY, ServerRow
from cs_exporter.spec import Metric, Sample, gauge, rows

Reading = CloudStackStatesReading


def _of_servers(name: str, help_text: str, value: Callable[[ServerRow], float | None]) -> Metric[Reading]:
    """A metric with a sample per management server that has a value."""

    def read(reading: Reading) -> Iterable[Sample]:
        values = ((host, value(row)) for host, row in reading.own_servers)
        return [Sample(float(number), (), host) for host, number in values if number is not None]

    return rows(name, help_text, (), read)


def _states(reading: Reading) -> Iterable[Sample]:
    return [Sample(1.0, (row.state,), host) for host, row in reading.own_servers]


def _down(reading: Reading) -> Iterable[Sample]:
    known = ((host, row.down_lately(reading.now)) for host, row in reading.own_servers)
    return [Sample(1.0, ("recent" if lately else "lasting",), host) for host, lately in known if lately is not None]


def _source(reading: Reading) -> Iterable[Sample]:
    return (Sample(1.0, (reading.states.source.value,)),)


METRICS: tuple[Metric[Reading], ...] = (
    rows(
        "cs_management_server_state",
        "1 for the state that the cloud has the management server in (by mshost.state, or listManagementServers): Up, "
        "Down, the states of a planned shutdown or maintenance, or other. One Down for a week is left out.",
        ("state",),
        _states,
    ),
    rows(
        "cs_management_server_down",
        f"1 while the cloud has the management server as Down: recent within {LATELY / 60:g} minutes of its last "
        "heartbeat (by mshost.last_update; by the API, as far as the exporter watched), else lasting; or absent.",
        ("outage",),
        _down,
    ),
    _of_servers(
        "cs_management_heartbeat_age_seconds",
        "Seconds since a server that is Up last wrote its heartbeat, by the database's clock (from mshost.last_update, "
        "written every 1.5 s by the server's own clock): less than nothing where that is ahead.",
        lambda row: row.beat_age,
    ),
    _of_servers(
        "cs_management_clock_ahead_seconds",
        "Seconds by which the server's clock is at least ahead of the database's, by the lowest "
        f"cs_management_heartbeat_age_seconds of the last {COMPARED} readings; 0 where it is behind.",
        lambda row: row.ahead,
    ),
    _of_servers(
        "cs_management_peers_down",
        "Other management servers that call this one Down while it is Up (by mshost_peer).",
        lambda row: row.peers_down,
    ),
    _of_servers(
        "cs_management_agents",
        "Agents that the server has, by the cloud's word (from host.mgmt_server_id, or listManagementServersMetrics).",
        lambda row: row.agents,
    ),
    _of_servers(
        "cs_management_agents_lost_ratio",
        f"Share of its agents that the server lost within the last {LOST / 60:g} minutes and that no other server has; "
        f"0 while they are fewer than {FEW}. Hosts in maintenance do not count (by host.mgmt_server_id).",
        lambda row: row.lost_ratio,
    ),
    gauge(
        "cs_ha_work_unfinished",
        "Guests that the cloud investigates, restarts or moves because of a host (by op_ha_work: neither Done, "
        "Cancelled nor Error).",
        lambda reading: reading.states.investigations,
    ),
    rows(
        "cs_cloud_source_info",
        "1 for whose word the cloud's states are: of its database, or its API.",
        ("source",),
        _source,
    ),
    gauge(
        "cs_cloud_database_unasked",
        "1 while the API tells the cloud's states because the database can't be asked, 0 while it is; absent where "
        "none is configured for that, as seen by the exporter.",
        lambda reading: float(bool(reading.unasked)) if reading.database else None,
    ),
)
