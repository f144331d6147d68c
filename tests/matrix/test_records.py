"""The recording rules: as Prometheus' style guide names them, and with the operator's selector in each."""

from __future__ import annotations

import re
from dataclasses import replace

from cs_exporter.matrix.records import records
from cs_exporter.matrix.rendering import usual
from cs_exporter.probes import DERIVED, PROBES


def test_names_are_level_metric_operation() -> None:
    """And no two are the same."""
    names = [record.name for record in records(usual(PROBES, DERIVED))]
    assert len(names) == len({*names})
    assert [] == [name for name in names if not re.fullmatch(r"[a-z_]+:cs_[a-z_]+:[a-z_]+", name)]


def test_the_selector_is_in_each() -> None:
    """Another exporter's series of that name are none of ours; what is recorded already needs none."""
    found = records(replace(usual(PROBES, DERIVED), selector='job="mine"'))
    scraped = re.compile(r"(?<![:\w])cs_\w+(?![:\w])({[^}]*})?")
    for record in found:
        assert [] == [one[0] for one in scraped.finditer(record.expression) if 'job="mine"' not in one[0]]
