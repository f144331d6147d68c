"""OpenStack: how its agents report, and what they report over: message bus, databases, the APIs of the catalog.

One agent that is late is its host's trouble. All of them at once is what they have in common, and stands beside them.
"""

from __future__ import annotations

from cs_exporter.matrix.dashboards import openstack_bus
from cs_exporter.matrix.dashboards.drawn import UNSEEN, Stock
from cs_exporter.matrix.dashboards.parts import Dashboard, Panel, Section

PROBES = ("openstack_agents", "openstack_endpoints", *openstack_bus.PROBES)
"""Whose metrics this dashboard has to show in full."""


def dashboard(stock: Stock) -> Dashboard:
    """The dashboard."""
    return Dashboard(
        "openstack",
        "cs_exporter: OpenStack",
        "Agents of nova, neutron, cinder and heat, the message bus and the APIs that they need.",
        (
            Section("Hosts", _hosts(stock)),
            Section("Agents", _agents(stock)),
            *openstack_bus.sections(stock),
            Section("APIs", _apis(stock)),
            Section("Clocks", _clocks(stock)),
            Section("Whose word it is", _source(stock), folded=True),
        ),
    )


def _hosts(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_host_state", title="States of hosts"),
        stock.panel("cs_host_seconds_to_alert", title="Time until a host's first agent counts as down"),
        stock.panel("cs_host_schedulable", width=12, title="Hosts that guests may start on"),
        stock.panel("cs_host_state_since_timestamp_seconds", width=12, title="Time in the present state"),
    )


def _agents(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel(
            "cs_openstack_agents_stopped",
            title="Agents that are silent together, and what they share",
            otherwise=UNSEEN,
        ),
        stock.panel("cs_openstack_agent_dead", title="Agents that are silent alone", otherwise=UNSEEN),
        stock.panel("cs_openstack_agent_age_seconds", title="Since the last report, signed"),
        stock.panel("cs_openstack_agent_reports_total", title="Reports"),
        stock.panel("cs_openstack_agents", title="Agents by what is known of them"),
        stock.panel("cs_openstack_backend_unstarted", title="Backends that were never initialised", otherwise=UNSEEN),
    )


def _clocks(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_openstack_clocks_apart_seconds", title="Clocks that stamp reports: at least so far apart"),
        stock.panel("cs_openstack_writer_clock_skew_seconds", title="Which clock it is"),
        stock.panel("cs_openstack_reference_clock_skew_seconds", title="Most of them against the database"),
        stock.panel("cs_openstack_database_clock_offset_seconds", title="The database's against the exporter's"),
    )


def _source(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_openstack_database_unasked", width=12, title="The API answers in place of the database"),
        stock.panel("cs_openstack_service_untold", width=12, title="Services of which nobody tells"),
        stock.panel("cs_openstack_ages_unusable", width=12, title="Services whose ages mean nothing"),
        stock.panel("cs_openstack_endpoints_unasked", width=12, title="Endpoints that are not looked at"),
    )


def _apis(stock: Stock) -> tuple[Panel, ...]:
    return (
        stock.panel("cs_openstack_endpoint_failing", title="Endpoints of the catalog that fail", otherwise=UNSEEN),
        stock.panel("cs_openstack_endpoint_first_byte_seconds", title="Until an API turns an empty request away"),
        stock.panel("cs_port_first_byte_seconds", title="Until the first byte, by port"),
        stock.panel("cs_openstack_endpoint_tls_not_after_timestamp_seconds", title="Until certificates run out"),
    )
