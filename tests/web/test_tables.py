"""JSON for programs: targets for http_sd, and history."""

from __future__ import annotations

import json

from cs_exporter.history import Past, State, Stretch
from cs_exporter.model import Host, Reason
from cs_exporter.web.tables import history_json, targets_json
from tests.exposition.stubs import KVM1


def test_a_host_is_a_target_with_its_place() -> None:
    """Roles stand between commas, so that a relabelling rule finds one with `.*,hypervisor,.*`."""
    expected = {
        "targets": ["192.0.2.1"],
        "labels": {
            "__meta_cs_host": "kvm1",
            "__meta_cs_platform": "cloudstack",
            "__meta_cs_roles": ",hypervisor,storage,",
            "__meta_cs_cloud_zone": "zone-1",
            "__meta_cs_cloud_pod": "pod-1",
            "__meta_cs_cloud_cluster": "c-1",
            "__meta_cs_hypervisor": "KVM",
            "__meta_cs_maintenance": "false",
        },
    }
    assert [expected] == json.loads(targets_json([KVM1]))


def test_an_ipv6_address_stands_in_brackets_and_no_role_is_no_comma() -> None:
    """Prometheus adds `:port` to it; every label value is text, or http_sd refuses the list."""
    (target,) = json.loads(targets_json([Host("v6", "2001:db8::1")]))
    assert (["[2001:db8::1]"], "") == (target["targets"], target["labels"]["__meta_cs_roles"])
    assert {str} == {type(value) for value in target["labels"].values()}


def test_no_host_is_an_empty_list() -> None:
    """Prometheus takes it as: there is nothing to scrape."""
    assert [] == json.loads(targets_json([]))


def test_history_is_told_in_words_and_utc() -> None:
    """Times as people write them, durations in seconds, reason null where there is none."""
    late = Stretch(State.FAILURE, Reason.TIMEOUT, "größe", 1_700_000_000.5, 1_700_000_030.0, 5.0000001, 2)
    ok = Stretch(State.SUCCESS, None, "", 1_700_000_060.0, 1_700_000_060.0, 0.25)
    shown = json.loads(history_json("kvm1", "weight", Past((ok, late), (late,))))
    told = {
        "state": "failure",
        "reason": "timeout",
        "detail": "größe",
        "first": "2023-11-14T22:13:20.500Z",
        "last": "2023-11-14T22:13:50.000Z",
        "count": 2,
        "duration_seconds": 5.0,
    }
    assert ("kvm1", "weight", [told], None) == (
        shown["host"],
        shown["probe"],
        shown["failures"],
        shown["latest"][0]["reason"],
    )
    assert [told] == shown["latest"][1:]
