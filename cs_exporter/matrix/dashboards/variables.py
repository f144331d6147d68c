"""What an operator chooses at the top of every dashboard: data source, platform, zone and hosts.

Choices come from the recorded places of hosts, so that they are there as long as a host is.
"""

from __future__ import annotations

from cs_exporter.matrix import records
from cs_exporter.matrix.dashboards.parts import Json

SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
"""Whatever is chosen: no dashboard knows a data source by its name."""

HOSTS_CHOSEN = 'host=~"$host"'
PLACES_CHOSEN = f'{records.HOST}{{platform=~"$platform",cloud_zone=~"$cloud_zone"}}'
"""The hosts of the chosen places. "All" is no list of hosts: with thousands of them no query could carry it."""


def variables() -> list[Json]:
    """In the order in which they narrow each other."""
    places = '{platform=~"$platform"}'
    return [
        {
            "type": "datasource",
            "name": "datasource",
            "label": "Data source",
            "query": "prometheus",
            "refresh": 1,
            "hide": 0,
            "includeAll": False,
            "multi": False,
        },
        _asked("platform", "Platform", f"label_values({records.HOST}, platform)"),
        _asked("cloud_zone", "Zone", f"label_values({records.HOST}{places}, cloud_zone)"),
        _asked("host", "Host", f"label_values({PLACES_CHOSEN}, host)"),
    ]


def _asked(name: str, label: str, query: str) -> Json:
    """Any number of what a query finds; all, unless something is chosen."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 5,
        "hide": 0,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }
