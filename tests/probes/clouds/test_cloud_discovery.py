"""How many machines each cloud names and how much it does not tell, whichever platform it is of."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.model import Census, Inventory
from cs_exporter.probes.clouds.cloud_discovery import CENSUSES, METRICS, CloudDiscoveryReading, derive
from cs_exporter.probes.cloudstack import cloudstack_census
from cs_exporter.probes.openstack import openstack_census
from cs_exporter.spec import Latest
from tests.discovery.census import answer


def values(reading: CloudDiscoveryReading) -> dict[tuple[str, str | None], float]:
    """(metric, host) -> value."""
    return {(metric.name, sample.host): sample.value for metric in METRICS for sample in metric.read(reading)}


def test_each_cloud_has_its_own_numbers() -> None:
    """Under its pseudo-host, cells with a server of their own included."""
    lacking = replace(answer(range(3)), lacking=("settings", "mounts"))
    readings: dict[str, dict[str, Census]] = {
        cloudstack_census.SPEC.name: {"endpoint:cs": lacking},
        openstack_census.SPEC.name: {"endpoint:os": answer(range(5)), "endpoint:os.east": answer(())},
    }
    expected = {
        ("cs_discovery_hosts", "endpoint:cs"): 3.0,
        ("cs_discovery_hosts", "endpoint:os"): 5.0,
        ("cs_discovery_hosts", "endpoint:os.east"): 0.0,
        ("cs_discovery_lacking", "endpoint:cs"): 2.0,
        ("cs_discovery_lacking", "endpoint:os"): 0.0,
        ("cs_discovery_lacking", "endpoint:os.east"): 0.0,
    }
    assert expected == values(derive(Latest(Inventory({}), readings), 0.0))


def test_no_answer_no_series() -> None:
    """A cloud that can't be asked says nothing."""
    assert {} == values(derive(Latest(Inventory({}), {}), 0.0))


def test_every_census_is_counted() -> None:
    """One of a platform that comes later must not be forgotten here."""
    assert CENSUSES == (cloudstack_census.SPEC.name, openstack_census.SPEC.name)
