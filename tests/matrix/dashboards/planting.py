"""Pages of planted samples: every metric that is declared, with the labels that it is declared with.

For what no lab can bring about, and to ask panels' queries of a Prometheus that has everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cs_exporter.matrix.dashboards.shown import Shown
from cs_exporter.matrix.promql import FLEET_KEYS

QUIET, BUSY = "kvm2", "kvm1"
"""Hosts: the second is in maintenance, and what is asked of it does not apply to it."""

OF_THE_QUIET: Mapping[str, float] = {"cs_host_maintenance": 1.0, "cs_probe_supported": 0.0}
OF_THE_BUSY: Mapping[str, float] = {"cs_host_maintenance": 0.0}
"""Values that are not 1."""


def page(metrics: Iterable[Shown], labels: Mapping[str, str] | None = None) -> bytes:
    """A page with two series of each metric that is about hosts, one of each other. `labels`: what they are to be."""
    return "".join(line for shown in metrics for line in _lines(shown, labels or {})).encode()


def _lines(shown: Shown, labels: Mapping[str, str]) -> Iterable[str]:
    yield f"# TYPE {shown.name} {'counter' if shown.counter else 'gauge'}\n"
    own = [key for key in shown.keys if key != "host" and key not in FLEET_KEYS]
    pairs = [f'{key}="{_wanted(shown, key) or labels.get(key, "some")}"' for key in own]
    if not shown.per_host:
        yield f"{shown.name}{{{','.join(pairs)}}} 1\n"
        return
    for host, values in ((BUSY, OF_THE_BUSY), (QUIET, OF_THE_QUIET)):
        inside = ",".join([f'host="{host}"', *pairs])
        yield f"{shown.name}{{{inside}}} {values.get(shown.name, 1.0):g}\n"


def _wanted(shown: Shown, key: str) -> str:
    """A value that some row looks for, so that it holds."""
    found = (row.symptom.labels.get(key, "") for row in shown.rows if row.symptom is not None)
    return next((value for value in found if value), "")
