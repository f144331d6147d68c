"""What is exported of management servers, and of whose word it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.platforms.cloudstack.states import Source, States
from cs_exporter.probes.cloudstack.server_metrics import METRICS
from tests.probes.cloudstack.polled import CLOUD, Stand, samples
from tests.probes.cloudstack.states_stand import MS1, hosts


def test_a_server_that_is_well() -> None:
    """With its own name for a host; what is the cloud's as a whole is the pseudo-host's."""
    reading = Stand().poll(states=States(Source.DATABASE, hosts(3), (MS1,), investigations=0))
    found = {metric.name: samples(reading, metric.name) for metric in METRICS}
    assert {
        "cs_management_server_state": {("ms1", "Up"): 1.0},
        "cs_management_server_down": {},
        "cs_management_heartbeat_age_seconds": {("ms1",): 0.7},
        "cs_management_clock_ahead_seconds": {("ms1",): 0.0},
        "cs_management_peers_down": {("ms1",): 0.0},
        "cs_management_agents": {("ms1",): 3.0},
        "cs_management_agents_lost_ratio": {("ms1",): 0.0},
        "cs_ha_work_unfinished": {(CLOUD,): 0.0},
        "cs_cloud_source_info": {(CLOUD, "database"): 1.0},
        "cs_cloud_database_unasked": {(CLOUD,): 0.0},
    } == found


def test_what_the_api_does_not_tell_is_absent() -> None:
    """Neither a heartbeat nor a clock, nor who owns what; and no database was to be asked."""
    said = replace(MS1, beat_age=None, peers_down=None)
    reading = Stand().poll(states=States(Source.API, hosts(3, server=""), (said,)))
    reading = replace(reading, database=False)
    found = {metric.name: samples(reading, metric.name) for metric in METRICS}
    assert {
        "cs_management_server_state": {("ms1", "Up"): 1.0},
        "cs_cloud_source_info": {(CLOUD, "api"): 1.0},
    } == {name: rows for name, rows in found.items() if rows}


@pytest.mark.parametrize(("unasked", "expected"), [("", 0.0), ("denied: no", 1.0)])
def test_the_database_that_is_not_asked(unasked: str, expected: float) -> None:
    """While the API stands in for it."""
    reading = replace(Stand().poll(), unasked=unasked)
    assert {(CLOUD,): expected} == samples(reading, "cs_cloud_database_unasked")
