"""The families about cs_exporter itself: what is running, what it has done, and how it stands with the clouds it asks.

Declared as data, so that the metric reference is made from the same source as the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cs_exporter.board import Health
from cs_exporter.build import Build
from cs_exporter.discovery.clouds import Standing
from cs_exporter.exposition.families import Family, Head, Row

_PLATFORM = ("platform",)
DISCOVERY: tuple[tuple[Head, Callable[[Standing], float]], ...] = (
    (
        Head(
            "cs_discovery_hosts_missing",
            "Hosts that are still watched although the cloud's latest complete answers lack them.",
            "gauge",
            _PLATFORM,
        ),
        lambda standing: float(standing.missing),
    ),
    (
        Head(
            "cs_discovery_hosts_held",
            "Those of them that stay until they are back or the configuration is reloaded: too many went at once.",
            "gauge",
            _PLATFORM,
        ),
        lambda standing: float(standing.held),
    ),
    (
        Head(
            "cs_discovery_last_complete_timestamp_seconds",
            "When the cloud last gave a complete answer, by the exporter's clock; before the first, when it began to "
            "ask.",
            "gauge",
            _PLATFORM,
        ),
        lambda standing: standing.complete,
    ),
)


def discovery_families(standings: Sequence[Standing]) -> Iterator[Family]:
    """How discovery of each cloud stands."""
    for head, value in DISCOVERY:
        yield Family(head, [Row((standing.platform,), value(standing)) for standing in standings])


BUILD_INFO = Head("cs_build_info", "1, by what is running.", "gauge", ("version", "revision", "python_version"))
HEALTH: tuple[tuple[Head, Callable[[Health], float]], ...] = (
    (
        Head("cs_config_last_reload_successful", "1 if the configuration was taken in at the latest attempt."),
        lambda health: float(health.config_reload_successful),
    ),
    (
        Head("cs_config_last_reload_success_timestamp_seconds", "When the configuration in force was taken in."),
        lambda health: health.config_reload_timestamp,
    ),
    (
        Head("cs_first_sweep_done", "1 once every probe has run on every host; rules on absence wait for it."),
        lambda health: float(health.first_sweep_done),
    ),
    (
        Head("cs_scheduler_lag_seconds", "How late the latest slot of the timetable began."),
        lambda health: health.scheduler_lag,
    ),
    (
        Head("cs_ssh_connections", "SSH connections to hosts that are open."),
        lambda health: float(health.ssh_connections),
    ),
    (
        Head("cs_ssh_handshakes_total", "SSH connections begun.", "counter"),
        lambda health: float(health.counters.ssh_handshakes),
    ),
    (
        Head("cs_ssh_sessions_dropped_total", "Sessions given up because an answer did not end in time.", "counter"),
        lambda health: float(health.counters.sessions_dropped),
    ),
    (
        Head("cs_ssh_requests_total", "Requests sent to collectors on hosts.", "counter"),
        lambda health: float(health.counters.requests),
    ),
    (
        Head("cs_ssh_request_bytes_total", "Bytes of requests sent to collectors.", "counter"),
        lambda health: float(health.counters.request_bytes),
    ),
    (
        Head("cs_ssh_answer_bytes_total", "Bytes of answers received from collectors.", "counter"),
        lambda health: float(health.counters.answer_bytes),
    ),
    (
        Head("cs_rpc_calls_total", "ONC RPC calls sent to file servers.", "counter"),
        lambda health: float(health.counters.rpc_calls),
    ),
    (
        Head("cs_sql_logins_total", "Logins to database servers; one each while the kept connections hold.", "counter"),
        lambda health: float(health.counters.sql_logins),
    ),
    (
        Head("cs_sql_queries_total", "Statements sent to database servers.", "counter"),
        lambda health: float(health.counters.sql_queries),
    ),
    (
        Head("cs_cloud_api_calls_total", "Requests sent to APIs of clouds, one for each page.", "counter"),
        lambda health: float(health.counters.api_calls),
    ),
    (
        Head("cs_http_requests_total", "Requests of probes over HTTP, those to APIs of clouds left out.", "counter"),
        lambda health: float(health.counters.http_requests),
    ),
    (
        Head("cs_dials_total", "Connections begun from here to look at ports.", "counter"),
        lambda health: float(health.counters.dials),
    ),
    (
        Head("cs_tunnelled_dials_total", "Connections that hosts were asked to begin to look at ports.", "counter"),
        lambda health: float(health.counters.tunnels),
    ),
    (
        Head("cs_echoes_total", "Packets sent from here to measure paths.", "counter"),
        lambda health: float(health.counters.echoes),
    ),
)


def own_families(health: Health, build: Build) -> Iterator[Family]:
    """The exporter's own health."""
    yield Family(BUILD_INFO, [Row((build.version, build.revision, build.python_version), 1.0)])
    for head, value in HEALTH:
        yield Family(head, [Row((), value(health))])


OWN_HEADS: tuple[Head, ...] = (
    BUILD_INFO,
    *(head for head, _value in HEALTH),
    *(head for head, _value in DISCOVERY),
)
"""Their heads."""
