"""What is believed of an agent whose servers were down, or whom we could not ask: nobody is paged for that."""

from __future__ import annotations

from cs_exporter.probes.agents.evidence import Source
from tests.probes.agents.agent_stand import KVM1, KVM2, MS1, Fleet, at_host, at_server, closed, own, said, served

NOW = 1000.0
SERVER, AGENT = Source.SERVER, Source.AGENT


def test_a_restart_of_the_only_server_pages_no_host() -> None:
    """While it is down no time runs out; then each has a whole limit to return, and ages are what they are."""
    fleet = Fleet((KVM1, MS1))
    fleet.row(NOW, ms1=at_server(served(KVM1, NOW - 5)), kvm1=at_host(own(KVM1, MS1, NOW - 5)))
    down = fleet.row(NOW + 100, ms1=closed(), kvm1=at_host())
    assert (None, None, {SERVER: 105, AGENT: 105}, None) == (*said(down), down.left)
    dark = fleet.row(NOW + 200, ms1=None, kvm1=at_host())
    assert (None, None, {SERVER: 205, AGENT: 205}, None) == (*said(dark), dark.left)
    back = fleet.row(NOW + 300, ms1=at_server(), kvm1=at_host())
    assert (None, SERVER, {SERVER: 305}, 140) == (*said(back), back.left)
    late = fleet.row(NOW + 430, ms1=at_server(), kvm1=at_host())
    assert (None, SERVER, 10) == (late.row.connected, late.row.evidence, late.left)
    gone = fleet.row(NOW + 440, ms1=at_server(), kvm1=at_host())
    assert (False, SERVER, 0) == (gone.row.connected, gone.row.evidence, gone.left)
    again = fleet.row(NOW + 450, ms1=at_server(served(KVM1, NOW + 445)), kvm1=at_host())
    assert (True, 135) == (again.row.connected, again.left)


def test_a_server_that_was_down_when_we_came() -> None:
    """It has come back all the same; one that we just had not asked yet has not."""
    fleet = Fleet((KVM1, MS1))
    fleet.row(NOW, ms1=closed(), kvm1=at_host())
    assert None is fleet.row(NOW + 30, ms1=at_server(), kvm1=at_host()).row.connected
    fleet = Fleet((KVM1, MS1))
    fleet.row(NOW, kvm1=at_host())
    assert False is fleet.row(NOW + 30, ms1=at_server(), kvm1=at_host()).row.connected


def test_an_agent_that_was_gone_before_its_server() -> None:
    """A restart does not excuse it; one that had not had its time to return has it anew."""
    for down, connected, left in ((210, False, -260), (180, None, 140)):
        fleet = Fleet((KVM1, MS1))
        fleet.row(NOW, ms1=at_server(served(KVM1, NOW)), kvm1=None)
        fleet.row(NOW + 50, ms1=at_server(), kvm1=None)
        fleet.row(NOW + down, ms1=closed(), kvm1=None)
        back = fleet.row(NOW + 400, ms1=at_server(), kvm1=None)
        assert (connected, left) == (back.row.connected, back.left)


def test_we_could_not_ask_a_server_that_was_there() -> None:
    """It still has others' sessions: one that it lost meanwhile is gone."""
    fleet = Fleet((KVM1, KVM2, MS1))
    fleet.row(NOW, ms1=at_server(served(KVM1, NOW), served(KVM2, NOW)), kvm1=None, kvm2=None)
    fleet.row(NOW + 100, ms1=None, kvm1=None, kvm2=None)
    back = fleet.row(NOW + 200, ms1=at_server(served(KVM2, NOW + 199)), kvm1=None, kvm2=None)
    assert (False, -60) == (back.row.connected, back.left)
    fleet.row(NOW + 350, ms1=None, kvm1=None, kvm2=None)
    anew = at_server(served(KVM2, NOW + 399, port=50000))
    assert {("kvm1", False), ("kvm2", True)} == {
        (key[0], row.connected)
        for key, row in fleet.derive(NOW + 400, {"ms1": anew, "kvm1": None, "kvm2": None}).rows.items()
    }
