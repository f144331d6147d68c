"""One host, or a few: what is wrong with it, its agent and its clock first, and then all that is known of it.

What belongs to other dashboards is here in one panel each, so that nobody has to look at four of them for one host.
"""

from __future__ import annotations

from cs_exporter.matrix import records
from cs_exporter.matrix.dashboards import lists, looks, tables
from cs_exporter.matrix.dashboards.drawn import Stock
from cs_exporter.matrix.dashboards.figures import figure
from cs_exporter.matrix.dashboards.overview import IMMINENT, LEFT, STATES
from cs_exporter.matrix.dashboards.parts import GREEN, ORANGE, RED, Dashboard, Panel, Query, Section, Step, Word
from cs_exporter.matrix.dashboards.queries import of_chosen
from cs_exporter.matrix.dashboards.variables import HOSTS_CHOSEN

PROBES = ("time_drift", "clock_fleet", "agent_heartbeat", "agent_countdown", "agent_certificates")
"""Whose metrics this dashboard has to show in full."""

STATE_COLOURS = {"Up": GREEN, "up": GREEN, "Alert": RED, "down": RED}
NAMED_STATE = "{{host}} {{state}}"


def dashboard(stock: Stock) -> Dashboard:
    """The dashboard."""
    return Dashboard(
        "host",
        "cs_exporter: host",
        "All that is known of one host, or of a few.",
        (
            Section("Now", (*_figures(stock), lists.of_hosts("What is wrong", stock.matrix, height=7))),
            Section("Agent", _agent(stock)),
            Section("Clock", _clock(stock)),
            Section("In the cloud's word", _of_the_cloud(stock)),
            Section("Storage, paths, ports, database", _elsewhere(stock)),
            Section("What was asked", _asked(stock), folded=True),
        ),
    )


def _figures(stock: Stock) -> tuple[Panel, ...]:
    muted = of_chosen(f"{records.MAINTENANCE}{{{HOSTS_CHOSEN}}}")
    told = "What the cloud has the host in."
    by_host = "{{host}}"
    return (
        figure("State", told, STATES, legend=NAMED_STATE, otherwise="not known", names=STATE_COLOURS, width=5),
        figure(
            "Time left",
            "Until the cloud can give the host up, by its own limits; negative when overdue.",
            LEFT,
            steps=looks.steps(stock.rows(*IMMINENT)),
            unit="s",
            legend=by_host,
            width=5,
        ),
        _reboot(stock),
        figure(
            "Suspected causes",
            stock.metrics[tables.SUSPECT].help,
            stock.once(tables.SUSPECT),
            steps=(Step(None, ORANGE),),
            legend="{{host}} {{cause}}",
            otherwise="none",
            names={},
            width=5,
        ),
        figure(
            "Maintenance",
            "Whether planned work is declared: no alert fires then.",
            muted,
            words=(Word(0, "no", GREEN), Word(1, "yes", ORANGE)),
            legend=by_host,
        ),
    )


def _reboot(stock: Stock) -> Panel:
    name = "cs_host_seconds_to_reboot"
    shown = stock.metrics[name]
    return figure(
        "Time to forced reboot",
        looks.described(shown.help, shown.rows),
        stock.once(name),
        steps=looks.steps(shown.rows),
        unit="s",
        legend="{{host}}",
        links=looks.links(shown.rows, stock.matrix.rendering),
        otherwise="not armed",
        width=5,
    )


def _agent(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_agent_seconds_to_alert"),
        stock.graph(
            "Silence of the agent",
            ("cs_agent_heartbeat_age_seconds", "age"),
            ("cs_agent_heartbeat_limit_seconds", "limit"),
        ),
        stock.panel("cs_agent_connected"),
        stock.panel("cs_agent_rtt_seconds"),
        stock.panel("cs_agent_retransmitting"),
        stock.panel("cs_agent_pings_stopped"),
        stock.panel("cs_certificate_not_after_timestamp_seconds", title="Until certificates run out"),
        stock.panel("cs_certificate_unreadable", title="Certificates that can't be read"),
    )


def _clock(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_clock_offset_seconds", width=8),
        stock.panel("cs_clock_skew_seconds", width=8),
        stock.panel("cs_clock_skew_from_fleet_seconds", width=8),
        stock.panel("cs_clock_error_bound_seconds", width=8),
        stock.panel("cs_clock_synchronised", width=8),
        stock.panel("cs_clock_last_sync_timestamp_seconds", width=8, title="Since the last synchronisation"),
    )


def _of_the_cloud(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_host_state", title="State over time"),
        stock.panel("cs_host_pings_missing", title="Pings that are missing"),
        stock.panel("cs_host_state_since_timestamp_seconds", width=8, title="Time in the present state"),
        stock.panel("cs_host_recent_state_changes", width=8, title="Changes of state within half an hour"),
        stock.panel("cs_host_schedulable", width=8, title="Guests may start"),
    )


def _elsewhere(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_nfs_mount_state"),
        stock.panel("cs_storage_heartbeat_age_seconds"),
        stock.panel("cs_path_loss_ratio"),
        stock.panel("cs_port_failing"),
        stock.panel("cs_path_mtu_blackhole"),
        stock.panel("cs_mysql_connections_used_ratio"),
    )


def _asked(stock: Stock) -> tuple[Panel, ...]:
    return (
        _table_of_places(stock),
        stock.panel("cs_probe_success"),
        stock.panel("cs_probe_failing"),
        stock.panel("cs_probe_last_success_timestamp_seconds", title="Since the last answer"),
        stock.panel("cs_probe_duration_seconds"),
    )


def _table_of_places(stock: Stock) -> Panel:
    place = stock.panel("cs_host_info", width=24, title="Where it stands")
    return Panel(
        place.title,
        place.description,
        "table",
        (Query(of_chosen(f"{records.HOST}{{{HOSTS_CHOSEN}}}"), now=True),),
        transformations=place.transformations,
        width=place.width,
        height=4,
    )
