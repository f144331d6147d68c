"""Rows of the matrix about agents: each holds where it should, by the judge that pages and terminal use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.board import FLEET, Board
from cs_exporter.model import Outcome
from cs_exporter.probes.agents import agent_countdown, agent_heartbeat
from cs_exporter.probes.agents.agent_heartbeat import NAME
from cs_exporter.probes.agents.sessions import AgentHeartbeatReading
from cs_exporter.symptoms import holding
from tests.probes.agents.agent_stand import (
    KVM1,
    KVM2,
    MS1,
    WALL,
    Fleet,
    at_host,
    at_server,
    closed,
    log,
    own,
    served,
)

NOW = 1000.0
SILENT, CRITICAL = ("kvm1", "CsHostAlertImminent"), ("kvm1", "CsHostAlertImminentCritical")


def symptoms(**readings: AgentHeartbeatReading | None) -> set[tuple[str, str]]:
    """(host, symptom) that hold with these readings."""
    fleet = Fleet((KVM1, MS1))
    board = Board(fleet.inventory)
    for name, reading in readings.items():
        if reading is not None:
            board.land(Outcome(NAME, name, WALL, NOW, 0.1, reading), 30.0)
    derived = fleet.derive(NOW, readings)
    board.land(Outcome("agent_countdown", FLEET, WALL, NOW, 0.0, derived), 30.0)
    specs = (agent_heartbeat.SPEC, agent_countdown.SPEC)
    return {(held.host, held.symptom.name) for held in holding(board.snapshot(NOW), specs, WALL)}


@pytest.mark.parametrize(
    ("age", "expected"),
    [(60, set()), (89, set()), (91, {SILENT}), (104, {SILENT}), (106, {SILENT, CRITICAL}), (200, {SILENT, CRITICAL})],
)
def test_a_silent_agent(age: float, expected: set[tuple[str, str]]) -> None:
    """A healthy one is heard each minute; at 90 s a warning, at 105 s a page, 35 s before the cloud can act."""
    assert expected == symptoms(ms1=at_server(served(KVM1, NOW - age)), kvm1=None)


def test_a_session_that_is_gone() -> None:
    """Told at once, whatever the age."""
    assert {("kvm1", "CsAgentSessionGone")} == symptoms(ms1=at_server(), kvm1=None)


def test_a_session_that_loses_packets() -> None:
    """At either end."""
    at = at_host(own(KVM1, MS1, NOW - 5, retransmits=2))
    assert {("kvm1", "CsAgentRetransmitting")} == symptoms(ms1=at_server(served(KVM1, NOW - 5)), kvm1=at)


def test_strangers() -> None:
    """Under the server that has them."""
    reading = at_server(served(KVM1, NOW - 5), served("192.0.2.99", NOW))
    assert {("ms1", "CsAgentSessionsUnmapped")} == symptoms(ms1=reading, kvm1=None)


def test_a_server_that_is_down_or_does_not_read() -> None:
    """Nobody can give up a host while no server runs: the cause alone is told."""
    assert {("ms1", "CsManagementAgentPortClosed")} == symptoms(ms1=closed(), kvm1=at_host())
    unread = at_server(replace(served(KVM1, NOW - 5, unread=40), left_unread=True))
    assert {("ms1", "CsManagementAgentsUnread")} == symptoms(ms1=unread, kvm1=None)


def test_pings_that_have_stopped() -> None:
    """A warning of its own beside the countdown; an agent that is silent altogether has not that one."""
    found = []
    for moved in (NOW, NOW - 95):
        fleet = Fleet((KVM1, KVM2, MS1))
        for now in (NOW - 95, NOW - 40, NOW):
            fleet.logs = {"ms1": log(now, {"kvm1": NOW - 95, "kvm2": now})}
            derived = fleet.derive(now, {"ms1": at_server(served(KVM1, min(now, moved))), "kvm1": None, "kvm2": None})
        board = Board(fleet.inventory)
        board.land(Outcome("agent_countdown", FLEET, WALL, NOW, 0.0, derived), 30.0)
        held = holding(board.snapshot(NOW), (agent_countdown.SPEC,), WALL)
        found.append({(one.host, one.symptom.name) for one in held if one.host == "kvm1"})
    assert [{SILENT, ("kvm1", "CsAgentPingsStopped")}, {SILENT}] == found


def test_pings_of_strangers() -> None:
    """Under the server that wrote them down."""
    fleet = Fleet((KVM1, MS1), logs={"ms1": log(NOW, {"node-17": NOW})})
    board = Board(fleet.inventory)
    derived = fleet.derive(NOW, {"ms1": at_server(served(KVM1, NOW)), "kvm1": None})
    board.land(Outcome("agent_countdown", FLEET, WALL, NOW, 0.0, derived), 30.0)
    held = holding(board.snapshot(NOW), (agent_countdown.SPEC,), WALL)
    assert [("ms1", "CsAgentPingsUnmapped")] == [(one.host, one.symptom.name) for one in held]


def test_nobody_can_be_asked() -> None:
    """Our own blindness is no symptom of theirs."""
    assert set() == symptoms(ms1=None, kvm1=None)
