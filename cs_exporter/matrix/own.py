"""The rows of the matrix about cs_exporter itself: that it is there, sees the hosts, and runs with the right rules.

No sheet of a probe could hold them: they are about what every run comes to, or about nothing being there at all.
"""

from __future__ import annotations

from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import Proof, Row
from cs_exporter.spec import Cause, Severity

PROBE = "exporter"
"""What stands for the probe's name: their file of rules, their part of every page."""


def own_rows(rendering: Rendering) -> tuple[Row, ...]:
    """All of them, in the order in which they are read."""
    del rendering
    return (_dead_man(),)


def _dead_man() -> Row:
    always = "vector(1)"
    return Row(
        name="CsDeadMansSwitch",
        sees="This alert always fires: as long as it arrives, alerts reach somebody.",
        means="Prometheus evaluates the rules of cs_exporter, and Alertmanager delivers. When it stops, they do not.",
        look=("promtool query instant http://localhost:9090 'ALERTS{alertname=\"CsDeadMansSwitch\"}'",),
        fix="Give it to a service that reports when it does not arrive, and look at Prometheus and Alertmanager then.",
        severity=Severity.INFO,
        cause=Cause.EXPORTER,
        probe=PROBE,
        keys=(),
        condition=always,
        expression=always,
        wait=0,
        keep=0,
        proofs=(Proof("it fires with nothing else there", {}, ({},)),),
    )
