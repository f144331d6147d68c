"""The families about cs_exporter itself: all of its work, and how it stands with each cloud."""

from __future__ import annotations

from cs_exporter.build import Build
from cs_exporter.discovery.clouds import Standing
from cs_exporter.exposition.families import Row
from cs_exporter.exposition.health import discovery_families, own_families
from tests.exposition.stubs import board_of
from tests.exposition.test_frame import by_name


def test_own_health_shows_every_work_counter() -> None:
    """Each field of Health and Counters is somewhere on the page, so a new one can't be forgotten."""
    health = board_of().health
    health.config_reload_timestamp, health.scheduler_lag, health.ssh_connections = 7.0, 0.5, 3
    for number, name in enumerate(type(health.counters).__slots__, 100):
        setattr(health.counters, name, number)
    shown = by_name(own_families(health, Build("1", "abc", "3.11.2")))
    assert [Row(("1", "abc", "3.11.2"), 1.0)] == shown.pop("cs_build_info")
    values = {name: rows[0].value for name, rows in shown.items()}
    counted = {value for name, value in values.items() if name.endswith("_total")}
    assert set(map(float, range(100, 100 + len(type(health.counters).__slots__)))) == counted
    assert {
        "cs_config_last_reload_successful": 1.0,
        "cs_config_last_reload_success_timestamp_seconds": 7.0,
        "cs_first_sweep_done": 0.0,
        "cs_scheduler_lag_seconds": 0.5,
        "cs_ssh_connections": 3.0,
    } == {name: value for name, value in values.items() if not name.endswith("_total")}


def test_discovery_shows_each_cloud() -> None:
    """Who is missing, who of them is held, and when all were last there."""
    standings = (Standing("a", 60, 50, 1000.0), Standing("b", 0, 0, 2000.5))
    assert {
        "cs_discovery_hosts_missing": [Row(("a",), 60.0), Row(("b",), 0.0)],
        "cs_discovery_hosts_held": [Row(("a",), 50.0), Row(("b",), 0.0)],
        "cs_discovery_last_complete_timestamp_seconds": [Row(("a",), 1000.0), Row(("b",), 2000.5)],
    } == by_name(discovery_families(standings))
    assert {} == by_name(discovery_families(()))
