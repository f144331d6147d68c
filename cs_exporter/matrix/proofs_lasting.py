"""Cases of a proof about what lasts: trouble that changes its shape, and what was seen before we went blind.

Each is one that would never page, or that would be called over, if every look stood for itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cs_exporter.matrix.proofs_series import World, written_series
from cs_exporter.matrix.proofs_shape import Case, Fires, case_of
from cs_exporter.matrix.proofs_timing import BEYOND, GONE, INSIDE, Stretch, written

REMEMBERED = 600.0
"""Seconds for which an alert has no label that it has had another value of."""


def changing(world: World) -> Iterator[Case]:
    """Its labels change while it lasts."""
    pace = world.pace
    for label, kept in world.symptom.told.items():
        always = pace.throughout(BEYOND)
        other = {label: kept}
        case = case_of(
            world, kept, "never anything else", Fires.ALWAYS, world.metric(kept, world.values(always), others=other)
        )
        text = case.alert.more.replace(f" {label}.", f" {kept}.")
        yield replace(case, alert=replace(case.alert, labels=world.alert(kept, other, placed=False), more=text))
        if 2 * pace.interval < REMEMBERED:
            turns = [run > 0 and run % 2 == 0 and run <= pace.wait for run in range(pace.runs)]
            yield case_of(
                world, "changing", "now this, now that", Fires.ALWAYS, *_in_turn(world, "changing", turns, other)
            )
    for label, values in world.symptom.worse.items():
        other = {label: values.split("|")[0]}
        turns = [run % 4 in (3, 0) and run > 0 for run in range(pace.runs)]
        yield case_of(
            world, "worsening", "now this, now worse", Fires.ALWAYS, *_in_turn(world, "worsening", turns, other)
        )
        worse = world.metric("worse", world.values(pace.throughout(BEYOND)), others=other)
        yield case_of(world, "worse", "worse all the time", Fires.NEVER, worse)


def _in_turn(world: World, name: str, turns: list[bool], other: dict[str, str]) -> Iterator[dict[str, str]]:
    """From the second run on, the other one where it is its turn."""
    ours: list[Stretch] = [(GONE if turn else BEYOND if run else INSIDE, 1) for run, turn in enumerate(turns)]
    theirs: list[Stretch] = [(BEYOND if turn else GONE, 1) for turn in turns]
    yield world.metric(name, world.values(tuple(ours)))
    yield world.metric(name, world.values(tuple(theirs)), others=other)


def blind(world: World) -> Iterator[Case]:
    """Its probe finds nothing out any more, and then does again."""
    pace = world.pace
    seen, unseen, after = ((INSIDE, 1), (BEYOND, pace.wait + 1)), (GONE, 6), pace.keep + 1
    lost = (GONE, 6 + after)
    ends, goes_on = Fires.UNTIL_HEALED, Fires.ALWAYS
    yield _blind(world, "blind", "nothing is found out any more", goes_on, (*seen, lost), _course(world, 1, 0, 0))
    yield _blind(
        world, "healed", "and then that all is well", ends, (*seen, unseen, (INSIDE, after)), _course(world, 1, 0, 1)
    )
    dipping = pace.dipping(GONE)
    yield _blind(world, "no-more", "it is there no more, by runs that succeed", ends, dipping, _course(world, 1, 1, 1))
    work = {written_series("cs_host_maintenance", {"host": "begun"}, world.replicas["a"]): _course(world, 0, 0, 1)}
    yield _blind(world, "begun", "and work begins", ends, (*seen, lost), _course(world, 1, 0, 0), work)
    if world.row.wait:
        once = ((INSIDE, 1), (BEYOND, 1), (GONE, pace.runs - 2))
        asked = written(((BEYOND, 2), (INSIDE, pace.runs - 2)), {BEYOND: 1, INSIDE: 0})
        yield _blind(world, "once", "after a single look", Fires.NEVER, once, asked)


def _course(world: World, first: int, then: int, last: int) -> str:
    """Values while it is seen, for the six runs after, and from then on."""
    runs = ((BEYOND, world.pace.wait + 2), (GONE, 6), (INSIDE, world.pace.keep + 1))
    values = {BEYOND: float(first), GONE: float(then), INSIDE: float(last)}
    return written(runs, values)


def _blind(
    world: World,
    name: str,
    tells: str,
    fires: Fires,
    where: tuple[Stretch, ...],
    answers: str,
    *others: Mapping[str, str],
) -> Case:
    """`answers`: the values of what came of the probe's runs."""
    runs = written_series("cs_probe_success", {"host": name, "probe": world.row.probe}, world.replicas["a"])
    around = world.around(name, world.pace.throughout(BEYOND))
    metric = world.metric(name, world.values(where))
    return case_of(world, name, tells, fires, metric, around, {runs: answers}, *others, placed=True)
