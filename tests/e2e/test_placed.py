"""Faults at the same time: which meet, and what each may show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.demo.catalogue import FAULTS
from tests.demo.cloud import Cloud
from tests.demo.expressions import SYMPTOMS
from tests.demo.fault import ANY, HERE, Fault, Row
from tests.e2e.placed import Placed


@contextmanager
def nothing(_cloud: Cloud, _host: str) -> Iterator[None]:
    """Breaks nothing."""
    yield


def fault(name: str, *hosts: str, rows: tuple[Row, ...] = (), **more: tuple[Row, ...] | tuple[str, ...]) -> Fault:
    """A fault in name only."""
    return Fault(name, "It is.", hosts, nothing, "time_drift", rows, **more)  # type: ignore[arg-type]  # by name


HERE_ONLY, THERE = Row(HERE, "CsA"), Row("kvm2", "CsA")
MOUNT = Row(HERE, "CsNfsMountHung")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (fault("a", "kvm1"), fault("b", "kvm2"), False),
        (fault("a", "kvm1"), fault("b", "kvm1"), True),
        (fault("a", "kvm1", rows=(THERE,)), fault("b", "kvm2"), False),
        (fault("a", "kvm1", rows=(THERE,)), fault("b", "kvm2", rows=(HERE_ONLY,)), True),
        (fault("a", "kvm1", also=(THERE,)), fault("b", "kvm3", rows=(THERE,)), True),
        (fault("a", "kvm1", also=(Row(ANY, "CsA"),)), fault("b", "kvm2", rows=(HERE_ONLY,)), True),
        (fault("a", "kvm1", also=(Row(ANY, "CsA"),)), fault("b", "kvm2", rows=(Row(HERE, "CsB"),)), False),
        (fault("a", "kvm1", rows=(HERE_ONLY,), blind=(HERE,)), fault("b", "kvm2", rows=(HERE_ONLY,)), False),
        (fault("a", "kvm1", blind=("kvm2",)), fault("b", "kvm2"), True),
        (fault("a", "kvm1", blind=("kvm2",)), fault("b", "kvm3", rows=(THERE,)), True),
        (fault("a", "kvm1", blind=("kvm2",)), fault("b", "kvm3", queries=('cs_a{host="kvm2"} == 1',)), True),
        (fault("a", "kvm1", blind=(HERE,)), fault("b", "kvm3", rows=(Row(ANY, "CsA"),)), True),
        (fault("a", "kvm1", blind=(ANY,)), fault("b", "kvm3"), True),
        (replace(fault("a", "kvm1"), part="router"), replace(fault("b", "kvm2"), part="router"), True),
        (fault("a", "nfs1", rows=(Row(HERE, "CsNfsServerDown"),)), fault("b", "kvm3", rows=(MOUNT,)), True),
        (fault("a", "db1", rows=(Row(HERE, "CsPortDown"),)), fault("b", "kvm3", rows=(MOUNT,)), False),
        (replace(fault("a", "kvm1"), alone=True), fault("b", "kvm2"), True),
        (replace(fault("a", "kvm1"), part="pool of $host"), replace(fault("b", "kvm2"), part="pool of $host"), False),
    ],
)
def test_faults_that_meet(one: Fault, other: Fault, expected: object) -> None:
    """Broken on one host, with a symptom in common, one part, one on a host where runs fail, or one that mutes it."""
    placed = [Placed(one, one.hosts[0]), Placed(other, other.hosts[0])]
    assert expected == placed[0].meets(placed[1]) == placed[1].meets(placed[0])


def test_what_a_fault_expects() -> None:
    """Symptoms that must or may hold, and hosts whose runs may fail; no others."""
    placed = Placed(fault("a", "kvm3", rows=(HERE_ONLY,), also=(Row(ANY, "CsB"),), blind=(HERE, "kvm4")), "kvm3")
    rows = [Row("kvm3", "CsA"), Row("kvm4", "CsA"), Row("kvm5", "CsB")]
    assert [True, False, True] == [placed.expects(row) for row in rows]
    assert [True, True, False] == [placed.blinds(host) for host in ("kvm3", "kvm4", "kvm5")]


@pytest.mark.parametrize(
    ("alert", "host", "expected"),
    [
        ("CsA", "kvm3", True),
        ("CsA", "kvm4", False),
        ("CsHostUnreachable", "kvm4", True),
        ("CsHostUnreachable", "kvm5", False),
        ("CsProbeBlind", "", True),
        ("CsExporterLate", "", False),
    ],
)
def test_the_alerts_of_a_fault(alert: str, host: str, expected: object) -> None:
    """Its symptoms, and where nothing may be learnt, that nothing is."""
    placed = Placed(fault("a", "kvm3", rows=(HERE_ONLY,), blind=("kvm4",)), "kvm3")
    assert expected == placed.accounts(alert, host)


def test_what_a_fault_leaves() -> None:
    """Only what tells of the minutes before."""
    placed = Placed(fault("a", "db1", rows=(HERE_ONLY,), also=(Row(HERE, "CsMysqlRefusals"),)), "db1")
    rows = [Row("db1", "CsA"), Row("db1", "CsMysqlRefusals"), Row("db2", "CsMysqlRefusals")]
    assert [False, True, False] == [placed.leaves(row) for row in rows]


def test_every_fault_shows() -> None:
    """One that nothing tells of could not be seen."""
    assert [] == [fault.name for fault in FAULTS if not (fault.rows or fault.queries)]
    known = {symptom.name for symptom in SYMPTOMS}
    assert [] == [row for fault in FAULTS for row in (*fault.rows, *fault.also) if row.symptom not in known]
