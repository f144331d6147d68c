"""What an expression asks for: names of ours, not what stands in quotes or is a function."""

from __future__ import annotations

from cs_exporter.matrix.usage import metrics_in, names_in, unused

ASKS = 'max by (host) (cs_a_total{job="cs_exporter"}) * on (host) host:cs_host_info:max unless on (host) cs_a_total'


def test_names() -> None:
    """Recorded series under their own name, or as the metric that is recorded."""
    assert ("cs_a_total", "host:cs_host_info:max") == names_in(ASKS)
    assert ("cs_a_total", "cs_host_info") == metrics_in(ASKS)


def test_what_nothing_asks_for_is_found() -> None:
    """A longer name that begins alike is another metric."""
    assert ["cs_a"] == list(unused(["cs_a", "cs_a_total"], [ASKS]))
