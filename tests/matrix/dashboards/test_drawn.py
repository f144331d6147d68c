"""Panels that nobody draws: each kind of metric gets the one that fits it, with its rows' limits and runbooks."""

from __future__ import annotations

import re

from cs_exporter.matrix.dashboards.looks import NO_OR_YES
from cs_exporter.matrix.dashboards.parts import RED, Step
from tests.matrix.dashboards.stubs import FLEET, METRICS, ONE

PLACES = 'host:cs_host_info:max{platform=~"$platform",cloud_zone=~"$cloud_zone"}'


def test_a_number_is_a_graph() -> None:
    """With its limits, and links to its host and to runbooks."""
    panel = ONE.panel("cs_mysql_connections_used_ratio", title="In use", width=8)
    series = 'max by (host) (cs_mysql_connections_used_ratio{host=~"$host"})'
    assert (f"topk(100, {series} and on (host) {PLACES})",) == tuple(query.expression for query in panel.queries)
    assert ("In use", "timeseries", "percentunit", 8, True) == (
        *(panel.title, panel.kind, panel.unit, panel.width),
        panel.limits,
    )
    assert Step(0.9, RED) in panel.steps
    assert ["/d/cs-host/", *(row.name for row in METRICS["cs_mysql_connections_used_ratio"].rows)] == [
        link.address.split("?")[0].removeprefix(f"{ONE.matrix.rendering.runbooks}/") for link in panel.links
    ]


def test_a_graph_of_many_hosts_shows_the_worst() -> None:
    """At the end of the scale that is bad, or at both."""
    (above,) = FLEET.panel("cs_path_loss_ratio").queries
    (below, *_) = FLEET.panel("cs_agent_seconds_to_alert").queries
    (either,) = FLEET.panel("cs_clock_skew_seconds").queries
    assert above.expression.startswith("topk(25, max by (host, peer, traffic) (")
    assert below.expression.startswith("bottomk(25, min by (host, agent) (")
    assert ("topk(25, ", True) == (either.expression[:9], ") or bottomk(25, " in either.expression)


def test_a_counter_is_a_rate() -> None:
    """Without limits to draw."""
    panel = ONE.panel("cs_ssh_answer_bytes_total")
    assert (
        "topk(100, max by (instance) (rate(cs_ssh_answer_bytes_total[$__rate_interval])))"
        == panel.queries[0].expression
    )
    assert ("Bps", False) == (panel.unit, panel.limits)


def test_a_time_is_an_age() -> None:
    """Or what is left until it, where limits lie ahead."""
    (age,) = ONE.panel("cs_clock_last_sync_timestamp_seconds").queries
    (left,) = ONE.panel("cs_port_tls_not_after_timestamp_seconds").queries
    assert age.expression.startswith(
        'topk(100, max by (host) (time() - cs_clock_last_sync_timestamp_seconds{host=~"$host"})'
    )
    assert 'cs_port_tls_not_after_timestamp_seconds{host=~"$host"} - time())' in left.expression


def test_a_limit_that_is_a_metric_is_drawn() -> None:
    """As a second line."""
    size, expected = ONE.panel("cs_galera_cluster_size").queries
    assert "cs_galera_cluster_size{" in size.expression
    assert "cs_galera_expected_size{" in expected.expression


def test_yes_and_no_are_words() -> None:
    """What no row is about is neither good nor bad."""
    panel = ONE.panel("cs_mysql_read_only")
    assert ("state-timeline", NO_OR_YES) == (panel.kind, panel.words)


def test_no_graph_hides_what_is_down() -> None:
    """Of hosts that are up there are always enough to fill it; the numbers of rows count the other way."""
    queries = [query.expression for one in METRICS.values() for query in FLEET.panel(one.name).queries]
    assert [] == [
        query for query in queries if re.match(r"topk\(\d+, \w+ by \([^)]*\) \(cs_\w+_(up|running|connected)\b", query)
    ]
    (up,) = FLEET.panel("cs_galera_connected").queries
    assert up.expression.startswith('bottomk(25, min by (host) (cs_galera_connected{host=~"$host"}) and on (host) ')
    (server,) = FLEET.panel("cs_nfs_server_up").queries
    assert server.expression.startswith("topk(25, max by (host, program, version) ((cs_nfs_server_up{")


def test_states_are_words_of_the_rows_about_them() -> None:
    """The gravest that holds, with its word; the label that tells states apart is in none of the lines' names."""
    panel = ONE.panel("cs_mysql_replication_failing")
    (query,) = panel.queries
    selected = 'cs_mysql_replication_failing{host=~"$host",thread='
    assert "{{host}} {{channel}}" == query.legend
    assert f'({selected}"sql"}} == bool 1) * 2 > 0 or ({selected}"io"}} == bool 1) * 1 > 0 or ' in query.expression
    assert ["ok", "io", "sql"] == [word.text for word in panel.words]


def test_an_info_is_a_table() -> None:
    """Of its labels."""
    panel = ONE.panel("cs_build_info")
    assert ("table", True) == (panel.kind, panel.queries[0].now)


def test_counters_side_by_side() -> None:
    """Summed up, each once whatever replicas there are."""
    panel = ONE.rates("cs_probe_runs_total", title="Runs", keys=("probe",))
    assert panel.queries[0].expression.startswith("sum by (probe) (max by (host, probe) (rate(cs_probe_runs_total{")
    assert ("cps", "Probe runs {{probe}}") == (panel.unit, panel.queries[0].legend)


def test_metrics_side_by_side() -> None:
    """Each line says which it is; limits are those of the first."""
    panel = FLEET.graph("Both", ("cs_path_loss_ratio", "lost"), ("cs_path_rtt_seconds", "took"))
    assert ["lost {{host}} {{peer}} {{traffic}}", "took {{host}} {{peer}} {{traffic}}"] == [
        query.legend for query in panel.queries
    ]
    assert METRICS["cs_path_loss_ratio"].rows == panel.rows
