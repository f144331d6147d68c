"""What is remembered of an agent: the newest ping, who has it, and when its session began."""

from __future__ import annotations

from cs_exporter.probes.agents.ears import Line
from cs_exporter.probes.agents.evidence import Memory, Sight
from cs_exporter.probes.agents.memories import remember
from cs_exporter.probes.agents.scenes import Scene
from cs_exporter.probes.agents.sessions import Own, Served
from tests.probes.agents.agent_stand import KVM1, MS1, own, served

NOW = 1000.0


def sight(now: float, held: Served | None = None, own_ends: list[Own] | None = None, line: Line | None = None) -> Sight:
    """What is seen at `now`, with one server that was asked just then."""
    scene = Scene({"ms1": now}, {"ms1": now + 15}, complete=True, listens=True)
    return Sight(held, "ms1" if held else "", own_ends, now + 30, scene, now, line)


def test_a_session_begins_anew() -> None:
    """By its port at the server, else at its host; the same one goes on, also after it could not be seen."""
    first = remember(Memory(), sight(NOW, served(KVM1, NOW, port=1)))
    hidden = remember(first, sight(NOW + 10))
    same = remember(hidden, sight(NOW + 20, served(KVM1, NOW, port=1)))
    new = remember(same, sight(NOW + 30, served(KVM1, NOW, port=2)))
    assert [NOW, NOW, NOW, NOW + 30] == [one.joined for one in (first, hidden, same, new)]
    at = remember(Memory(), sight(NOW, own_ends=[own(KVM1, MS1, NOW, port=1)]))
    goes_on = remember(at, sight(NOW + 30, own_ends=[own(KVM1, MS1, NOW, port=1)]))
    anew = remember(goes_on, sight(NOW + 60, own_ends=[own(KVM1, MS1, NOW, port=2)]))
    assert [NOW, NOW, NOW + 60] == [one.joined for one in (at, goes_on, anew)]


def test_the_newest_ping_stays() -> None:
    """Also when the reading that told of it has gone, or one comes that knows less."""
    heard = remember(Memory(), sight(NOW, line=Line(NOW - 5, "ms1")))
    moments = [None, Line(NOW - 90, "ms2"), Line(NOW + 5, "ms2")]
    assert [Line(NOW - 5, "ms1"), Line(NOW - 5, "ms1"), Line(NOW + 5, "ms2")] == [
        remember(heard, sight(NOW + 15, line=line)).line for line in moments
    ]


def test_the_last_server() -> None:
    """By session, else by log if that is newer."""
    with_session = remember(Memory(), sight(NOW, served(KVM1, NOW - 5), line=Line(NOW - 1, "ms2")))
    gone = remember(with_session, sight(NOW + 20, line=Line(NOW - 9, "ms2")))
    heard = remember(with_session, sight(NOW + 20, line=Line(NOW + 9, "ms2")))
    assert ["ms1", "ms2", "ms2"] == [one.server for one in (with_session, gone, heard)]
    only_older = remember(Memory(server="ms1", server_heard=NOW), sight(NOW, line=Line(NOW - 9, "ms2")))
    assert "ms1" == only_older.server
