"""A real Prometheus with the rules as rendered for one configuration, that scrapes its exporter and what is planted.

So that queries of dashboards find what rules record, and alerts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from cs_exporter.config import load
from cs_exporter.inventory import build_inventory
from cs_exporter.matrix import rules
from cs_exporter.matrix.rendering import of_inventory
from cs_exporter.matrix.whole import Matrix
from cs_exporter.probes import DERIVED, PROBES
from tests.lab.one_page import free_address
from tests.lab.prometheus import Prometheus
from tests.live.exporter import Exporter


@contextmanager
def scraping(exporter: Exporter, interval: float, planted: Sequence[str] = ()) -> Iterator[Prometheus]:
    """It runs, its data beside the exporter's file. `interval`: seconds, the configuration's; `planted`: addresses."""
    rendering = of_inventory(build_inventory(load(exporter.file)), PROBES, DERIVED, interval)
    folder = exporter.file.parent / "rules"
    folder.mkdir()
    written = [(folder / Path(path).name, text) for path, text in rules.files(Matrix(rendering)).items()]
    for path, text in written:
        path.write_text(text, encoding="utf-8")
    with Prometheus(
        exporter.file.parent,
        urlsplit(exporter.url).netloc,
        listen=free_address(),
        rules=[path for path, _ in written],
        also=planted,
    ) as prometheus:
        yield prometheus
