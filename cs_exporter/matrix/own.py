"""The rows of the matrix about cs_exporter itself: that it is there, sees the hosts, and runs with the right rules.

No sheet of a probe could hold them: they are about what every run comes to, or about nothing being there at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from cs_exporter.matrix import (
    own_asking,
    own_discovery,
    own_exporter,
    own_gone,
    own_hosts,
    own_reach,
    own_rules,
    own_trends,
)
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import OWN, Row
from cs_exporter.probes import PROBES
from cs_exporter.spec import AnySpec

PROBE = OWN


def own_rows(rendering: Rendering, probes: Sequence[AnySpec] = PROBES) -> tuple[Row, ...]:
    """All of them, in the order in which they are read."""
    return (
        *own_hosts.rows(rendering, probes),
        *own_asking.rows(rendering, probes),
        *own_gone.rows(rendering, probes),
        *own_reach.rows(rendering, probes),
        *own_discovery.rows(rendering),
        *own_exporter.rows(rendering, probes),
        *own_rules.rows(rendering),
        *own_trends.rows(rendering),
    )
