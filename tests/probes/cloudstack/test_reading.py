"""What is known of a cloud by several answers: who is in the inventory, whose word it is, and how much came of late."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.platforms.cloudstack.states import Part, PoolState, Source, States, SystemVmState, VmsInState
from cs_exporter.probes.cloudstack.reading import ERRORS_WINDOW, KEPT, CloudStackStatesReading, compared
from tests.probes.cloudstack.states_stand import KVM1, MS1, NAMES, PING, WALL, hosts


def course(*answers: States, interval: float = 15.0) -> CloudStackStatesReading:
    """The reading after these answers."""
    reading: CloudStackStatesReading | None = None
    for number, states in enumerate(answers):
        reading = compared(states, NAMES, reading, number * interval, PING)
    assert reading is not None
    return reading


def in_error(count: int, zone: str = "z1", source: Source = Source.DATABASE) -> States:
    """An answer with so many VMs in Error."""
    vms = (VmsInState(zone, "Error", count), VmsInState(zone, "Starting", 9)) if count else ()
    return States(source, vms=vms, pools=(PoolState("p", "p", "RBD", "Up", zone=zone),))


def test_who_has_rows() -> None:
    """Hypervisors and servers of the inventory; agents of system VMs are none."""
    stranger, proxy = replace(KVM1, uuid="x9", name="x9"), replace(KVM1, kind="ConsoleProxy")
    reading = course(States(Source.DATABASE, (KVM1, stranger), (MS1, replace(MS1, uuid="x1"))))
    assert ["kvm1"] == [name for name, _ in reading.hypervisors()]
    assert ["ms1"] == [name for name, _ in reading.own_servers]
    assert {} == course(States(Source.DATABASE, (proxy,))).hosts


def test_a_server_given_away_has_none() -> None:
    """Down for longer than a week."""
    old = replace(MS1, state="Down", beat_age=8 * 86400.0)
    assert () == course(States(Source.DATABASE, servers=(old,))).own_servers


def test_who_owns_a_host_is_not_always_told() -> None:
    """The database leaves the column empty, an old API has none at all."""
    nobody = hosts(2, server="")
    for source, states, expected in (
        (Source.DATABASE, nobody, True),
        (Source.API, nobody, False),
        (Source.API, (nobody[0], replace(nobody[1], server="ms1")), True),
        (Source.DATABASE, (replace(nobody[0], state="Alert"),), False),
    ):
        reading = course(States(source, states))
        assert expected is reading.unowned(reading.hosts["h1"])


def test_agents_of_servers() -> None:
    """Counted by the hosts that each has, and by those that it lost."""
    gone = tuple(replace(one, state="Disconnected", server="") for one in hosts(4))
    reading = course(States(Source.DATABASE, hosts(5), (MS1,)), States(Source.DATABASE, (*gone, hosts(5)[4]), (MS1,)))
    row = reading.servers["m1"]
    assert (1, 4, 0.8) == (row.agents, row.lost, row.lost_ratio)
    assert course(States(Source.API, hosts(5, server=""), (MS1,))).servers["m1"].agents is None


def test_another_source_lost_nobody() -> None:
    """The API tells of no owners: that is no reason to believe that all hosts were lost."""
    reading = course(States(Source.DATABASE, hosts(5), (MS1,)), States(Source.API, hosts(5, server=""), (MS1,)))
    assert reading.servers["m1"].lost_ratio is None
    assert 0 == reading.hosts["h1"].changed


def test_errors_that_came() -> None:
    """More than the time before, summed up for a while; those that were there before us are not new."""
    assert (7, 0) == (course(in_error(7)).errors["z1"].count, course(in_error(7)).errors["z1"].lately)
    assert 3 == course(in_error(7), in_error(9), in_error(8), in_error(9)).errors["z1"].lately
    assert 2 == course(in_error(0), in_error(2)).errors["z1"].lately
    assert (0, 2) == ((last := course(in_error(0), in_error(2), in_error(0)).errors["z1"]).count, last.lately)
    assert 0 == course(in_error(1), in_error(3), in_error(3), interval=ERRORS_WINDOW + 1).errors["z1"].lately


def test_errors_of_another_source_are_not_new() -> None:
    """The API may not tell them at all."""
    reading = course(in_error(9), in_error(0, source=Source.API), in_error(9))
    assert (9, 0) == (reading.errors["z1"].count, reading.errors["z1"].lately)
    assert 0 == course(in_error(9), in_error(0, source=Source.API)).errors["z1"].count


def test_errors_of_a_zone_that_was_not_known_are_not_new() -> None:
    """As when the names of zones are refused for once, and all of them are in one without a name."""
    nameless = course(in_error(50), in_error(50, zone=""))
    assert (50, 0) == (nameless.errors[""].count, nameless.errors[""].lately)
    assert 0 == course(in_error(50), in_error(50, zone=""), in_error(50)).errors[""].count


UNTOLD = States(Source.DATABASE, untold=frozenset(Part))
FULL = States(
    Source.DATABASE,
    servers=(replace(MS1, state="Down"),),
    system_vms=(SystemVmState("v-1-VM", "ConsoleProxy", "Running", "Up", zone="z1"),),
    vms=(VmsInState("z1", "Error", 50),),
    pools=(PoolState("p", "p", "RBD", "Down", zone="z1"),),
)


def test_what_is_not_told_for_once_stays_as_it_was() -> None:
    """No alert ends by a statement that is lost, and none begins when it is answered again."""
    lost = course(FULL, UNTOLD)
    assert (FULL.pools, FULL.system_vms, ["Down"]) == (
        lost.states.pools,
        lost.states.system_vms,
        [row.state for _, row in lost.own_servers],
    )
    assert {("z1", "ConsoleProxy"): 1} == lost.working
    assert (50, 0) == (lost.errors["z1"].count, lost.errors["z1"].lately)
    assert (50, 0) == ((again := course(FULL, UNTOLD, FULL).errors["z1"]).count, again.lately)


def test_what_is_never_told_any_more_is_not_shown() -> None:
    """It may have changed long ago; system VMs that nobody tells of are not none."""
    for polls, pools in ((int(KEPT / 15), FULL.pools), (int(KEPT / 15) + 1, ())):
        assert pools == course(FULL, *[UNTOLD] * polls).states.pools
    old = course(FULL, *[UNTOLD] * (int(KEPT / 15) + 1))
    assert ({}, ()) == (old.working, old.own_servers)


def test_the_clouds_own_interval_of_pings_counts() -> None:
    """Investigations come as often as it looks for hosts without pings."""
    moved = [replace(KVM1, transitions=2 + number, connected=WALL + 300 * number) for number in range(3)]
    for told, expected in ((300.0, True), (None, False)):
        answers = [States(Source.DATABASE, (said,), ping_interval=told) for said in moved]
        assert expected is course(*answers, interval=300.0).hosts["h1"].pings_missing
