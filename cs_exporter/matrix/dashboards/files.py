"""The files of Grafana: a dashboard each, and what makes Grafana find them.

Whatever a sheet declares is on some dashboard: what nobody has arranged follows, folded, after what somebody has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cs_exporter.matrix.dashboards import (
    cloudstack,
    database,
    exporter,
    host,
    network,
    openstack,
    overview,
    provisioning,
    storage,
)
from cs_exporter.matrix.dashboards.drawn import Stock
from cs_exporter.matrix.dashboards.grafana import text
from cs_exporter.matrix.dashboards.parts import Dashboard, Section
from cs_exporter.matrix.dashboards.queries import LINES_OF_ONE, WORST_LINES
from cs_exporter.matrix.dashboards.shown import FRAME
from cs_exporter.matrix.usage import metrics_in
from cs_exporter.matrix.whole import Matrix
from cs_exporter.spec import AnyDerived, AnySpec

FOLDER = "deploy/grafana/dashboards"

OTHERS = (cloudstack, openstack, database, storage, network, exporter)
"""Dashboards of all hosts that are about one subject, in the order in which one looks at them."""

ELSEWHERE = frozenset(name for module in OTHERS for name in module.PROBES)
"""Sheets whose metrics another dashboard than the host's has to show."""


def files(matrix: Matrix) -> dict[str, str]:
    """Path -> text."""
    written = {f"{FOLDER}/{one.uid}.json": text(one) for one in dashboards(matrix)}
    return {**written, **provisioning.FILES}


def dashboards(matrix: Matrix) -> tuple[Dashboard, ...]:
    """All of them, in the order in which one looks at them."""
    fleet, one = Stock(matrix, WORST_LINES), Stock(matrix, LINES_OF_ONE)
    sheets: tuple[AnySpec | AnyDerived, ...] = (*matrix.probes, *matrix.derived)
    others = frozenset(sheet.name for sheet in sheets) - ELSEWHERE
    return (
        overview.dashboard(fleet),
        _completed(host.dashboard(one), one, others),
        *(_completed(module.dashboard(fleet), fleet, frozenset(module.PROBES)) for module in OTHERS),
    )


def used_metrics(matrix: Matrix) -> frozenset[str]:
    """Every metric that some panel asks for."""
    panels = (panel for dashboard in dashboards(matrix) for panel in dashboard.panels())
    return frozenset(name for panel in panels for query in panel.queries for name in metrics_in(query.expression))


def panels_of(matrix: Matrix) -> Mapping[str, tuple[str, ...]]:
    """Name of a row -> where it is on a panel, as "uid of the dashboard: title of the panel"."""
    found: dict[str, list[str]] = {row.name: [] for row in matrix.rows}
    for dashboard in dashboards(matrix):
        for panel in dashboard.panels():
            for row in panel.rows:
                found[row.name].append(f"{dashboard.uid}: {panel.title}")
    return {name: tuple(places) for name, places in found.items()}


def _completed(dashboard: Dashboard, stock: Stock, probes: frozenset[str]) -> Dashboard:
    """The dashboard with what it does not show yet of these sheets."""
    return replace(dashboard, sections=(*dashboard.sections, *_rest(dashboard, stock, probes)))


def _rest(dashboard: Dashboard, stock: Stock, probes: frozenset[str]) -> Iterator[Section]:
    """A section for each sheet of which something is left: metrics, or rows that need a panel with their limits."""
    panels = dashboard.panels()
    asked = {name for panel in panels for query in panel.queries for name in metrics_in(query.expression)}
    rows = {row.name for panel in panels for row in panel.rows}
    sheets: tuple[AnySpec | AnyDerived, ...] = (*stock.matrix.probes, *stock.matrix.derived)
    for probe, question in ((FRAME, "Is cs_exporter well?"), *((sheet.name, sheet.question) for sheet in sheets)):
        every = [shown for shown in stock.metrics.values() if shown.probe == probe and probe in probes]
        left = [shown for shown in every if shown.name not in asked or not {row.name for row in shown.rows} <= rows]
        if left:
            yield Section(f"More: {question}", tuple(stock.panel(shown.name, width=8) for shown in left), folded=True)
