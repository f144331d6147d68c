"""The variables: each narrows the next, and none names a data source."""

from __future__ import annotations

import json

from cs_exporter.matrix.dashboards.variables import variables


def test_each_narrows_the_next() -> None:
    """Platform, zone, host; "All" of them is one pattern, whatever the number of hosts."""
    source, platform, zone, host = json.loads(json.dumps(variables()))
    assert ("datasource", "prometheus") == (source["type"], source["query"])
    assert "label_values(host:cs_host_info:max, platform)" == platform["query"]["query"]
    assert 'label_values(host:cs_host_info:max{platform=~"$platform"}, cloud_zone)' == zone["query"]["query"]
    assert "$cloud_zone" in host["query"]["query"]
    assert {".*"} == {one["allValue"] for one in (platform, zone, host)}
