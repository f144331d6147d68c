"""The network: what passes between hosts, how much is lost, and which ports answer from where.

The tables are hosts against peers and ports at the end of the time range; with many hosts they show the worst.
"""

from __future__ import annotations

from cs_exporter.matrix.dashboards import looks
from cs_exporter.matrix.dashboards.drawn import Stock
from cs_exporter.matrix.dashboards.parts import GREEN, RED, Dashboard, Panel, Section, Step
from cs_exporter.matrix.dashboards.queries import WORST_CELLS, by, of_chosen, worst
from cs_exporter.matrix.dashboards.tables import against

PROBES = ("path_mtu", "path_directions", "port_reachability")
"""Whose metrics this dashboard has to show in full."""

MTU, EXPECTED, LOSS = "cs_path_mtu_bytes", "cs_path_mtu_expected_bytes", "cs_path_loss_ratio"
PORT, FAILING = "cs_port_up", "cs_port_failing"


def dashboard(stock: Stock) -> Dashboard:
    """The dashboard."""
    return Dashboard(
        "network",
        "cs_exporter: network",
        "Path MTU and loss between hosts, and ports that answer or do not.",
        (
            Section("Between hosts and to their ports, now", (_missing(stock), _loss(stock), _ports(stock))),
            Section(
                "Paths",
                (
                    stock.panel("cs_path_mtu_blackhole", title="Black holes: large packets vanish"),
                    stock.panel("cs_path_mtu_reduced", title="Large packets are refused"),
                    stock.panel(LOSS, title="Packets lost"),
                    stock.panel("cs_path_rtt_seconds", title="Round trip"),
                ),
            ),
            Section(
                "Ports",
                (
                    stock.panel(FAILING, title="Ports that should answer and do not"),
                    stock.panel("cs_port_connect_seconds", title="Time to connect"),
                ),
            ),
            Section(
                "Devices",
                (
                    stock.panel("cs_vxlan_headroom_bytes", title="Headroom of VXLANs"),
                    stock.panel("cs_interface_mtu_bytes"),
                ),
                folded=True,
            ),
        ),
    )


def _missing(stock: Stock) -> Panel:
    expected = by(("host", "traffic"), stock.series(EXPECTED))
    passing = by(("host", "peer", "traffic"), stock.series(MTU), "min")
    missing = by(("host", "peer"), f"{expected} - on (host, traffic) group_right () {passing}")
    told = "By how many bytes the largest packet that passes from the host (down) to the peer (across) is too small."
    return against(
        "Path MTU: bytes that are missing",
        f"{told} {stock.metrics[EXPECTED].help}",
        worst(of_chosen(missing), count=WORST_CELLS),
        "peer",
        unit=looks.unit(MTU),
        steps=(Step(None, GREEN), Step(1, RED)),
        width=12,
    )


def _loss(stock: Stock) -> Panel:
    shown = stock.metrics[LOSS]
    return against(
        "Packets lost from host to peer",
        f"From the host (down) to the peer (across). {looks.described(shown.help, shown.rows)}",
        worst(of_chosen(by(("host", "peer"), stock.series(LOSS))), count=WORST_CELLS),
        "peer",
        unit=looks.unit(LOSS),
        steps=looks.steps(shown.rows),
        links=looks.links(shown.rows, stock.matrix.rendering),
        width=12,
    )


def _ports(stock: Stock) -> Panel:
    """A port that answers, or is not expected to, is well; what is not well is told by severity."""
    shown = stock.metrics[FAILING]
    said = by(("host", "port_name"), f"{stock.codes(shown)} or {stock.series(PORT)} * 0")
    return against(
        "Ports",
        f"The host's ports, as the worst off vantage sees them. {looks.described(shown.help, shown.rows)}",
        worst(of_chosen(said), count=WORST_CELLS),
        "port_name",
        words=looks.words(shown.rows),
        links=looks.links(shown.rows, stock.matrix.rendering),
    )
