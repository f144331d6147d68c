"""The status as JSON: the same picture and the same filters as the page, for scripts and other people's pages.

Pure; names of fields are a contract with whoever reads them.
"""

from __future__ import annotations

import json

from cs_exporter.web import words
from cs_exporter.web.picture import CAUSES, HostView, Picture, State, state_of
from cs_exporter.web.wanted import Wanted
from cs_exporter.web.watch import Seen


def status_json(picture: Picture, wanted: Wanted) -> str:
    """Every host that matches, worst first; times are RFC 3339 in UTC, durations seconds."""
    counts = picture.counts()
    chosen = wanted.chosen(picture)
    content = {
        "time": words.stamp(picture.wall),
        "first_sweep_done": picture.swept,
        "config_last_reload_successful": picture.reloaded,
        "counts": {state.word: counts[state] for state in State},
        "fleet": [_symptom(one, picture.wall) for one in picture.fleet],
        "matching": len(chosen),
        "hosts": [_host(view, picture.wall) for view in chosen],
    }
    return json.dumps(content, ensure_ascii=False) + "\n"


def _host(view: HostView, wall: float) -> dict[str, object]:
    host = view.host
    place = host.place if host else None
    return {
        "host": view.name,
        "address": host.address if host else None,
        "platform": host.platform if host else None,
        "roles": sorted(role.value for role in host.roles) if host else [],
        "cloud_zone": place.cloud_zone if place else "",
        "cloud_pod": place.cloud_pod if place else "",
        "cloud_cluster": place.cloud_cluster if place else "",
        "state": view.state.word,
        "seconds_left": round(view.left.seconds, 1) if view.left else None,
        "until": view.left.until.lower() if view.left else None,
        "causes": {cause.value: view.cells[cause].state.word for cause in CAUSES},
        "symptoms": [_symptom(one, wall) for one in view.seen],
        "blind": [
            {"probe": one.probe, "reason": one.failure.reason.value, "detail": one.failure.detail} for one in view.blind
        ],
    }


def _symptom(seen: Seen, wall: float) -> dict[str, object]:
    symptom = seen.held.symptom
    return {
        "name": symptom.name,
        "state": state_of(seen, wall).word,
        "severity": symptom.severity.value,
        "cause": symptom.cause.value,
        "sees": symptom.sees,
        "value": seen.held.value,
        "limit": seen.held.limit,
        "unit": symptom.unit,
        "labels": dict(seen.held.labels),
        "since": words.stamp(seen.since),
        "alert_after_seconds": round(seen.wait, 3),
    }
