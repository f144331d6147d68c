"""The provisioning files: YAML that says where Grafana finds data and dashboards."""

from __future__ import annotations

import yaml

from cs_exporter.matrix.dashboards.provisioning import FILES, FOLDER, PROVIDERS, SOURCES


def test_a_data_source() -> None:
    """Prometheus, asked in a way that bears long queries."""
    (source,) = yaml.safe_load(SOURCES)["datasources"]
    assert ("prometheus", "POST") == (source["type"], source["jsonData"]["httpMethod"])


def test_a_provider_of_dashboards() -> None:
    """From files, not to be changed in Grafana."""
    (provider,) = yaml.safe_load(PROVIDERS)["providers"]
    assert ("file", False) == (provider["type"], provider["allowUiUpdates"])


def test_where_they_are() -> None:
    """As Grafana's own folders are called."""
    assert {f"{FOLDER}/datasources/cs-exporter.yml", f"{FOLDER}/dashboards/cs-exporter.yml"} == {*FILES}
