"""The metrics of the probe cloudstack_states about hypervisors; every row has the hypervisor's own name as its host.

What any cloud says of a host is in cloud_hosts; here is what CloudStack alone does, what is wrong only while it is.
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


def _changes(_: Reading, row: HostRow) -> float | None:
    """A server adds one with every change, whoever looks; without the database nobody counts."""
    return row.said.transitions


METRICS: tuple[Metric[Reading], ...] = (
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
