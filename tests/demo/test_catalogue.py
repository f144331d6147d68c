"""The catalogue of faults holds together: names, hosts, symptoms, and what two of them may share."""

from __future__ import annotations

import re

import pytest

from cs_exporter.board import FLEET
from cs_exporter.spec import Cause, Severity
from tests.demo.broken import Broken, DemoError, Placed, named
from tests.demo.catalogue import FAULTS, NICKNAMES
from tests.demo.cloud import DATABASES, HYPERVISORS, MANAGEMENT, Cloud
from tests.demo.fault import ANY, ENDPOINT, EXPORTER, HERE, Fault, Page
from tests.demo.pace import DEMO, TEST
from tests.demo.watching import SYMPTOMS

HOSTS = {*MANAGEMENT, *HYPERVISORS, *DATABASES, "nfs1", "ntp1", EXPORTER, ENDPOINT}


def test_names_are_unique_and_nicknames_lead_to_them() -> None:
    """What is typed means one thing."""
    names = [fault.name for fault in FAULTS]
    assert sorted({*names}) == sorted(names)
    assert set() == {*NICKNAMES} & {*names}
    assert {*NICKNAMES.values()} <= {*names}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
def test_a_fault_says_where_and_what(fault: Fault) -> None:
    """Its hosts are of the cloud, its symptoms exist, something must show, and its line is short and no sentence."""
    assert fault.hosts
    assert {*fault.hosts} <= HOSTS
    rows = (*fault.rows, *fault.also)
    assert {row.symptom for row in rows} <= {*SYMPTOMS}
    assert {row.host for row in rows} | {*fault.blind} <= {HERE, ANY, FLEET, *HOSTS}
    assert fault.rows or fault.queries
    assert re.fullmatch(r"\S.{9,89}[^.\s]", fault.tells), fault.tells
    assert fault.slack(TEST) >= 0
    assert fault.slack(DEMO) >= 0


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
def test_a_fault_says_whom_it_tells(fault: Fault) -> None:
    """One page or ticket, and a reason where there may be more; none, only where nothing turns red."""
    assert len(fault.brings) == 1 or not fault.rows
    assert bool(fault.besides) is bool(fault.because)
    assert not {*fault.brings} & {*fault.besides}


def test_the_worst_symptom_is_what_is_told() -> None:
    """With its own cause; warnings alone are a ticket."""
    assert (Page(Severity.CRITICAL, Cause.STORAGE),) == named("nfs-frozen").brings
    assert (Page(Severity.WARNING, Cause.DATABASE),) == named("mysql-pool").brings
    assert () == named("mysql-session-killed").brings


def test_what_a_fault_takes_hold_of() -> None:
    """By host where it is of a host, else of the whole cloud."""
    frozen, changed = named("ssh-frozen"), named("ssh-key-changed")
    assert Placed(frozen, "kvm3").takes == Placed(changed, "kvm3").takes
    assert Placed(frozen, "kvm3").takes != Placed(frozen, "kvm4").takes
    assert Placed(named("mysql-pool"), "ms1").takes == Placed(named("mysql-full"), "db1").takes


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nsf-frozen", "no fault is called 'nsf-frozen'; did you mean 'nfs-frozen'?; without a name all are listed"),
        ("qqq", "no fault is called 'qqq'; without a name all are listed"),
    ],
)
def test_a_name_that_nobody_has(name: str, expected: str) -> None:
    """One line, with what may have been meant."""
    with pytest.raises(DemoError) as raised:
        named(name)
    assert expected == str(raised.value)


@pytest.mark.parametrize(
    ("name", "host", "expected"),
    [
        ("nfs", "kvm22", "nfs-cut can't be put on 'kvm22', but on kvm2, kvm1"),
        ("mysql", "kvm1", "mysql-full can't be put on 'kvm1', but on db1"),
    ],
)
def test_a_host_where_it_can_not_be(name: str, host: str, expected: str) -> None:
    """One line, with where it can be; nothing is broken."""
    with pytest.raises(DemoError) as raised:
        Broken(Cloud(TEST)).add(name, host)
    assert expected == str(raised.value)


def test_healing_what_is_not_broken() -> None:
    """Refused where something is named, so that a slip of the pen shows; else there is nothing to do."""
    broken = Broken(Cloud(TEST))
    assert [] == broken.heal()
    with pytest.raises(DemoError, match="nfs-cut on kvm2 is not broken"):
        broken.heal("nfs", "kvm2")
    with pytest.raises(DemoError, match="nothing is broken on 'kvm2'"):
        broken.heal("", "kvm2")
