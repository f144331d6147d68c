"""Who stopped together, and why: by which kinds of agents report since, and which do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.platforms.openstack.agents import AgentState, Service
from cs_exporter.probes.openstack.rhythm import LASTING, Rhythm
from cs_exporter.probes.openstack.rows import Sign, follow
from cs_exporter.probes.openstack.silences import Kind
from cs_exporter.probes.openstack.stops import Suspect, stops
from tests.lab.openstack_schema import NOVA
from tests.platforms.openstack.replay.timelines import Who
from tests.probes.openstack.agents_stand import RHYTHMS, Fleet, Stand, fleet, verdicts

COMPUTE, CONDUCTOR, SWITCH = "nova-compute", "nova-conductor", "neutron-openvswitch-agent"
NETWORK = (SWITCH, "neutron-dhcp-agent", "neutron-l3-agent", "neutron-metadata-agent")
WRITERS = (CONDUCTOR, "nova-scheduler", "cinder-scheduler")


def suspects(stand: Stand) -> set[Suspect | None]:
    """Of the latest look."""
    assert stand.reading is not None
    return {stop.suspect for stop in stand.reading.stops.values() if not stop.over}


def stopped(cloud: Fleet, *binaries: str, seconds: float = 60) -> Stand:
    """A cloud that was well for a while, then these ceased."""
    stand = Stand(interval=5.0)
    stand.watch(cloud, 90)
    cloud.stop(stand.now, *binaries)
    stand.watch(cloud, seconds)
    return stand


@pytest.mark.parametrize("controllers", [1, 3])
@pytest.mark.parametrize(
    ("binaries", "expected"),
    [
        ((), set()),
        ((CONDUCTOR, COMPUTE), {Suspect.CONDUCTOR}),
        ((COMPUTE, *NETWORK), {Suspect.BUS}),
        ((COMPUTE,), {Suspect.COMPUTES}),
        (NETWORK, {Suspect.NEUTRON_SERVER}),
    ],
)
def test_who_is_left_tells_why(binaries: tuple[str, ...], expected: set[Suspect], controllers: int) -> None:
    """Frozen conductors, a bus that blocks, a frozen neutron-server."""
    assert expected == suspects(stopped(fleet(controllers=controllers), *binaries))


@pytest.mark.parametrize(("controllers", "expected"), [(3, Suspect.DATABASE), (1, Suspect.CONTROLLER)])
def test_nobody_writes(controllers: int, expected: Suspect) -> None:
    """A database that takes no writes; of one machine nobody can tell that from its death."""
    assert {expected} == suspects(stopped(fleet(controllers=controllers), COMPUTE, *NETWORK, *WRITERS))


@pytest.mark.parametrize(
    "binaries", [(CONDUCTOR, COMPUTE), (COMPUTE, *NETWORK), NETWORK, (COMPUTE, *NETWORK, *WRITERS)]
)
def test_no_look_has_another_suspect(binaries: tuple[str, ...]) -> None:
    """From the first one on, until all report again."""
    cloud, stand = fleet(), Stand(interval=1.0)
    stand.watch(cloud, 90)
    cloud.stop(stand.now, *binaries)
    stand.watch(cloud, 200)
    ever = {about for _, found in stand.red for name, host, about in found if name.endswith("Silent") and not host}
    assert 1 == len(ever)
    cloud.silent.clear()
    stand.watch(cloud, 40)
    assert set() == suspects(stand)
    assert stand.reading is not None
    assert {Sign.WELL} == {row.sign for row in stand.reading.rows.values()}


def test_those_that_stopped_together_are_not_dead() -> None:
    """Not one of them, at any look."""
    stand = stopped(fleet(), COMPUTE, *NETWORK, seconds=300)
    assert set() == {name for name in stand.told() if name.startswith("CsOpenStackAgent")}
    assert Sign.STOPPED is stand.row("cmp2").sign


def test_one_of_several_is_dead_alone() -> None:
    """As soon as somebody of its kind has reported since it was due."""
    cloud, stand = fleet(), Stand(interval=1.0)
    stand.watch(cloud, 90)
    cloud.stop(stand.now, COMPUTE, hosts=("cmp1",))
    stand.watch(cloud, 40)
    assert (set(), Sign.DEAD) == (suspects(stand), stand.row("cmp1").sign)


def test_the_first_of_those_that_stop_is_not_called_dead() -> None:
    """Half a minute lies between their last reports: until another one has been missed it may be all of them."""
    cloud, stand = fleet(), Stand(interval=1.0)
    stand.watch(cloud, 90)
    cloud.stop(stand.now, *NETWORK)
    stand.watch(cloud, 120)
    assert {"CsOpenStackNeutronServerSilent"} == stand.told()


def test_two_hypervisors_may_share_a_rack() -> None:
    """Two that are silent while network agents are not have no cause that is known; each is dead for itself."""
    stand = stopped(fleet(computes=2), COMPUTE, seconds=90)
    assert set() == suspects(stand)
    assert {Sign.DEAD} == {stand.row(host).sign for host in ("cmp1", "cmp2")}


def test_the_long_dead_do_not_hide_what_the_others_share() -> None:
    """Rows of hypervisors that were given away stay in the table for ever."""
    cloud, stand = fleet(computes=5), Stand(interval=5.0)
    stand.watch(cloud, 90)
    cloud.stop(stand.now, COMPUTE, hosts=("cmp1", "cmp2"))
    stand.watch(cloud, 60)
    assert stand.row("cmp1").alone
    cloud.stop(stand.now, COMPUTE, CONDUCTOR, hosts=("cmp3", "cmp4", "cmp5", "ctl1", "ctl2", "ctl3"))
    stand.watch(cloud, 40)
    assert {Suspect.CONDUCTOR} == suspects(stand)
    assert (Sign.DEAD, Sign.STOPPED) == (stand.row("cmp1").sign, stand.row("cmp3").sign)


def test_who_has_not_reported_yet_is_given_time_when_it_is_over() -> None:
    """Most report again: the last ones within an interval and a half."""
    cloud, stand = fleet(), Stand(interval=5.0)
    stand.watch(cloud, 90)
    cloud.stop(stand.now, COMPUTE, CONDUCTOR)
    stand.watch(cloud, 60)
    cloud.silent = {who: since for who, since in cloud.silent.items() if who.host == "cmp1"}
    stand.watch(cloud, 10)
    assert (set(), Sign.STOPPED) == (suspects(stand), stand.row("cmp1").sign)
    stand.watch(cloud, 30)
    assert Sign.DEAD is stand.row("cmp1").sign


LEFT = {
    "12 hypervisors of 15": tuple(Who(NOVA, f"old{number}", COMPUTE) for number in range(12)),
    "40 pods of 49": tuple(Who(NOVA, f"{name}-{n}", name) for n in range(20) for name in (CONDUCTOR, "nova-scheduler")),
}


def with_left(name: str) -> Fleet:
    """A cloud that is well, with rows of what was given away an hour to a day ago."""
    live = fleet()
    return Fleet((*live.agents, *LEFT[name]), silent={who: -3600.0 * n for n, who in enumerate(LEFT[name], 1)})


@pytest.mark.parametrize("by_api", [False, True])
@pytest.mark.parametrize("name", LEFT)
def test_rows_left_behind_are_no_evidence(name: str, *, by_api: bool) -> None:
    """However many there are, and although whoever begins to look has seen none of them report."""
    cloud, stand = with_left(name), Stand()
    for _ in range(20):
        rows = cloud.at(stand.now)
        assert {} == dict((stand.ask(answer=verdicts(rows)) if by_api else stand.ask(*rows)).stops)
    assert set() == {name for name in stand.told() if name.endswith("Silent")}


@pytest.mark.parametrize("name", LEFT)
def test_rows_left_behind_hide_nothing(name: str) -> None:
    """What the others share is what it would be without them; and they are no witnesses for anything else."""
    cloud, stand = with_left(name), Stand(interval=5.0)
    stand.watch(cloud, 90)
    cloud.stop(stand.now, COMPUTE, *NETWORK, hosts=("cmp1", "cmp2", "cmp3", "net1"))
    stand.watch(cloud, 60)
    assert {Suspect.BUS} == suspects(stand)


def test_what_was_shared_before_the_first_look_is_told() -> None:
    """Rows of those that stopped together are equally old."""
    cloud, stand = fleet(computes=5), Stand(now=2000.0)
    cloud.stop(1700.0, COMPUTE, CONDUCTOR)
    stand.watch(cloud, 60)
    assert {Suspect.CONDUCTOR} == suspects(stand)


@pytest.mark.parametrize("well", [1, 2, 3, 4])
def test_what_most_shared_before_the_first_look_is_told(well: int) -> None:
    """Some of 20 report on: the same is told by whoever has looked on, and nobody is dead for himself."""
    cloud = fleet(computes=20)
    cloud.stop(1700.0, COMPUTE, hosts=tuple(f"cmp{number}" for number in range(well + 1, 21)))
    for began in (1400.0, 2000.0):
        stand = Stand(now=began)
        stand.watch(cloud, 2060 - began)
        assert stand.reading is not None
        dead = {row.said.host for row in stand.reading.rows.values() if row.sign is Sign.DEAD}
        assert ({Suspect.COMPUTES}, set()) == (suspects(stand), dead)


def test_who_was_dead_and_came_back_is_one_of_its_kind_again() -> None:
    """With its next report."""
    cloud, stand = fleet(), Stand(interval=5.0)
    stand.watch(cloud, 90)
    cloud.stop(stand.now, COMPUTE, hosts=("cmp1",))
    stand.watch(cloud, 40)
    assert stand.row("cmp1").alone
    cloud.silent.clear()
    stand.watch(cloud, 30)
    assert not stand.row("cmp1").alone
    cloud.stop(stand.now, COMPUTE, CONDUCTOR)
    stand.watch(cloud, 40)
    assert {Sign.STOPPED} == {stand.row(host).sign for host in ("cmp1", "cmp2", "cmp3")}


def test_hypervisors_alone_blame_no_bus_over_which_others_report() -> None:
    """Not at any look; and hours later it is still one cause, not a page for each of them."""
    cloud, stand = fleet(), Stand()
    stand.watch(cloud, 90)
    cloud.stop(stand.now, COMPUTE)
    stand.watch(cloud, 600)
    assert ({"CsOpenStackComputesSilent"}, {Suspect.COMPUTES}) == (stand.told(), suspects(stand))
    stand.watch(cloud, LASTING)
    assert ({"CsOpenStackComputesSilent"}, {Suspect.COMPUTES}) == (stand.told(), suspects(stand))
    assert {Sign.STOPPED} == {stand.row(host).sign for host in ("cmp1", "cmp2", "cmp3")}


def test_where_nobody_can_tell_of_the_bus_it_is_not_blamed() -> None:
    """A cell with a database of its own has no neutron."""
    cell = Fleet(tuple(who for who in fleet().agents if who.service == NOVA))
    assert {Suspect.COMPUTES} == suspects(stopped(cell, COMPUTE))


def test_two_of_two_are_told_before_they_are_down() -> None:
    """Each for itself, at the first look at which both are late while network agents have reported."""
    cloud, stand = fleet(computes=2), Stand()
    stand.watch(cloud, 90)
    began = stand.now
    cloud.stop(began, COMPUTE)
    stand.watch(cloud, 45)
    told = {at - began for at, found in stand.red for name, host, _ in found if host in {"cmp1", "cmp2"}}
    assert {30.0} == told


def test_an_api_that_tells_verdicts_blames_nobody_else() -> None:
    """Nobody writes any more, which ages of cinder and neutron tell before nova's verdicts do."""
    cloud, stand = fleet(computes=5), Stand()
    for seconds in range(0, 600, 15):
        if seconds == 300:
            cloud.stop(stand.now, COMPUTE, *NETWORK, *WRITERS)
        stand.ask(answer=verdicts(cloud.at(stand.now)))
    assert {"CsOpenStackDatabaseSilent"} == stand.told()


@pytest.mark.parametrize("away", [40, 120])
@pytest.mark.parametrize("computes", [2, 5])
def test_another_source_for_a_while_changes_no_cause(away: int, computes: int) -> None:
    """The database is gone and comes back; the API tells the truth meanwhile: the same page, at every look."""
    cloud, stand = fleet(computes), Stand()
    stand.watch(cloud, 300)
    cloud.stop(stand.now, COMPUTE, CONDUCTOR)
    stand.watch(cloud, 120)
    begun = len(stand.red)
    until = stand.now + away
    while stand.now < until:
        stand.ask(answer=verdicts(cloud.at(stand.now)))
    stand.watch(cloud, 90)
    assert {("CsOpenStackConductorSilent",)} == {tuple(name for name, *_ in found) for _, found in stand.red[begun:]}


@pytest.mark.parametrize("order", [1, -1])
def test_one_kind_of_two_rhythms(order: int) -> None:
    """Cinder's reports are due once a minute here: who ceased 30 s ago may well have done so with it."""
    rhythms = {**RHYTHMS, Service.CINDER: Rhythm(60, 180)}
    told = ((Service.NOVA, "nova-scheduler", 100), (Service.CINDER, "cinder-volume", 73), (Service.NOVA, CONDUCTOR, 30))
    rows = [
        replace(
            follow(None, AgentState(service, binary, f"h{age}", f"{age}", age), 0, rhythms[service]),
            seen=15.0,
            silent=float(age),
            sign=Sign.WELL,
        )
        for service, binary, age in told
    ]
    found = {group: one.suspect for group, one in stops(rows[::order], rhythms, {}, 15.0).items()}
    assert {(Kind.WRITERS, ""): Suspect.DATABASE, (Kind.CONDUCTORS, ""): Suspect.DATABASE} == found


@pytest.mark.parametrize("heat_first", [False, True])
def test_kinds_of_several_rhythms(*, heat_first: bool) -> None:
    """In whatever order rows are told: heat reports once a minute, nova's schedulers every ten seconds."""
    heat = tuple(Who("heat", f"ctl{number}", "heat-engine") for number in (1, 2, 3))
    live = fleet(computes=5).agents
    cloud, stand = Fleet((*heat, *live) if heat_first else (*live, *heat)), Stand(interval=5.0)
    stand.watch(cloud, 300)
    cloud.stop(stand.now, COMPUTE, *NETWORK, *WRITERS, "heat-engine")
    stand.watch(cloud, 240)
    assert stand.reading is not None
    found = stand.reading.rows.values()
    both = [stops(rows, RHYTHMS, {}, stand.now) for rows in (found, [*found][::-1])]
    assert both[0] == both[1]
    assert ({"CsOpenStackDatabaseSilent"}, {Suspect.DATABASE}) == (stand.told(), suspects(stand))
