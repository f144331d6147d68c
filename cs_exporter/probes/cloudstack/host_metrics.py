"""The metrics of the probe cloudstack_states about hypervisors; every row has the hypervisor's own name as its host.

Four series for each: what is wrong is there only while it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from cs_exporter.probes.cloudstack.host_rows import WINDOW, HostRow
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading
from cs_exporter.spec import Metric, Sample, rows

Reading = CloudStackStatesReading
Value = Callable[[Reading, HostRow], float | None]


def _of_hosts(name: str, help_text: str, value: Value, kind: Literal["gauge", "counter"] = "gauge") -> Metric[Reading]:
    """A metric with a sample per hypervisor that has a value."""

    def read(reading: Reading) -> Iterable[Sample]:
        values = ((host, value(reading, row)) for host, row in reading.own_hosts)
        return [Sample(float(number), (), host) for host, number in values if number is not None]

    return rows(name, help_text, (), read, kind=kind)


def _states(reading: Reading) -> Iterable[Sample]:
    return [Sample(1.0, (row.state,), host) for host, row in reading.own_hosts]


def _schedulable(_: Reading, row: HostRow) -> float | None:
    return float(row.said.resource_state == "Enabled") if row.said.resource_state else None


def _changes(_: Reading, row: HostRow) -> float | None:
    """A server adds one with every change, whoever looks; without the database nobody counts."""
    return row.said.transitions


METRICS: tuple[Metric[Reading], ...] = (
    rows(
        "cs_host_state",
        "1 for the state that the cloud has the host in (by host.status in its database, or listHosts): Creating, "
        "Connecting, Up, Down, Disconnected, Alert, Rebalancing, Error, Removed, or other.",
        ("state",),
        _states,
    ),
    _of_hosts(
        "cs_host_schedulable",
        "1 if the cloud starts guests there, 0 if it is disabled or in maintenance (by host.resource_state, or "
        "listHosts). Mutes nothing: CloudStack disables sick hosts itself.",
        _schedulable,
    ),
    _of_hosts(
        "cs_host_state_since_timestamp_seconds",
        "When the host was first seen in its present state, by the exporter's clock; never before the exporter began.",
        lambda reading, row: reading.wall - (reading.now - row.since),
    ),
    _of_hosts(
        "cs_host_state_changes_total",
        "Changes of state since the host was added, and investigations that found it up (by host.update_count in the "
        "cloud's database).",
        _changes,
        "counter",
    ),
    _of_hosts(
        "cs_host_recent_state_changes",
        f"Changes of state within the last {WINDOW / 60:g} minutes, as far as the exporter watched; a reconnect is "
        "three or four. Absent if there was none (by host.update_count, or the states that were seen).",
        lambda _, row: float(row.changed) if row.changes else None,
    ),
    _of_hosts(
        "cs_host_pings_missing",
        "1 while the cloud investigates the host once in a ping interval and finds it up, which it does when pings do "
        "not come; else absent (by host.last_ping and host.update_count, which move together then).",
        lambda _, row: 1.0 if row.pings_missing else None,
    ),
    _of_hosts(
        "cs_host_unowned",
        "1 while the cloud has the host Up and no management server has its agent; else absent (by "
        "host.mgmt_server_id).",
        lambda reading, row: 1.0 if reading.unowned(row) else None,
    ),
)
