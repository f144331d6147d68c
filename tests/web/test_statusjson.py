"""The status as JSON: the same hosts in the same order, with names that others rely on."""

from __future__ import annotations

import json
from dataclasses import replace

from cs_exporter.model import Failure
from cs_exporter.web.statusjson import status_json
from cs_exporter.web.wanted import Wanted
from tests.web.clouds import troubled
from tests.web.planted import WALL, picture_of

PICTURE = picture_of(troubled())


def test_it_says_what_the_page_says() -> None:
    """Counts of all, hosts that match, worst first."""
    told = json.loads(status_json(PICTURE, Wanted(state="critical")))
    assert [view.name for view in PICTURE.hosts[:6]] == [host["host"] for host in told["hosts"]]
    assert (6, 6, 1, True) == (
        told["matching"], told["counts"]["critical"], told["counts"]["warning"], told["first_sweep_done"],
    )  # fmt: skip


def test_a_host_has_its_symptoms_with_their_values() -> None:
    """And the time left, in seconds."""
    (host,) = json.loads(status_json(PICTURE, Wanted("kvm-ams1-009")))["hosts"]
    assert ("ams1", "critical", 26.0, "reboot") == tuple(
        host[key] for key in ("cloud_zone", "state", "seconds_left", "until")
    )
    assert ("critical", "ok", "unknown") == tuple(host["causes"][cause] for cause in ("storage", "path", "database"))
    late = next(one for one in host["symptoms"] if one["name"] == "CsStorageHeartbeatLate")
    assert (214.0, 75.0, "seconds", {"mountpoint": "/mnt/primary"}) == tuple(
        late[key] for key in ("value", "limit", "unit", "labels")
    )


def test_seconds_are_read_by_people_too() -> None:
    """What floats come to by multiplication is rounded."""
    view = next(view for view in PICTURE.hosts if view.seen)
    shown = replace(PICTURE, hosts=(replace(view, seen=(replace(view.seen[0], wait=107.99999999999999),)),))
    (host,) = json.loads(status_json(shown, Wanted()))["hosts"]
    assert "108.0" == str(host["symptoms"][0]["alert_after_seconds"])


def test_blindness_has_its_reason() -> None:
    """As /history has it."""
    (host,) = json.loads(status_json(PICTURE, Wanted("kvm-ams1-013")))["hosts"]
    view = next(view for view in PICTURE.hosts if view.name == "kvm-ams1-013")
    failure: Failure = view.blind[0].failure
    assert [{"probe": "path_mtu", "reason": "command", "detail": failure.detail}] == host["blind"]


def test_times_are_utc() -> None:
    """RFC 3339."""
    assert json.loads(status_json(PICTURE, Wanted()))["time"].endswith("Z")
    assert PICTURE.wall == WALL
