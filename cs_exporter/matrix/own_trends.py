"""Rows that look ahead along a trend: a value that is high already and will be beyond its bound before long.

A trend alone proves little, so that it counts only together with a high value, and is a ticket and no page.
"""

from __future__ import annotations

from cs_exporter.matrix.intervals import wait
from cs_exporter.matrix.promql import selector
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import OWN, Proof, Row, placed
from cs_exporter.spec import Cause, Severity

PAST, AHEAD = "15m", 3600
"""What is looked at, and how many seconds the line is drawn on from there."""

USED = 0.7
"""Of all connections: below that there is time, whatever the line says."""


def rows(rendering: Rendering) -> tuple[Row, ...]:
    """All of them."""
    return (_rising(rendering),)


def _rising(rendering: Rendering) -> Row:
    keys = ("host",)
    used = selector("cs_mysql_connections_used_ratio", also=rendering.selector)
    holds = (
        f"max by (host) ({used}) > {USED:g}\n"
        f"and on (host) max by (host) (predict_linear({used}[{PAST}], {AHEAD}) and {used} offset {PAST}) > 1"
    )
    interval = rendering.intervals["mysql_connections"]
    series = 'cs_mysql_connections_used_ratio{host="db1",instance="a"}'
    return Row(
        name="CsMysqlConnectionsRising",
        sees="The database server's connections will all be in use within an hour, if they go on rising so.",
        means="More than 70 % are in use, and the last quarter of an hour leads beyond all of them. Something takes "
        "connections and does not give them back, or more clients come than before.",
        look=(
            "mariadb -e 'SHOW FULL PROCESSLIST', on HOST",
            "mariadb -e \"SHOW GLOBAL STATUS LIKE '%connect%'\", on HOST",
        ),
        fix="Find the client whose share grows (cs_mysql_client_connections) before the server is full: restart what "
        "leaks, or raise max_connections.",
        severity=Severity.WARNING,
        cause=Cause.DATABASE,
        probe=OWN,
        keys=keys,
        condition=holds,
        expression=placed(holds, keys, rendering),
        wait=wait(6, interval),
        keep=rendering.kept(interval),
        unit="ratio",
        proofs=(
            Proof(
                "it rises by a percent a minute, from 55 % on", {series: "0.55+0.01x40"}, ({"host": "db1"},), value=0.85
            ),
            Proof("it rises as fast and is low", {series: "0.2+0.01x40"}, ()),
            Proof("it is high and rises slowly", {series: "0.8+0.001x40"}, ()),
            Proof("it has been seen for some minutes only", {series: "_x24 0.75+0.02x6"}, ()),
        ),
    )
