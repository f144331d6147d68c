"""A row's numbers: round trip, whether an end sends again, and how often since we look."""

from __future__ import annotations

from cs_exporter.probes.agents.sessions import AgentHeartbeatReading
from tests.probes.agents.agent_stand import KVM1, MS1, Fleet, at_host, at_server, own, served

NOW = 1000.0


def test_round_trip_of_the_servers_end_first() -> None:
    """It sees the path that pings take; without it the host's own will do."""
    server, at = at_server(served(KVM1, NOW)), at_host(own(KVM1, MS1, NOW))
    assert 0.001 == Fleet((KVM1, MS1)).row(NOW, ms1=server, kvm1=at).row.rtt
    assert 0.002 == Fleet((KVM1, MS1)).row(NOW, ms1=None, kvm1=at).row.rtt
    none = Fleet((KVM1, MS1)).row(NOW, ms1=at_server(), kvm1=at_host())
    assert (None, None, None) == (none.row.rtt, none.row.retransmitting, none.row.retransmits)


def test_either_end_sends_again() -> None:
    """The server's words get lost, or the agent's."""
    for server, at in ((3, 0), (0, 3)):
        readings: dict[str, AgentHeartbeatReading | None] = {
            "ms1": at_server(served(KVM1, NOW, retransmits=server)),
            "kvm1": at_host(own(KVM1, MS1, NOW, retransmits=at)),
        }
        assert True is Fleet((KVM1, MS1)).row(NOW, **readings).row.retransmitting
    well: dict[str, AgentHeartbeatReading | None] = {
        "ms1": at_server(served(KVM1, NOW)),
        "kvm1": at_host(own(KVM1, MS1, NOW)),
    }
    assert False is Fleet((KVM1, MS1)).row(NOW, **well).row.retransmitting


def test_retransmits_only_grow() -> None:
    """From when we came; across new sessions, and a host that can't be asked for a while."""
    fleet = Fleet((KVM1, MS1))

    def count(server: int, port: int, at: int | None) -> int | None:
        there = at_server(served(KVM1, NOW, port=port, retransmits=server))
        own_end = None if at is None else at_host(own(KVM1, MS1, NOW, retransmits=at))
        return fleet.row(NOW, ms1=there, kvm1=own_end).row.retransmits

    assert [0, 2, 5, 5, 9] == [
        count(100, 1, 50),
        count(101, 1, 51),
        count(3, 2, None),  # a new session
        count(3, 2, 51),
        count(3, 2, 55),
    ]


def test_the_latest_of_several_sessions() -> None:
    """Of an agent that has two, at either end, the one that was heard last."""
    old, new = served(KVM1, NOW - 90, port=1, retransmits=7), served(KVM1, NOW - 3, port=2)
    ends = own(KVM1, MS1, NOW - 90, port=1, retransmits=7), own(KVM1, MS1, NOW - 3, port=2)
    for sessions, own_ends in (((old, new), ends), ((new, old), ends[::-1])):
        found = Fleet((KVM1, MS1)).row(NOW, ms1=at_server(*sessions), kvm1=at_host(*own_ends))
        assert ({3.0}, False) == ({*found.ages.values()}, found.row.retransmitting)


def test_time_left() -> None:
    """The limit minus the age of what counts; negative when overdue, absent when nothing counts."""
    fleet = Fleet((KVM1, MS1))
    assert 130.0 == fleet.row(NOW, ms1=at_server(served(KVM1, NOW - 10)), kvm1=None).left
    assert -60.0 == fleet.row(NOW + 190, ms1=at_server(), kvm1=None).left
    assert None is fleet.row(NOW + 190, ms1=None, kvm1=None).left
