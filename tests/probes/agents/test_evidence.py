"""The truth table of one agent: what its servers and its own host say, and what is believed of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from cs_exporter.model import Host
from cs_exporter.probes.agents.evidence import Source
from cs_exporter.probes.agents.sessions import AgentHeartbeatReading
from tests.probes.agents.agent_stand import AGENT as AGENT_NAME
from tests.probes.agents.agent_stand import (
    KVM1,
    KVM2,
    MS1,
    MS2,
    Fleet,
    Seen,
    at_host,
    at_server,
    closed,
    own,
    said,
    served,
)

NOW = 1000.0
SERVER, AGENT, UNSEEN = Source.SERVER, Source.AGENT, Source.UNSEEN
Readings = Mapping[str, AgentHeartbeatReading | None]

WELL: Readings = {
    "ms1": at_server(served(KVM1, NOW - 5)),
    "ms2": at_server(),
    "kvm1": at_host(own(KVM1, MS1, NOW - 5)),
}
LATER = NOW + 100
AT_SERVERS: dict[str, Readings] = {
    "HAS": {"ms1": at_server(served(KVM1, LATER - 20)), "ms2": at_server()},
    "LACKS": {"ms1": at_server(), "ms2": at_server()},
    "UNKNOWN": {"ms1": None, "ms2": at_server()},
    "OFF": {"ms1": closed(), "ms2": closed()},
    "NONE ASKED": {"ms1": None, "ms2": None},
}
AT_HOST: dict[str, AgentHeartbeatReading | None] = {
    "OPEN": at_host(own(KVM1, MS1, LATER - 10)),
    "NONE": at_host(),
    "BLIND": None,
}

TABLE: list[tuple[str, str, bool | None, Source | None, dict[Source, float]]] = [
    ("HAS", "OPEN", True, SERVER, {SERVER: 20, AGENT: 10}),
    ("HAS", "NONE", True, SERVER, {SERVER: 20}),
    ("HAS", "BLIND", True, SERVER, {SERVER: 20}),
    ("LACKS", "OPEN", False, AGENT, {SERVER: 105, AGENT: 10}),
    ("LACKS", "NONE", False, SERVER, {SERVER: 105}),
    ("LACKS", "BLIND", False, SERVER, {SERVER: 105}),
    ("UNKNOWN", "OPEN", True, AGENT, {AGENT: 10}),
    ("UNKNOWN", "NONE", False, SERVER, {SERVER: 105}),
    ("UNKNOWN", "BLIND", None, None, {}),
    ("OFF", "OPEN", None, None, {SERVER: 105, AGENT: 10}),
    ("OFF", "NONE", None, None, {SERVER: 105, AGENT: 105}),
    ("OFF", "BLIND", None, None, {SERVER: 105, AGENT: 105}),
    ("NONE ASKED", "OPEN", None, None, {SERVER: 105, AGENT: 10}),
    ("NONE ASKED", "NONE", None, None, {SERVER: 105, AGENT: 105}),
    ("NONE ASKED", "BLIND", None, None, {}),
]
"""Servers, host: connected, what counts, all ages. Both ends heard it 5 s before NOW, 100 s before."""


def after(before: Readings, then: Readings, *hosts: Host) -> Seen:
    """The row of kvm1 after two moments, 100 s apart."""
    fleet = Fleet((KVM1, MS1, *hosts))
    fleet.row(NOW, **before)
    return fleet.row(LATER, **then)


@pytest.mark.parametrize(("server", "at", "connected", "evidence", "ages"), TABLE)
def test_the_truth_table(
    server: str,
    at: str,
    connected: bool | None,  # noqa: FBT001 (a column)
    evidence: Source | None,
    ages: dict[Source, float],
) -> None:
    """Our own blindness is no evidence, and what was heard once goes on ageing."""
    found = after(WELL, {**AT_SERVERS[server], "kvm1": AT_HOST[at]}, MS2)
    assert (connected, evidence, ages) == said(found)
    assert (None if evidence is None else 140 - ages[evidence]) == found.left


@pytest.mark.parametrize(
    ("server", "at", "connected", "evidence"),
    [
        ("HAS", "BLIND", True, SERVER),
        ("LACKS", "OPEN", False, AGENT),
        ("LACKS", "NONE", False, UNSEEN),
        ("LACKS", "BLIND", False, UNSEEN),
        ("UNKNOWN", "OPEN", True, AGENT),
        ("UNKNOWN", "NONE", False, UNSEEN),
        ("UNKNOWN", "BLIND", None, None),
        ("OFF", "OPEN", None, None),
        ("OFF", "NONE", None, None),
        ("NONE ASKED", "OPEN", None, None),
        ("NONE ASKED", "NONE", None, None),
    ],
)
def test_the_first_look(server: str, at: str, connected: bool | None, evidence: Source | None) -> None:  # noqa: FBT001 (a column)
    """Without a past the verdict is the same; an agent that was never heard counts from now on."""
    found = Fleet((KVM1, MS1, MS2)).row(LATER, **AT_SERVERS[server], kvm1=AT_HOST[at])
    assert (connected, evidence) == (found.row.connected, found.row.evidence)
    assert found.ages.get(UNSEEN, 0) == 0


def test_unseen_counts_from_when_it_could_have_been_seen() -> None:
    """Not from the start, while nobody could be asked; a hearing ends it."""
    fleet = Fleet((KVM1, MS1))
    assert {} == fleet.row(NOW, ms1=None, kvm1=None).ages
    assert {UNSEEN: 0.0} == fleet.row(NOW + 50, ms1=at_server(), kvm1=None).ages
    assert {} == fleet.row(NOW + 60, ms1=None, kvm1=None).ages
    assert {UNSEEN: 40.0} == fleet.row(NOW + 90, ms1=at_server(), kvm1=None).ages
    assert {SERVER: 1.0} == fleet.row(NOW + 100, ms1=at_server(served(KVM1, NOW + 99)), kvm1=None).ages
    assert {SERVER: 11.0} == fleet.row(NOW + 110, ms1=at_server(), kvm1=None).ages


def test_one_of_two_servers_cannot_be_asked() -> None:
    """It may have the session; only the host's own word, or the session at the other one, says more."""
    blind = {"ms1": None, "ms2": at_server()}
    assert (None, None, {}) == said(after(WELL, {**blind, "kvm1": None}, MS2))
    assert (False, SERVER, {SERVER: 105}) == said(after(WELL, {**blind, "kvm1": at_host()}, MS2))
    moved = at_host(own(KVM1, MS2, LATER - 3))
    assert (True, AGENT, {AGENT: 3}) == said(after(WELL, {"ms1": at_server(), "ms2": None, "kvm1": moved}, MS2))
    still = {**AT_SERVERS["HAS"], "ms2": None, "kvm1": None}
    assert (True, SERVER, {SERVER: 20}) == said(after(WELL, still, MS2))


def test_the_server_that_had_it_drops_it_while_another_one_is_off() -> None:
    """As the cloud does with a dead host: its time goes on running out, unless it was heard elsewhere since."""
    dropped = {"ms1": at_server(), "ms2": None, "kvm1": None}
    found = after({**WELL, "kvm1": None}, dropped, MS2)
    assert (None, SERVER, {SERVER: 105}, 35) == (*said(found), found.left)
    fleet = Fleet((KVM1, MS1, MS2))
    fleet.row(NOW, **WELL)
    moved = {**dropped, "kvm1": at_host(own(KVM1, MS2, NOW + 40, port=40001))}
    assert (True, AGENT, {AGENT: 10}) == said(fleet.row(NOW + 50, **moved))
    assert (None, None, {}) == said(fleet.row(LATER, **dropped))


def test_a_server_in_maintenance_need_not_be_asked() -> None:
    """Where it can be, its word counts like the others'; where all are, all of them should be."""
    resting = replace(MS2, maintenance=True)
    found = after(WELL, {"ms1": at_server(), "ms2": None, "kvm1": None}, resting)
    assert (False, SERVER) == (found.row.connected, found.row.evidence)
    there = {"ms1": at_server(), "ms2": at_server(served(KVM1, LATER - 3)), "kvm1": None}
    assert (True, SERVER, {SERVER: 3}) == said(after(WELL, there, resting))
    all_resting = Fleet((KVM1, replace(MS1, maintenance=True), resting))
    assert (None, None, {}) == said(all_resting.row(NOW, ms1=at_server(), ms2=None, kvm1=None))


def test_a_remnant_at_a_server_that_can_be_asked() -> None:
    """The agent has gone to one that can't: the first one's silent session proves nothing against the host's word."""
    before = {**WELL, "ms2": None}
    remnant = {"ms1": at_server(served(KVM1, NOW - 5)), "ms2": None, "kvm1": at_host(own(KVM1, MS2, LATER - 3))}
    assert (True, AGENT, {AGENT: 3}) == said(after(before, remnant, MS2))


def test_a_frozen_server_has_heard_nothing() -> None:
    """Its kernel acknowledges; the host's own end looks well, and the countdown runs all the same."""
    frozen = at_server(served(KVM1, NOW - 5, unread=40))
    found = after(WELL, {"ms1": frozen, "kvm1": at_host(own(KVM1, MS1, LATER - 1))})
    assert (True, SERVER, {SERVER: 105, AGENT: 1}) == said(found)
    never = Fleet((KVM1, MS1)).row(NOW, ms1=at_server(served(KVM1, None, unread=40)), kvm1=None)
    assert (True, UNSEEN) == (never.row.connected, never.row.evidence)


def test_a_server_with_an_address_that_nobody_wrote_down() -> None:
    """Its own sessions tell that it is the one the host is connected to: its word counts."""
    frozen = at_server(served(KVM1, NOW - 5, unread=40), at="10.0.0.9")
    found = after(WELL, {"ms1": frozen, "kvm1": at_host(own(KVM1, "10.0.0.9", LATER - 1))})
    assert (True, SERVER, {SERVER: 105, AGENT: 1}) == said(found)


def test_a_kernel_that_tells_no_times() -> None:
    """Connected is known, and silence is not: nothing counts."""
    server, at = at_server(served(KVM1, None)), at_host(own(KVM1, MS1, None))
    assert (True, None, {}) == said(Fleet((KVM1, MS1)).row(NOW, ms1=server, kvm1=None))
    assert (True, None, {}) == said(Fleet((KVM1, MS1, MS2)).row(NOW, ms1=None, ms2=at_server(), kvm1=at))


def test_a_move_between_servers() -> None:
    """Of two servers one was asked before the other lost the session: no verdict until that one was asked again."""
    fleet = Fleet((KVM1, MS1, MS2))
    there, empty = at_server(served(KVM1, NOW - 5)), at_server()
    first = fleet.row(NOW, ms1=there, ms2=empty, kvm1=None)
    lost = fleet.row(NOW + 15, {"ms2": NOW + 1}, ms1=empty, ms2=empty, kvm1=None)
    assert (True, None) == (first.row.connected, lost.row.connected)
    assert (SERVER, 20) == (lost.row.evidence, lost.ages[SERVER])
    found = at_server(served(KVM1, NOW + 10))
    moved = fleet.row(NOW + 16, {"ms1": NOW + 15}, ms1=empty, ms2=found, kvm1=None)
    assert (True, "ms2", 6) == (moved.row.connected, moved.row.server, moved.ages[SERVER])
    again = fleet.row(NOW + 31, {"ms1": NOW + 30}, ms1=empty, ms2=empty, kvm1=None)
    gone = fleet.row(NOW + 45, {"ms2": NOW + 31}, ms1=empty, ms2=empty, kvm1=None)
    still = fleet.row(NOW + 46, {"ms1": NOW + 45}, ms1=empty, ms2=empty, kvm1=None)
    assert [None, False, False] == [again.row.connected, gone.row.connected, still.row.connected]
    assert 36 == still.ages[SERVER]


def test_a_restart_of_a_server_resets_nothing() -> None:
    """Its sessions are gone, and the ages of the agents that do not come back go on growing."""
    fleet = Fleet((KVM1, MS1))
    fleet.row(NOW, **WELL)
    assert {SERVER: 35} == fleet.row(NOW + 30, ms1=at_server(), kvm1=None).ages
    assert {SERVER: 65} == fleet.row(NOW + 60, ms1=at_server(), kvm1=None).ages
    assert {} == fleet.row(NOW + 90, ms1=None, kvm1=None).ages
    assert {SERVER: 125} == fleet.row(NOW + 120, ms1=at_server(), kvm1=None).ages


def test_silence_is_counted_to_the_next_look() -> None:
    """A server that does not answer when it should is our blindness; what it said is believed while it is fresh."""
    fleet = Fleet((KVM1, MS1))
    there = at_server(served(KVM1, NOW - 50))
    made = {"ms1": NOW}

    def age(now: float, *failing: str, host: AgentHeartbeatReading | None = None) -> tuple[bool | None, float | None]:
        row = fleet.derive(now, {"ms1": there, "kvm1": host}, made, failing).rows["kvm1", AGENT_NAME]
        return row.connected, None if row.evidence is None else row.age(row.evidence, now)

    assert [(True, 50), (True, 60), (True, 65), (True, 65)] == [age(NOW + passed) for passed in (0, 10, 15, 20)]
    assert (True, 65) == age(NOW + 30, "ms1")
    assert {} == fleet.row(NOW + 46, ms1=None, kvm1=None).ages
    fleet = Fleet((KVM1, MS1))
    assert [(True, 50), (True, 65)] == [age(NOW), age(NOW + 20, "ms1", host=at_host())]


def test_a_lost_poll_ends_no_alert() -> None:
    """Of an agent that is gone the verdict stays until the reading ends."""
    fleet = Fleet((KVM1, MS1))
    fleet.row(NOW, ms1=at_server(served(KVM1, NOW)), kvm1=None)
    gone = {"ms1": at_server(), "kvm1": None}
    fleet.derive(NOW + 15, gone)
    lost = fleet.derive(NOW + 32, gone, {"ms1": NOW + 15}, ("ms1",)).rows["kvm1", AGENT_NAME]
    assert (False, 30) == (lost.connected, lost.age(SERVER, NOW + 32))
    assert None is fleet.row(NOW + 61, ms1=None, kvm1=None).row.connected
    assert {SERVER: 75} == fleet.row(NOW + 75, **gone).ages


def test_translated_addresses() -> None:
    """Behind a load balancer all sessions look like its own: the host's word counts, and without it nobody's."""
    balanced = at_server(served("192.0.2.99", NOW - 1), served("192.0.2.99", NOW - 2, port=40001))
    own_word = at_host(own(KVM1, "192.0.2.99", NOW - 5))
    assert (True, AGENT, {AGENT: 5}) == said(Fleet((KVM1, MS1)).row(NOW, ms1=balanced, kvm1=own_word))
    direct = at_host(own(KVM1, MS1, NOW - 5))
    assert (True, AGENT, {AGENT: 5}) == said(Fleet((KVM1, MS1)).row(NOW, ms1=balanced, kvm1=direct))
    assert (None, None, {}) == said(Fleet((KVM1, MS1)).row(NOW, ms1=balanced, kvm1=None))
    assert (False, UNSEEN, {UNSEEN: 0}) == said(Fleet((KVM1, MS1)).row(NOW, ms1=balanced, kvm1=at_host()))


def test_strangers_beside_known_hosts() -> None:
    """One of them may be a host's that can't be asked, until one of its own has been seen; its own word counts."""
    some = at_server(served("192.0.2.99", NOW - 1), served(KVM2, NOW - 2))
    never = Fleet((KVM1, KVM2, MS1))
    assert (None, None, {}) == said(never.row(NOW, ms1=some, kvm1=None, kvm2=None))
    assert (False, UNSEEN, {UNSEEN: 0}) == said(never.row(NOW, ms1=some, kvm1=at_host(), kvm2=None))
    seen = Fleet((KVM1, KVM2, MS1))
    seen.row(NOW - 50, ms1=at_server(served(KVM1, NOW - 50)), kvm1=None, kvm2=None)
    assert (False, SERVER, {SERVER: 50}) == said(seen.row(NOW, ms1=some, kvm1=None, kvm2=None))
    nobody = at_server(served(KVM2, NOW - 2))
    assert (False, UNSEEN, {UNSEEN: 0}) == said(Fleet((KVM1, KVM2, MS1)).row(NOW, ms1=nobody, kvm1=None))


def test_a_host_that_is_only_named() -> None:
    """Nobody knows its address while it can't be asked: a stranger may be it, however long."""
    named = Host("kvm1", "kvm1.example.org", roles=KVM1.roles, settings=KVM1.settings)
    fleet = Fleet((named, KVM2, MS1))
    for passed in range(0, 300, 30):
        some = at_server(served("192.0.2.77", NOW + passed), served(KVM2, NOW + passed))
        assert (None, None, {}) == said(fleet.row(NOW + passed, ms1=some, kvm1=None, kvm2=None))
