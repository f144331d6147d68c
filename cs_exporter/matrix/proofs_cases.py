"""The cases of a row's proof: one host for each, with the series that it has and whether its alert fires.

They all stand in one test, side by side as on a real cloud: promtool then also sees that no case leaks into another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cs_exporter.matrix import records
from cs_exporter.matrix.proofs_lasting import blind, changing
from cs_exporter.matrix.proofs_series import World, written_series
from cs_exporter.matrix.proofs_shape import Case, Fires, case_of
from cs_exporter.matrix.proofs_timing import BEYOND, GONE, INSIDE, written
from cs_exporter.spec import Op


def cases(world: World) -> tuple[Case, ...]:
    """All that apply to the row."""
    found = [*_limits(world), *_times(world)]
    if world.row.per_host:
        found += [*_hosts(world), *_states(world), *_victims(world), *_own_limits(world), *changing(world)]
    if world.row.recorded:
        found += blind(world)
    return tuple(found)


def _limits(world: World) -> Iterator[Case]:
    """On either side of the limit, and on it."""
    beyond, inside = (world.pace.throughout(where) for where in (BEYOND, INSIDE))
    shown = world.around("beyond", beyond) | world.told("beyond") if world.row.per_host else {}
    yield case_of(
        world, "beyond", "just beyond the limit", Fires.ALWAYS, world.metric("beyond", world.values(beyond)), shown,
        placed=bool(shown),
    )  # fmt: skip
    yield case_of(world, "inside", "just inside", Fires.NEVER, world.metric("inside", world.values(inside)))
    if world.limit.op is not Op.EQUALS:
        at = world.values(inside, at=world.bound)
        yield case_of(world, "at-limit", "exactly at the limit", Fires.NEVER, world.metric("at-limit", at))
    if world.limit.absolute:
        for name, tells, values, fires in (
            ("behind", "as far beyond below zero", beyond, Fires.ALWAYS),
            ("inside-behind", "as far inside below zero", inside, Fires.NEVER),
        ):
            yield case_of(world, name, tells, fires, world.metric(name, world.values(values, sign=-1)))
    if world.limit_series:
        alone = world.metric("without-limit", world.values(beyond), bounded=False)
        yield case_of(world, "without-limit", "the series of the limit is missing", Fires.NEVER, alone)
    for label in world.symptom.labels:
        other = world.metric(f"other-{label}", world.values(beyond), others={label: "other"})
        yield case_of(world, f"other-{label}", f"of another {label}", Fires.NEVER, other)


def _times(world: World) -> Iterator[Case]:
    """Too short, and with runs that do not confirm it."""
    pace = world.pace
    if world.row.wait:
        short = world.metric("short", world.values(pace.never_long(world.symptom)))
        yield case_of(world, "short", "never for as many runs as it takes", Fires.NEVER, short)
    for name, tells, where in (
        ("dips", "once it fires, inside the limit in every third run, and healed at last", INSIDE),
        ("lost", "once it fires, every third run is lost with all its series, and they end at last", GONE),
    ):
        stretches = pace.dipping(where)
        shown = world.around(name, stretches) if world.row.per_host else {}
        metric = world.metric(name, world.values(stretches))
        yield case_of(world, name, tells, Fires.UNTIL_HEALED, metric, shown, placed=bool(shown))


def _hosts(world: World) -> Iterator[Case]:
    """What else there is or is not of a host whose value is beyond the limit."""
    beyond, inside = (world.pace.throughout(where) for where in (BEYOND, INSIDE))
    yield case_of(world, "silent", "its place is known, its value is not", Fires.NEVER, world.around("silent", inside))
    gaps = world.pace.dipping(GONE)
    work = [
        {written_series("cs_host_maintenance", {"host": "in-maintenance"}, at): written(gaps, {BEYOND: on, INSIDE: on})}
        for at, on in zip(world.replicas.values(), (1, 0), strict=True)
    ]
    muted = world.metric("in-maintenance", world.values(gaps)), world.around("in-maintenance", gaps)
    yield case_of(world, "in-maintenance", "work is planned; scrapes fail", Fires.NEVER, *muted, *work)
    at_once = world.pace.from_the_start(BEYOND)
    planned = {
        written_series("cs_host_maintenance", {"host": "new"}, world.replicas["a"]): written(at_once, {BEYOND: 1})
    }
    tells = "work is planned; nothing was recorded before it was found"
    yield case_of(world, "new", tells, Fires.NEVER, world.metric("new", world.values(at_once)), planned)
    both = (
        *(
            world.metric("replicas", world.values(where), name)
            for name, where in zip("ab", (beyond, inside), strict=True)
        ),
        *(world.around("replicas", beyond, name, address=f"192.0.2.{ord(name)}") for name in "ab"),
    )
    yield case_of(world, "replicas", "beyond for one replica only: one alert", Fires.ALWAYS, *both, placed=True)
    alone = world.metric("unplaced", world.values(beyond))
    yield case_of(world, "unplaced", "nothing is known of the host but this", Fires.ALWAYS, alone)


def _states(world: World) -> Iterator[Case]:
    """What the cloud has said of the host already, where that counts; where it says nothing, it is as if it were up."""
    if records.STATE not in world.row.expression:
        return
    pace = world.pace
    beyond, gaps, at_once = pace.throughout(BEYOND), pace.dipping(GONE), pace.from_the_start(BEYOND)
    for name, state, tells, fires, where in (
        ("given-up", "Alert", "the cloud gave it up already; scrapes fail", Fires.NEVER, gaps),
        ("new-given-up", "Alert", "the cloud gave it up before anything was recorded", Fires.NEVER, at_once),
        ("openstack", "up", "up, as OpenStack writes it", Fires.ALWAYS, beyond),
    ):
        said = written_series("cs_host_state", {"host": name, "state": state}, world.replicas["a"])
        series = {**world.around(name, where), said: written(where, {BEYOND: 1, INSIDE: 1})}
        metric = world.metric(name, world.values(where))
        yield case_of(world, name, tells, fires, metric, series, placed=fires is Fires.ALWAYS)


def _victims(world: World) -> Iterator[Case]:
    """Whom those that suffer from it find."""
    beyond = world.pace.throughout(BEYOND)
    if world.symptom.victims == "clients":
        name, first = "mute", ((INSIDE, 1), (GONE, world.pace.runs - 1))
        series = {**world.around(name, beyond), **world.joined(name, first), **world.metric(name, world.values(beyond))}
        yield case_of(world, name, "tells nothing of its clients any more", Fires.ALWAYS, series, placed=True)
    elif world.symptom.victims and "port_name" in world.row.keys:
        port = {"port_name": "libvirt"}
        metric = world.metric("other-port", world.values(beyond), others=port)
        case = case_of(world, "other-port", "a port that no agent needs", Fires.ALWAYS, metric)
        yield replace(case, alert=replace(case.alert, labels=world.alert("other-port", port, placed=False)))


def _own_limits(world: World) -> Iterator[Case]:
    """Hosts with a limit of their own: beyond that of all others or their own, but not both."""
    own = world.rendering.own.get(world.symptom.name, {})
    for bound, name in sorted({bound: name for name, bound in own.items()}.items()):
        stricter = world.limit.holds(world.beyond(bound), world.bound) is False
        where = world.pace.throughout(BEYOND if stricter else INSIDE)
        metric = world.metric(name, world.values(where, bound=bound))
        tells = f"with its own limit, {'beyond' if stricter else 'inside'}"
        case = case_of(world, name, tells, Fires.ALWAYS if stricter else Fires.NEVER, metric)
        yield replace(case, alert=replace(case.alert, value=world.beyond(bound)))
