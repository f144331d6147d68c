"""The families that exist whatever the sheets say: every probe's outcome, every host, and the exporter itself.

Declared as data, so that the metric reference is made from the same source as the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from cs_exporter.board import FLEET, Entry, Snapshot
from cs_exporter.exposition.families import Family, Head, Row, Tally
from cs_exporter.exposition.health import OWN_HEADS
from cs_exporter.exposition.judgements import HOST_SUSPECT, SYMPTOM_LIMIT
from cs_exporter.model import Connection, Host
from cs_exporter.probes.clouds import cloud_hosts
from cs_exporter.probes.clouds.cloud_hosts import CloudHostsReading

_PROBE = ("host", "probe")
_REASON = ("host", "probe", "reason")

PROBE_SUPPORTED = Head(
    "cs_probe_supported", "0 where the question does not apply to the host or its tool is missing.", "gauge", _PROBE
)
PROBE_SUCCESS = Head(
    "cs_probe_success",
    "1 if the latest run found an answer, good or bad; 0 if it could not find out. Absent where unsupported.",
    "gauge",
    _PROBE,
)
PROBE_DURATION = Head("cs_probe_duration_seconds", "How long the latest run took.", "gauge", _PROBE)
PROBE_LAST_SUCCESS = Head(
    "cs_probe_last_success_timestamp_seconds",
    "When the latest successful run ended, by the exporter's clock. Its values end three intervals later.",
    "gauge",
    _PROBE,
)
PROBE_FAILING = Head("cs_probe_failing", "1 while the latest run failed, by reason; else absent.", "gauge", _REASON)
PROBE_RUNS = Head("cs_probe_runs_total", "Runs since the exporter started.", "counter", _PROBE)
PROBE_FAILURES = Head(
    "cs_probe_failures_total", "Failed runs since the exporter started, by reason.", "counter", _REASON
)

_Rows = Callable[[Entry, tuple[str, str]], Iterable[Row]]


def _supported(entry: Entry, key: tuple[str, str]) -> Iterable[Row]:
    yield Row(key, float(entry.supported))


def _success(entry: Entry, key: tuple[str, str]) -> Iterable[Row]:
    if entry.supported:
        yield Row(key, float(entry.failure is None))


def _duration(entry: Entry, key: tuple[str, str]) -> Iterable[Row]:
    yield Row(key, entry.latest.duration)


def _last_success(entry: Entry, key: tuple[str, str]) -> Iterable[Row]:
    if entry.supported and entry.last_success is not None:
        yield Row(key, entry.last_success)


def _failing(entry: Entry, key: tuple[str, str]) -> Iterable[Row]:
    if entry.failure:
        yield Row((*key, entry.failure.reason.value), 1.0)


def _runs(entry: Entry, key: tuple[str, str]) -> Iterable[Row]:
    yield Row(key, float(entry.runs))


def _failures(entry: Entry, key: tuple[str, str]) -> Iterable[Row]:
    return [Row((*key, reason.value), float(count)) for reason, count in entry.failures.items()]


_OF_ONE_RUN: tuple[tuple[Head, _Rows], ...] = (
    (PROBE_SUPPORTED, _supported),
    (PROBE_SUCCESS, _success),
    (PROBE_DURATION, _duration),
    (PROBE_LAST_SUCCESS, _last_success),
    (PROBE_FAILING, _failing),
)
_SINCE_START: tuple[tuple[Head, _Rows], ...] = ((PROBE_RUNS, _runs), (PROBE_FAILURES, _failures))


def outcome_families(entries: Sequence[Entry]) -> Iterator[Family]:
    """What became of the latest run of every probe on every host."""
    return _families(_OF_ONE_RUN, entries)


def count_families(entries: Sequence[Entry]) -> Iterator[Family]:
    """How many runs there were, and how many failed."""
    return _families(_SINCE_START, entries)


def _families(table: Iterable[tuple[Head, _Rows]], entries: Sequence[Entry]) -> Iterator[Family]:
    keyed = [(entry, (entry.latest.host, entry.latest.probe)) for entry in entries]
    for head, rows in table:
        yield Family(head, [row for entry, key in keyed for row in rows(entry, key)])


HOST_INFO = Head(
    "cs_host_info",
    "1 for every host: where it stands and what it is for, from the inventory.",
    "gauge",
    ("host", "address", "platform", "roles", "cloud_zone", "cloud_pod", "cloud_cluster", "hypervisor"),
)
HOST_MAINTENANCE = Head(
    "cs_host_maintenance",
    "1 while planned work is declared on the host, or it is forced down in OpenStack: it mutes alerts.",
    "gauge",
    ("host",),
)
HOSTS_EXPECTED = Head(
    "cs_hosts_expected",
    "Hosts of the inventory that are to be asked: all but clouds themselves, and machines that nobody can ask.",
    "gauge",
    ("platform",),
)
HOSTS_POLLED = Head("cs_hosts_polled", "Those of them that have been asked at least once.", "gauge", ("platform",))
COLLECTOR_MISMATCH = Head(
    "cs_collector_mismatch",
    "1 for a host whose installed collector is not this version's; print the right one with the command `collector`.",
    "gauge",
    ("host",),
)


def roles_of(host: Host) -> str:
    """A host's roles as one label value, in alphabetical order."""
    return ",".join(sorted(role.value for role in host.roles))


def _info(host: Host) -> Row:
    place = host.place
    where = (place.cloud_zone, place.cloud_pod, place.cloud_cluster, place.hypervisor)
    return Row((host.name, host.address, host.platform, roles_of(host), *where), 1.0)


def host_families(snapshot: Snapshot) -> Iterator[Family]:
    """What is known of the hosts without asking them."""
    hosts = list(snapshot.hosts())
    asked = {entry.latest.host for entry in snapshot.entries} - {FLEET}
    expected = Counter({host.platform: 0 for host in hosts if host.cloud is not None})
    expected.update(host.platform for host in hosts if _is_expected(host, asked))
    polled = Counter(host.platform for host in hosts if host.cloud is None and host.name in asked)
    yield Family(HOST_INFO, [_info(host) for host in hosts])
    planned = _planned(snapshot)
    yield Family(
        HOST_MAINTENANCE, [Row((host.name,), float(host.maintenance or host.name in planned)) for host in hosts]
    )
    yield Family(HOSTS_EXPECTED, [Row((platform,), float(count)) for platform, count in expected.items()])
    yield Family(HOSTS_POLLED, [Row((platform,), float(polled[platform])) for platform in expected])
    mismatches = sorted(snapshot.health.collector_mismatches)
    yield Family(COLLECTOR_MISMATCH, [Row((host,), 1.0) for host in mismatches])


def _planned(snapshot: Snapshot) -> AbstractSet[str]:
    """Hosts of which a cloud has just said so; the inventory knows by the next census."""
    told = [entry for entry in snapshot.entries if entry.latest.probe == cloud_hosts.SPEC.name]
    readings = (entry.fresh_reading(snapshot.monotonic) for entry in told)
    return {host for one in readings if isinstance(one, CloudHostsReading) for host in one.planned}


def _is_expected(host: Host, asked: AbstractSet[str]) -> bool:
    """Where nobody logs in there may be nothing to ask: of such a host only what comes is counted."""
    return host.cloud is None and (host.connection is not Connection.NONE or host.name in asked)


SERIES_DROPPED = Head(
    "cs_host_series_dropped", "Series of the host that this page leaves out: it has too many.", "gauge", ("host",)
)
DUPLICATE_SERIES = Head(
    "cs_duplicate_series", "Series this page leaves out because another row has their labels.", "gauge", ("probe",)
)
UNREADABLE_METRICS = Head(
    "cs_unreadable_metrics",
    "Metrics this page leaves out because of a mistake in the probe's sheet; the log has it.",
    "gauge",
    ("probe",),
)


def omission_families(tally: Tally) -> Iterator[Family]:
    """What the page leaves out, while it does."""
    for head, counts in (
        (SERIES_DROPPED, tally.dropped),
        (DUPLICATE_SERIES, tally.duplicates),
        (UNREADABLE_METRICS, tally.faults),
    ):
        yield Family(head, [Row((name,), float(count)) for name, count in sorted(counts.items())])


HEADS: tuple[Head, ...] = (
    *(head for head, _rows in (*_OF_ONE_RUN, *_SINCE_START)),
    *(HOST_INFO, HOST_MAINTENANCE, HOSTS_EXPECTED, HOSTS_POLLED, COLLECTOR_MISMATCH),
    *OWN_HEADS,
    *(SERIES_DROPPED, DUPLICATE_SERIES, UNREADABLE_METRICS, SYMPTOM_LIMIT, HOST_SUSPECT),
)
"""Every family that is there whatever the sheets say; no sheet may declare one of these names."""
