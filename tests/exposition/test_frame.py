"""The families that exist whatever the sheets say: outcomes of probes, hosts, the exporter's own health."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cs_exporter.board import FLEET, Board
from cs_exporter.exposition.families import Family, Row, Tally
from cs_exporter.exposition.frame import (
    HEADS,
    count_families,
    host_families,
    omission_families,
    outcome_families,
)
from cs_exporter.exposition.health import discovery_families, own_families
from cs_exporter.exposition.judgements import limit_family, suspect_family
from cs_exporter.limits import Limits
from cs_exporter.model import CloudKind, CloudTarget, Connection, Failure, Host, Inventory, Outcome, Reason, Unsupported
from cs_exporter.probes.clouds.cloud_hosts import CloudHostsReading
from cs_exporter.probes.clouds.verdicts import Verdict
from cs_exporter.symptoms import Judge
from tests.exposition.stubs import BUILD, Weights, board_of, outcome, snapshot_of

LATE = Failure(Reason.TIMEOUT, "late")
KEY = ("kvm1", "weight")


def by_name(families: Iterable[Family]) -> dict[str, list[Row]]:
    """The rows of families that have any."""
    return {family.head.name: list(family.rows) for family in families if family.rows}


def test_a_success_shows_when_it_was_and_how_long_it_took() -> None:
    """The timestamp is of the run's end, by the exporter's wall clock."""
    assert {
        "cs_probe_supported": [Row(KEY, 1.0)],
        "cs_probe_success": [Row(KEY, 1.0)],
        "cs_probe_duration_seconds": [Row(KEY, 0.25)],
        "cs_probe_last_success_timestamp_seconds": [Row(KEY, 1_700_000_000.25)],
    } == by_name(outcome_families(snapshot_of(outcome(Weights())).entries))


def test_a_failure_shows_at_once_with_its_reason() -> None:
    """cs_probe_failing exists only while the latest run failed; the last success keeps its time."""
    shown = by_name(outcome_families(snapshot_of(outcome(Weights()), outcome(LATE)).entries))
    assert [Row((*KEY, "timeout"), 1.0)] == shown["cs_probe_failing"]
    assert [Row(KEY, 0.0)] == shown["cs_probe_success"]
    assert [Row(KEY, 1_700_000_000.25)] == shown["cs_probe_last_success_timestamp_seconds"]


def test_an_unsupported_question_is_neither_success_nor_failure() -> None:
    """A rule on the age of the last success must not fire for it either."""
    shown = by_name(outcome_families(snapshot_of(outcome(Weights()), outcome(Unsupported("no tool"))).entries))
    assert {"cs_probe_supported": [Row(KEY, 0.0)], "cs_probe_duration_seconds": [Row(KEY, 0.25)]} == shown


def test_nothing_is_said_of_a_probe_before_its_first_outcome() -> None:
    """Zero would be a lie."""
    assert {} == by_name(outcome_families(())) | by_name(count_families(()))


def test_failures_are_counted_by_reason_when_first_needed() -> None:
    """A healthy probe has no failure series at all."""
    refused = outcome(Failure(Reason.REFUSED, ""))
    shown = by_name(count_families(snapshot_of(outcome(LATE), refused, outcome(LATE), outcome(Weights())).entries))
    assert {
        "cs_probe_runs_total": [Row(KEY, 4.0)],
        "cs_probe_failures_total": [Row((*KEY, "timeout"), 2.0), Row((*KEY, "refused"), 1.0)],
    } == shown


def test_hosts_show_their_place_roles_and_maintenance() -> None:
    """Place stands on cs_host_info only; hosts are expected and polled by platform."""
    board = board_of(outcome(Weights()))
    board.health.collector_mismatches = frozenset({"kvm2"})
    empty = ("", "", "", "")
    assert {
        "cs_host_info": [
            Row(("kvm1", "192.0.2.1", "cloudstack", "hypervisor,storage", "zone-1", "pod-1", "c-1", "KVM"), 1.0),
            Row(("kvm2", "192.0.2.2", "static", "", *empty), 1.0),
        ],
        "cs_host_maintenance": [Row(("kvm1",), 0.0), Row(("kvm2",), 1.0)],
        "cs_hosts_expected": [Row(("cloudstack",), 1.0), Row(("static",), 1.0)],
        "cs_hosts_polled": [Row(("cloudstack",), 1.0), Row(("static",), 0.0)],
        "cs_collector_mismatch": [Row(("kvm2",), 1.0)],
    } == by_name(host_families(board.snapshot(0.0)))


def test_a_host_that_is_forced_down_is_planned_work_at_once() -> None:
    """By the cloud's word, for as long as that is fresh; the inventory knows by the next census."""
    board = board_of(outcome(Weights()))
    said = CloudHostsReading({"kvm1": Verdict("down", 0.0, False, planned=True)})  # noqa: FBT003 (a row)
    board.land(Outcome("cloud_hosts", FLEET, 0.0, 100.0, 0.0, said), 15.0)

    def shown(now: float) -> list[Row]:
        return by_name(host_families(board.snapshot(now)))["cs_host_maintenance"]

    assert [Row(("kvm1",), 1.0), Row(("kvm2",), 1.0)] == shown(100.0)
    assert [Row(("kvm1",), 0.0), Row(("kvm2",), 1.0)] == shown(200.0)


def test_who_is_expected() -> None:
    """Not a cloud itself, which is no host of it; nor a machine that nobody logs in to, unless it has been asked."""
    cloud = Host("endpoint:a", "192.0.2.9", "a", connection=Connection.NONE, cloud=CloudTarget(CloudKind.CLOUDSTACK))
    hosts = [cloud, *(Host(f"esx{n}", f"192.0.2.{n}", "a", connection=Connection.NONE) for n in (1, 2))]
    board = Board(Inventory({host.name: host for host in hosts}))

    def shown() -> tuple[list[Row], list[Row]]:
        rows = by_name(host_families(board.snapshot(0.0)))
        return rows["cs_hosts_expected"], rows["cs_hosts_polled"]

    assert ([Row(("a",), 0.0)], [Row(("a",), 0.0)]) == shown()
    for host in ("endpoint:a", "esx1"):
        board.land(replace(outcome(Weights()), host=host), 30.0)
    assert ([Row(("a",), 1.0)], [Row(("a",), 1.0)]) == shown()


def test_what_a_page_leaves_out_is_on_the_page() -> None:
    """Silent loss would look like health."""
    tally = Tally()
    tally.dropped["kvm1"], tally.duplicates["weight"], tally.faults["weight"] = 10, 2, 1
    assert {
        "cs_host_series_dropped": [Row(("kvm1",), 10.0)],
        "cs_duplicate_series": [Row(("weight",), 2.0)],
        "cs_unreadable_metrics": [Row(("weight",), 1.0)],
    } == by_name(omission_families(tally))
    assert {} == by_name(omission_families(Tally()))


def test_every_family_of_the_frame_is_declared() -> None:
    """The metric reference and the check for clashes are made from HEADS."""
    snapshot = snapshot_of(outcome(LATE))
    families = (
        *own_families(snapshot.health, BUILD),
        *discovery_families(snapshot.health.discovery),
        *host_families(snapshot),
        *outcome_families(snapshot.entries),
        *count_families(snapshot.entries),
        *omission_families(Tally()),
        limit_family((), Limits({}, {})),
        suspect_family(Judge(()), (), ()),
    )
    assert sorted(HEADS) == sorted(family.head for family in families)
