"""Whom clouds and logs mean, and what a cloud's word is worth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.model import Inventory
from cs_exporter.probes.agents.clouds import Clouds, Word, clouds
from cs_exporter.probes.logs.reading import Heard
from tests.probes.agents.agent_stand import KVM1, KVM2, MS1, MS2, endpoint, inventory, state, states

AT = endpoint(KVM1, KVM2, MS1, MS2)
HOSTS = inventory(KVM1, KVM2, MS1, MS2, AT)


def said(*words: tuple[str, str, str, int | None], before: Clouds | None = None, now: float = 100.0) -> Clouds:
    """What is known by such an answer: host, state, server, changes of state."""
    rows = [state(host, word, server, number, changes) for number, (host, word, server, changes) in enumerate(words, 4)]
    return clouds(HOSTS, {AT.name: states(AT, *rows)}, {AT.name: now}, before or Clouds())


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (Heard(99, 0.0, "uuid-kvm1", "other"), "kvm1"),
        (Heard(4, 0.0), "kvm1"),
        (Heard(99, 0.0, name="kvm2"), "kvm2"),
        (Heard(99, 0.0, name="KVM2.example.org"), "kvm2"),
        (Heard(99, 0.0, name="kvm3"), ""),
        (Heard(99, 0.0), ""),
    ],
)
def test_whom_a_log_means(heard: Heard, expected: str) -> None:
    """By uuid, by number, by name: whichever is known."""
    told = said(("kvm1", "Up", "", None), ("kvm2", "Up", "", None))
    assert expected == told.names["static"].host(heard)


def test_without_a_platform() -> None:
    """Names alone, whether with a domain here or there; what two hosts are called is nobody's."""
    long = replace(KVM1, name="kvm1.example.org")
    twins = (replace(KVM2, name="kvm2.a.example.org"), replace(KVM2, name="kvm2.b.example.org"))
    names = clouds(inventory(long, *twins, MS1), {}, {}, Clouds()).names["static"]
    called = ("kvm1", "kvm1.example.org", "kvm2", "kvm2.a.example.org", "ms1")
    expected = ["kvm1.example.org", "kvm1.example.org", "", "kvm2.a.example.org", "ms1"]
    assert expected == [names.host(Heard(1, 0.0, name=name)) for name in called]


def test_a_cloud_calls_a_host_otherwise() -> None:
    """The log has the cloud's name, and so has the API, which gives no numbers."""
    other = replace(state("kvm1"), name="node-17.example.org")
    told = clouds(HOSTS, {AT.name: states(AT, other)}, {}, Clouds())
    assert ["kvm1", "kvm1"] == [
        told.names["static"].host(Heard(9, 0.0, name=name)) for name in ("node-17.example.org", "node-17")
    ]


def test_words() -> None:
    """State, server and changes of our hosts; a server that is none of ours is not named, nor is a strange host."""
    told = said(("kvm1", "Up", "ms1", 3), ("kvm2", "Alert", "ms9", 4), ("stranger", "Up", "ms1", 1))
    assert {"kvm1": Word("Up", "ms1", 3, 0.0, True), "kvm2": Word("Alert", "", 4, 0.0, True)} == told.words  # noqa: FBT003
    unnumbered = clouds(HOSTS, {AT.name: states(AT, state("kvm1"))}, {}, Clouds())
    assert not unnumbered.words["kvm1"].is_numbered
    assert {"kvm1": False, "kvm2": True} == {name: word.given_up for name, word in told.words.items()}
    assert not Word("", "", None).given_up


def test_a_system_vm_is_known_by_its_name() -> None:
    """Its agent's uuid in the cloud need not be that of the VM."""
    vm = replace(KVM1, name="v-2-VM")
    told = clouds(inventory(vm, AT), {AT.name: states(AT, state("v-2-VM"))}, {}, Clouds())
    assert {"v-2-VM"} == {*told.words}


@pytest.mark.parametrize(
    ("then", "joined"),
    [
        (("Up", "ms1", 3), 0.0),
        (("Up", "ms1", 4), 0.0),  # found up by an investigation
        (("Up", "ms1", 6), 200.0),
        (("Up", "ms2", 3), 200.0),
        (("Up", "", 3), 0.0),
        (("Up", "ms1", None), 0.0),
        (("Alert", "", 4), 0.0),
    ],
)
def test_a_host_that_has_come_back(then: tuple[str, str, int | None], joined: float) -> None:
    """It was away between two answers: with another server, or by its changes of state."""
    first = said(("kvm1", "Up", "ms1", 3))
    assert joined == said(("kvm1", *then), before=first, now=200.0).words["kvm1"].joined


def test_back_from_alert() -> None:
    """The time begins anew when it is Up again."""
    first = said(("kvm1", "Alert", "", 3))
    up = said(("kvm1", "Up", "ms1", 5), before=first, now=200.0)
    assert 200.0 == up.words["kvm1"].joined
    assert 200.0 == said(("kvm1", "Up", "ms1", 5), before=up, now=300.0).words["kvm1"].joined


def test_what_is_the_same_stays_the_same() -> None:
    """The whole while nobody answered anew; else the words and the names that did not change."""
    first = said(("kvm1", "Up", "ms1", 3), ("kvm2", "Up", "ms1", 3))
    assert first is clouds(HOSTS, first.readings, {}, first)
    second = said(("kvm1", "Up", "ms1", 3), ("kvm2", "Up", "ms2", 3), before=first)
    assert first.names["static"] is second.names["static"]
    assert [True, False] == [first.words[name] is second.words[name] for name in ("kvm1", "kvm2")]


def test_a_cloud_that_can_be_asked_no_more() -> None:
    """Its word ends; whom it means is still known, until there is another inventory."""
    first = said(("kvm1", "Up", "ms1", 3))
    gone = clouds(HOSTS, {}, {}, first)
    assert ({}, "kvm1") == (gone.words, gone.names["static"].host(Heard(4, 0.0)))
    anew = Inventory({**HOSTS.hosts})
    assert "" == clouds(anew, {}, {}, gone).names["static"].host(Heard(4, 0.0))
