"""Below the status: that it asks on its own timer and why, and every page there is."""

from __future__ import annotations

from cs_exporter.web.about import PAGES, about
from cs_exporter.web.options import OTHER_PATHS
from tests.web.reading import Reader, site


def test_it_says_honestly_that_it_asks_on_its_own_timer() -> None:
    """With the reasons, and where freshness can be seen."""
    text = Reader(about(site())).text
    for told in ("never asks a host", "however many Prometheus replicas", "cs_probe_last_success_timestamp_seconds"):
        assert told in text


def test_every_page_is_listed() -> None:
    """Where a browser finds it."""
    assert set(OTHER_PATHS) <= {path.partition("?")[0] for shown, _, _ in PAGES for path in (shown, shown.rstrip("/"))}
    links = Reader(about(site("https://mon.example.org/cs"))).links
    assert {"/cs/metrics", "/cs/status.json", "/cs/runbooks/", "/cs/sd"} < set(links)
