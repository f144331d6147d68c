"""Rows about hosts that can't be asked: only what needs a login says that a host can't be reached."""

from __future__ import annotations

from cs_exporter.matrix.intervals import quickest, reaching, wait
from cs_exporter.matrix.own_hosts import rows, success
from cs_exporter.matrix.records import LATELY_RUNS
from cs_exporter.matrix.rendering import Rendering, usual
from cs_exporter.probes import DERIVED, PROBES

ROWS = {row.name: row for row in rows(usual(PROBES, DERIVED), PROBES)}


def test_a_blind_host_waits_for_an_unreachable_one() -> None:
    """So that the one reason is there before what it mutes."""
    lately = wait(LATELY_RUNS, quickest(usual(PROBES, DERIVED), reaching(PROBES)))
    assert ROWS["CsHostUnreachable"].wait < lately + ROWS["CsHostBlind"].wait


def test_waits_follow_the_quickest_probe() -> None:
    """Where an operator asks every 5 s, an unreachable host is told of after three runs of that."""
    quick = Rendering(dict.fromkeys(usual(PROBES, DERIVED).intervals, 5.0))
    assert [12.0] == [row.wait for row in rows(quick, PROBES) if row.name == "CsHostUnreachable"]


def test_the_operators_selector() -> None:
    """Is in what is scraped; what is recorded has it already."""
    mine = Rendering(usual(PROBES, DERIVED).intervals, selector='job="mine"')
    found = {row.name: row.condition for row in rows(mine, PROBES)}
    assert 'cs_collector_mismatch{job="mine"}' in found["CsCollectorOutdated"]
    assert 'cs_hosts_expected{job="mine"}' in found["CsHostsNotPolled"]


def test_series_of_proofs() -> None:
    """As the exporter shows them."""
    assert 'cs_probe_success{host="kvm1",probe="nfs_mounts",instance="cs:10595"}' == success("kvm1", "nfs_mounts")
