"""Names, durations, amounts and times as the pages say them."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from cs_exporter.model import Failure, Reason
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom
from cs_exporter.symptoms import Holding
from cs_exporter.web import words
from cs_exporter.web.picture import Blind, Left, State
from cs_exporter.web.watch import Seen

NEAR = Symptom(
    name="CsNear",
    sees="It is near.",
    metric="cs_distance_metres",
    limit=Limit(Op.BELOW, 2.0, step=0.1),
    runs=1,
    severity=Severity.WARNING,
    cause=Cause.PATH,
    unit="metres",
    means="It comes.",
    look=("look, on the host",),
    fix="Run.",
    labels=MappingProxyType({"state": "near"}),
)


def seen(symptom: Symptom, value: float = 1.2345, limit: float = 2.0, since: float = 0.0, wait: float = 60.0) -> Seen:
    """One symptom on one host."""
    labels = {"peer": "<x>", "state": "near", "empty": ""}
    return Seen(Holding(symptom, "a", labels, value, limit), since, wait)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CsNfsMountHung", "NFS mount hung"),
        ("CsHostAlertImminentCritical", "Host alert imminent"),
        ("CsPathMtuBlackhole", "Path MTU blackhole"),
        ("CsGaleraTooSmall", "Galera too small"),
        ("CsMysqlReplicaIoStopped", "MySQL replica IO stopped"),
        ("CsIscsiSessionDown", "iSCSI session down"),
        ("CsVmsStuckInTransition", "VMs stuck in transition"),
        ("CsRabbitmqTopicWithoutConsumer", "RabbitMQ topic without consumer"),
        ("CsOpenStackApiSlow", "OpenStack API slow"),
        ("CsOpenStackEndpointDownWarning", "OpenStack endpoint down"),
        ("CsPortDownInfo", "Port down"),
    ],
)
def test_an_alert_s_name_is_words(name: str, expected: str) -> None:
    """How severe it is stands beside it, and is not said twice."""
    assert expected == words.spelt(name)


def test_every_symptom_can_be_spelt() -> None:
    """And every cause and state has a word of its own."""
    of_probes, of_derived = ([one.name for sheet in sheets for one in sheet.symptoms] for sheets in (PROBES, DERIVED))
    names = [*of_probes, *of_derived]
    firsts = [words.spelt(name).split()[0] for name in names]
    assert all(first != first.lower() and not first.startswith("Cs") for first in firsts)
    assert set(Cause) == words.CAUSES.keys()
    assert len(State) == len(set(words.STATES.values()))


@pytest.mark.parametrize(
    ("unit", "age", "value", "limit", "expected"),
    [
        ("metres", False, 1.2345, 2.0, "1.23 metres, limit 2 metres"),
        ("ratio", False, 0.86123, 0.8, "86.1 %, limit 80 %"),
        ("seconds", False, 0.0712, 0.05, "71.2 ms, limit 50 ms"),
        ("seconds", False, 214.0, 75.0, "3 min 34 s, limit 1 min 15 s"),
        ("bytes", False, 123456.0, 1500.0, "123456 bytes, limit 1500 bytes"),
        ("messages", False, 5.0, 0.0, "5 messages"),
        ("boolean", False, 1.0, 1.0, ""),
        ("seconds", True, 5400.0, 4500.0, "1 h 30 min ago"),
        ("seconds", True, -86400.0, -172800.0, "in 1 d"),
    ],
)
def test_an_amount_has_its_unit_and_its_limit(unit: str, age: bool, value: float, limit: float, expected: str) -> None:  # noqa: FBT001
    """What is or is not has none."""
    symptom = replace(NEAR, unit=unit, limit=Limit(Op.ABOVE, limit, 0.1, age=age))
    assert expected == words.amount(seen(symptom, value, limit))


def test_labels_are_those_that_tell_it_from_others() -> None:
    """Not the ones that the symptom is about anyway."""
    assert "peer <x>" == words.labels(seen(NEAR))


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (0.0, "just seen, alert after 1 min"),
        (42.0, "for 42 s, alert after 1 min"),
        (60.0, "for 1 min"),
        (912.0, "for 15 min"),
        (7500.0, "for 2 h"),
    ],
)
def test_how_long_it_has_lasted(age: float, expected: str) -> None:
    """And how long its alert waits, while it does."""
    assert expected == words.lasting(seen(NEAR), age)


def test_information_has_no_alert_to_wait_for() -> None:
    """Nobody is told of it."""
    assert "for 42 s" == words.lasting(seen(replace(NEAR, severity=Severity.INFO)), 42.0)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (31.2, "31 s to Alert"),
        (95.0, "1 min 35 s to Alert"),
        (-12.4, "Alert overdue by 12 s"),
        (0.0, "Alert any moment"),
    ],
)
def test_the_time_left(seconds: float, expected: str) -> None:
    """Overdue is said in words, not by a sign."""
    assert expected == words.left(Left(seconds, "Alert"))


def test_what_can_t_be_asked() -> None:
    """All of it: the reasons. Some of it: how much."""
    late, lost = Blind("a", Failure(Reason.TIMEOUT, "")), Blind("b", Failure(Reason.HOST_KEY, ""))
    assert "timeout, host key" == words.unanswered((late, lost), 2)
    assert "1 of 6 questions: timeout" == words.unanswered((late,), 6)


def test_moments_are_utc() -> None:
    """Operators of one cloud sit in several countries."""
    assert ("06:13:20", "2023-11-15T06:13:20Z") == (words.moment(1_700_028_800.0), words.stamp(1_700_028_800.0))
