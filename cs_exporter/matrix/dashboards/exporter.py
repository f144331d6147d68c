"""cs_exporter itself: does it see the hosts, is it in time, what does it cost, and do the rules fit it.

What could not be found out is here as well: a host that nobody sees has no symptoms anywhere else.
"""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.matrix.dashboards import lists
from cs_exporter.matrix.dashboards.drawn import Stock
from cs_exporter.matrix.dashboards.figures import figure, stacked
from cs_exporter.matrix.dashboards.parts import GREEN, RED, Column, Dashboard, Panel, Query, Section, Word
from cs_exporter.matrix.dashboards.queries import by, found
from cs_exporter.matrix.dashboards.shown import ABOUT_OURSELVES, FRAME

PROBES = (FRAME, "cloud_discovery")
"""Whose metrics this dashboard has to show in full."""

PER_PROBE = ("probe",)


def dashboard(stock: Stock) -> Dashboard:
    """The dashboard."""
    return Dashboard(
        "exporter",
        "cs_exporter: exporter",
        "Whether cs_exporter sees the hosts, is in time, and what it costs.",
        (
            Section("Now", (*_figures(stock), _own_alerts(stock))),
            Section("What could not be found out", _blind(stock)),
            Section("Clouds", _clouds(stock)),
            Section("Pace", _pace(stock)),
            Section("Cost", _cost(stock), folded=True),
        ),
    )


def _figures(stock: Stock) -> tuple[Panel, ...]:
    yes, no = Word(1, "yes", GREEN), Word(0, "no", RED)
    both = (no, yes)
    expected = f"sum({by(('platform',), stock.series('cs_hosts_expected'))})"
    polled = f"sum({by(('platform',), stock.series('cs_hosts_polled'))})"
    told = {name: shown.help for name, shown in stock.metrics.items()}
    lag = "cs_scheduler_lag_seconds"
    return (
        figure("Hosts expected", told["cs_hosts_expected"], expected),
        figure("Hosts polled", told["cs_hosts_polled"], polled),
        figure("First sweep done", told["cs_first_sweep_done"], _least(stock, "cs_first_sweep_done"), words=both),
        figure(
            "Configuration taken in",
            told["cs_config_last_reload_successful"],
            _least(stock, "cs_config_last_reload_successful"),
            words=both,
        ),
        figure("Behind its timetable", told[lag], stock.once(lag), unit="s", legend="{{instance}}"),
        figure("SSH connections", told["cs_ssh_connections"], stock.once("cs_ssh_connections"), legend="{{instance}}"),
    )


def _least(stock: Stock, name: str) -> str:
    return f"min by (instance) ({stock.series(name)})"


def _own_alerts(stock: Stock) -> Panel:
    """Those about itself, and those that say that something is not seen."""
    rows = tuple(row for row in stock.matrix.rows if row.cause in ABOUT_OURSELVES)
    told = "Alerts about cs_exporter itself, and about what it can't see. One always fires: it says that alerts arrive."
    names = tuple(row.name for row in rows)
    return replace(lists.of_names("Alerts about cs_exporter", told, stock.matrix, names), rows=rows)


def _blind(stock: Stock) -> tuple[Panel, ...]:
    failing = stock.placed("cs_probe_failing", by(("host", "probe", "reason"), stock.series("cs_probe_failing")))
    reasons = Query(f"count by (probe, reason) ({failing})", "{{probe}}: {{reason}}")
    success = stock.placed("cs_probe_success", by(("host", "probe"), stock.series("cs_probe_success")))
    answered = Query(f"avg by (probe) ({success})", "{{probe}}")
    lacking = by(("host", "probe"), stock.series("cs_probe_supported"), "min")
    unsupported = Query(f"count by (probe) ({stock.placed('cs_probe_supported', f'{lacking} == 0')})", "{{probe}}")
    told = {name: shown.help for name, shown in stock.metrics.items()}
    return (
        stacked("Hosts that can't be asked", told["cs_probe_failing"], reasons, {}),
        Panel("Share of hosts that answer", told["cs_probe_success"], "timeseries", (answered,), unit="percentunit"),
        stacked("Hosts without the means", told["cs_probe_supported"], unsupported, {}),
        stock.panel("cs_collector_mismatch", title="Collectors of another version"),
    )


def _clouds(stock: Stock) -> tuple[Panel, ...]:
    """What clouds say of who belongs to them, and what is kept in spite of it."""
    return (
        stock.panel("cs_discovery_hosts", title="Machines in the cloud's answer"),
        stock.graph(
            "Missing from it, and still watched",
            ("cs_discovery_hosts_held", "held"),
            ("cs_discovery_hosts_missing", "missing"),
        ),
        stock.panel("cs_discovery_last_complete_timestamp_seconds", title="Age of the last complete answer"),
        stock.panel("cs_discovery_lacking", title="Things that the cloud does not tell"),
    )


def _pace(stock: Stock) -> tuple[Panel, ...]:
    duration = stock.placed(
        "cs_probe_duration_seconds", by(("host", "probe"), stock.series("cs_probe_duration_seconds"))
    )
    told = stock.metrics["cs_probe_duration_seconds"].help
    queries = (
        Query(f"quantile by (probe) (0.5, {duration})", "half {{probe}}"),
        Query(f"quantile by (probe) (0.95, {duration})", "95 % {{probe}}"),
        Query(f"max by (probe) ({duration})", "longest {{probe}}"),
    )
    hidden = Column("/^half /", others={"custom.hideFrom": {"legend": False, "tooltip": False, "viz": True}})
    return (
        Panel("Duration of runs", told, "timeseries", queries, unit="s", columns=(hidden,)),
        stock.panel("cs_scheduler_lag_seconds", title="Behind the timetable"),
        stock.rates("cs_probe_runs_total", title="Runs", keys=PER_PROBE),
        stock.rates("cs_probe_failures_total", title="Runs that failed", keys=("probe", "reason")),
    )


def _cost(stock: Stock) -> tuple[Panel, ...]:
    mine = ("instance",)
    return (
        stock.rates(
            "cs_ssh_handshakes_total", "cs_ssh_sessions_dropped_total", "cs_ssh_requests_total", title="SSH", keys=mine
        ),
        stock.rates("cs_ssh_request_bytes_total", "cs_ssh_answer_bytes_total", title="Bytes by SSH", keys=mine),
        stock.rates(
            *("cs_rpc_calls_total", "cs_sql_logins_total", "cs_sql_queries_total", "cs_dials_total"),
            *("cs_tunnelled_dials_total", "cs_echoes_total", "cs_cloud_api_calls_total"),
            "cs_http_requests_total",
            title="Questions besides SSH",
            keys=mine,
        ),
        stock.panel("cs_build_info", title="Versions"),
        _limits(stock),
    )


def _limits(stock: Stock) -> Panel:
    """Those of all hosts have no host, and are shown whichever are chosen."""
    name = "cs_symptom_limit"
    either = found(name, stock.matrix.rendering, 'host=~"$host|"', per_host=False)
    hidden = Column("Time", others={"custom.hidden": True})
    query = Query(by(("symptom", "host"), either), now=True)
    return Panel("Limits in force", stock.metrics[name].help, "table", (query,), columns=(hidden,))
