"""What the cloud's own word makes of an agent, and agents whose sessions are not to be seen: balancers, system VMs."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.model import Connection, Role
from tests.probes.agents.agent_stand import (
    AGENT,
    KVM1,
    KVM2,
    MS1,
    Fleet,
    Seen,
    at_host,
    at_server,
    host,
    log,
    own,
    served,
    state,
    states,
)
from tests.probes.agents.logged_stand import (
    AT,
    HOSTS,
    LATER,
    LOG,
    MOVING,
    NOW,
    OTHERS,
    SERVER,
    SILENT,
    SOCKET,
    WELL,
    Readings,
    after,
)

SSVM = replace(host("s-1-VM", "192.0.2.60", Role.SECONDARY_STORAGE_VM), connection=Connection.NONE)


def test_behind_a_load_balancer() -> None:
    """Sessions are anybody's there, and the log names the agent: it pings, or it does not."""
    balanced = at_server(served("192.0.2.99", LATER - 1), served("192.0.2.99", LATER - 2, port=40001))
    at = at_host(own(KVM1, "192.0.2.99", LATER - 4))
    well = {
        "ms1": at_server(served("192.0.2.99", NOW)),
        "ms2": at_server(),
        "kvm1": at_host(own(KVM1, "192.0.2.99", NOW)),
    }
    readings = {"ms1": balanced, "ms2": balanced, "kvm1": at}
    found = after(readings, before=well, ms1=SILENT, ms2=OTHERS)
    assert (True, LOG, 40.0, True) == (found.row.connected, found.row.evidence, found.left, found.row.stopped)
    one_log = after(readings, before=well, ms1=SILENT)
    assert (SOCKET, 136.0) == (one_log.row.evidence, one_log.left), "it may be at the other one"
    told = after(readings, ("kvm1", "Up", "ms1"), before=well, ms1=SILENT)
    assert (LOG, 40.0) == (told.row.evidence, told.left)
    blind = after({**readings, "kvm1": None}, before=well, ms1=log(LATER, {"kvm1": LATER - 20, "kvm2": LATER}))
    assert (True, LOG, 120.0) == (blind.row.connected, blind.row.evidence, blind.left)


def test_a_restart_behind_a_load_balancer() -> None:
    """Of a host that can't be asked the cloud's word says that it came back: its time begins anew."""
    fleet = Fleet(HOSTS)
    for now, changes in ((NOW, 3), (NOW + 40, 3), (LATER - 5, 6)):
        fleet.logs = {"ms1": log(now, {"kvm1": NOW, "kvm2": now})}
        fleet.states = {AT.name: states(AT, state("kvm1", "Up", "ms1", None, changes))}
        fleet.derive(now, {"ms1": at_server(), "ms2": at_server(), "kvm1": None})
    fleet.logs = {"ms1": SILENT}
    assert 135.0 == fleet.row(LATER, ms1=at_server(), ms2=at_server(), kvm1=None).left


def test_a_system_vm() -> None:
    """Nobody logs in to it: it is judged by what servers say, and is no unknown for ever."""
    fleet = Fleet((SSVM, KVM2, MS1), logs={"ms1": log(NOW, {"s-1-VM": NOW - 20, "kvm2": NOW})})
    key = SSVM.name, AGENT
    by_log = fleet.derive(NOW, {"ms1": at_server(served("192.0.2.99", NOW))}).rows[key]
    assert (True, LOG, "ms1", 120.0) == (by_log.connected, by_log.evidence, by_log.server, by_log.left(NOW))
    fleet = Fleet((SSVM, KVM2, MS1))
    by_socket = fleet.derive(NOW, {"ms1": at_server(served(SSVM, NOW - 30))}).rows[key]
    assert (True, SERVER, 110.0) == (by_socket.connected, by_socket.evidence, by_socket.left(NOW))
    gone = fleet.derive(LATER, {"ms1": at_server()}).rows[key]
    assert (False, 10.0) == (gone.connected, gone.left(LATER))


def test_a_host_that_the_cloud_has_given_up() -> None:
    """Nothing counts down any more, until it is Up again; what was heard is still told."""
    for word, left in (("Up", 40.0), ("", 40.0), *((other, None) for other in ("Alert", "Down", "Connecting"))):
        found = after(MOVING, ("kvm1", word, "ms1"), ms1=SILENT)
        assert (left, 100.0) == (found.left, found.ages[LOG]), word
        by_sockets = after({**WELL, "kvm1": None}, ("kvm1", word, "ms1"))
        assert (left, 100.0) == (by_sockets.left, by_sockets.ages[SERVER]), word


def test_the_verdict_is_not_undone_by_a_lost_poll() -> None:
    """Neither server nor host answered this time: what counted before the cloud's verdict does not count again."""
    fleet = Fleet((KVM1, MS1, AT))
    fleet.derive(NOW, {"ms1": at_server(served(KVM1, NOW - 60)), "kvm1": None})
    fleet.states = {AT.name: states(AT, state("kvm1", "Alert"))}
    lost = fleet.derive(NOW + 20, {"ms1": WELL["ms1"]}, {"ms1": NOW}, ("ms1",))
    assert None is lost.rows["kvm1", AGENT].left(NOW + 20)


def test_the_database_knows_no_heartbeat() -> None:
    """`last_ping` is when a host connected: fresh or ages old, it moves nothing and is no source."""
    rows = []
    for connected in (None, 5.0, 1_795_250_000.0 + LATER):
        fleet = Fleet(HOSTS, logs={"ms1": SILENT})
        fleet.states = {AT.name: states(AT, replace(state("kvm1", "Up", "ms1"), connected=connected))}
        rows.append(fleet.row(LATER, **MOVING))
    assert 1 == len({(one.left, *one.ages.items()) for one in rows})
    assert {LOG, SERVER, SOCKET} == {*rows[0].ages}


def test_whose_the_agent_is() -> None:
    """The session's server, else the cloud's word, else the last that heard it, by socket or log."""
    blind: Readings = {"ms1": None, "ms2": None, "kvm1": None}
    heard_later = log(LATER, {"kvm1": LATER - 9, "kvm2": LATER})
    assert "ms1" == after(MOVING, ("kvm1", "Up", "ms2"), ms1=SILENT).row.server
    assert "ms2" == after(blind, ("kvm1", "Up", "ms2"), ms1=SILENT).row.server
    assert "ms1" == after(blind, ("kvm1", "Alert", ""), ms1=SILENT).row.server
    assert "ms2" == after(blind, ms1=SILENT, ms2=heard_later).row.server
    assert "ms1" == after(blind).row.server


def test_a_clouds_word_reaches_its_row() -> None:
    """Though nothing else has changed."""
    fleet = Fleet((KVM1, MS1, AT))
    readings: Readings = {"ms1": at_server(served(KVM1, NOW)), "kvm1": None}
    made = {"ms1": NOW}
    assert 130.0 == Seen(fleet.derive(NOW + 10, readings, made).rows["kvm1", AGENT], NOW + 10).left
    fleet.states = {AT.name: states(AT, state("kvm1", "Alert"))}
    assert None is Seen(fleet.derive(NOW + 11, readings, made).rows["kvm1", AGENT], NOW + 11).left
