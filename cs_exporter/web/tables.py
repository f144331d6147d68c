"""The pages for programs: hosts as Prometheus' http_sd wants them, and history, as JSON.

Pure functions of what they are given.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from cs_exporter.history import Past, Stretch
from cs_exporter.model import Host


def targets_json(hosts: Iterable[Host]) -> str:
    """http_sd: a list with one target group per host; roles as ",a,b," so that a rule can look for ",a,"."""
    return json.dumps([_target(host) for host in hosts], ensure_ascii=False) + "\n"


def _target(host: Host) -> dict[str, object]:
    roles = "".join(f"{role.value}," for role in sorted(host.roles))
    place = host.place
    return {
        "targets": [f"[{host.address}]" if ":" in host.address else host.address],
        "labels": {
            "__meta_cs_host": host.name,
            "__meta_cs_platform": host.platform,
            "__meta_cs_roles": f",{roles}" if roles else "",
            "__meta_cs_cloud_zone": place.cloud_zone,
            "__meta_cs_cloud_pod": place.cloud_pod,
            "__meta_cs_cloud_cluster": place.cloud_cluster,
            "__meta_cs_hypervisor": place.hypervisor,
            "__meta_cs_maintenance": str(host.maintenance).lower(),
        },
    }


def history_json(host: str, probe: str, past: Past) -> str:
    """What is remembered, newest first; times are RFC 3339 in UTC, durations seconds."""
    content = {
        "host": host,
        "probe": probe,
        "latest": [_stretch(stretch) for stretch in past.latest],
        "failures": [_stretch(stretch) for stretch in past.failures],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _stretch(stretch: Stretch) -> dict[str, object]:
    return {
        "state": stretch.state.value,
        "reason": stretch.reason.value if stretch.reason else None,
        "detail": stretch.detail,
        "first": _time(stretch.first),
        "last": _time(stretch.last),
        "count": stretch.count,
        "duration_seconds": round(stretch.duration, 6),
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
