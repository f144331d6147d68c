"""The network dashboard: hosts against peers and ports."""

from __future__ import annotations

from cs_exporter.matrix.dashboards.network import dashboard
from tests.matrix.dashboards.stubs import FLEET, titled

FOUND = dashboard(FLEET)


def test_hosts_against_peers() -> None:
    """What is missing to the expected size, of the worst path between two hosts."""
    panel = titled(FOUND, "Path MTU: bytes that are missing")
    assert panel.queries[0].expression.startswith("topk(200, max by (host, peer) (max by (host, traffic) (")
    assert "host\\peer" == panel.columns[0].name


def test_hosts_against_ports() -> None:
    """A port that answers is there too, as ok."""
    (query,) = titled(FOUND, "Ports").queries
    assert 'cs_port_up{host=~"$host"} * 0' in query.expression
    assert query.expression.startswith("topk(200, max by (host, port_name) ((cs_port_failing{")
