"""Frozen or busy: what a cluster's nodes tell together, and that a busy service is never taken for a frozen one."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate, islice, pairwise, repeat, takewhile

import pytest

from cs_exporter.parsers.rabbitmq import Node, Queue
from cs_exporter.probes.rabbitmq.queues import Folded, QueueRow, Scope
from cs_exporter.probes.rabbitmq.reading import Answered, RabbitmqReading, Source, State
from cs_exporter.probes.rabbitmq.stuck import stuck
from cs_exporter.probes.rabbitmq.trail import confirm, follow

KEY = "/", "conductor"
INTERVAL, DAY = 15.0, 86_400.0
LIMIT = 25.0
"""Seconds from which on the symptom tells."""


def look(
    name: str,
    now: float,
    held: int | None,
    confirmed: int | None,
    before: RabbitmqReading | None = None,
    running: str | None = "r1",
    source: Source = Source.PLUGIN,
) -> RabbitmqReading:
    """One more look at a node. `held` None: the queue is another node's; `confirmed` None: it does not tell."""
    row = QueueRow(Scope.TOPIC, Queue(*KEY, 0, held, 1))
    rows = () if held is None else (row,)
    counts = None if confirmed is None else {KEY: confirmed}
    told = None if running is None else frozenset(running.split())
    return RabbitmqReading(
        name,
        State.OK,
        now,
        Answered(source, Node(name), Folded(rows, total=1), told, acknowledged=counts),
        follow(before.trail if before else {}, rows, now),
        confirm(before.confirmed if before else {}, counts or {}, now),
    )


def seconds(*looks: RabbitmqReading) -> float:
    """For how long the queue of these nodes is stuck; 0 where it holds nothing."""
    return sum(row.seconds for row in stuck(looks))


def busy(mean: float, lasts: float, seed: int) -> Iterator[tuple[float, int, int]]:
    """A day of a service that works: time of each poll, messages that are not confirmed then, and those that are.

    They come by chance, so many at a time that `mean` are there at once, and take `lasts` seconds each.
    """
    dice = random.Random(seed)  # noqa: S311  # the same day at each run
    gaps = (dice.expovariate(mean / lasts) for _ in repeat(None))
    begun = list(takewhile(DAY.__gt__, accumulate(gaps)))
    for number in range(1, int(DAY / INTERVAL)):
        now = number * INTERVAL + dice.uniform(0, 1)
        ended = bisect_right(begun, now - lasts)
        yield now, bisect_right(begun, now) - ended, ended


@pytest.mark.parametrize("lasts", [1.0, 12.0])
@pytest.mark.parametrize("mean", [0.2, 0.5, 1.0, 5.0])
@pytest.mark.parametrize("tells", [True, False])
def test_a_busy_service(mean: float, lasts: float, *, tells: bool) -> None:
    """Is never told in a day of polls: neither where the bus tells what is confirmed, nor where it does not."""
    last, most, at_work = None, 0.0, 0
    for now, held, confirmed in busy(mean, lasts, seed=7):
        last = look("r1", now, held, confirmed if tells else None, last)
        most = max(most, seconds(last))
        at_work += held
    assert mean * 0.8 < at_work / (DAY / INTERVAL) < mean * 1.2
    assert LIMIT > most


@pytest.mark.parametrize("mean", [0.2, 0.5, 1.0, 5.0])
@pytest.mark.parametrize("phase", [0.0, 4.0, 8.0, 12.0])
def test_that_service_frozen(mean: float, phase: float) -> None:
    """Is told ahead of the minute after which all hosts are down, whatever it was about; two come every 14 s."""
    polls = list(islice(busy(mean, 1.0, seed=7), 50))
    last = None
    for now, held, confirmed in polls:
        last = look("r1", now, held, confirmed, last)
    _, left, confirmed = polls[-1]
    frozen = polls[-1][0] + phase
    after: dict[float, float] = {}
    for now in (polls[-1][0] + INTERVAL * number for number in range(1, 8)):
        last = look("r1", now, left + 2 * int((now - frozen) / 14), confirmed, last)
        after[now - frozen] = seconds(last)
    assert 57.0 >= next(time for time, stuck_for in after.items() if stuck_for > LIMIT)


def test_a_cluster() -> None:
    """What any node's consumers confirm counts, though the queue is of another node; and only up to the older look."""
    for others, expected in ((50, 40.0), (51, 10.0)):
        r1, r2 = look("r1", 0, 1, 5, running="r1 r2"), look("r2", 5, None, 50, running="r1 r2")
        r1, r2 = (look("r1", 30, 3, 5, r1, "r1 r2"), look("r2", 35, None, others, r2, "r1 r2"))
        r1, r2 = (look("r1", 60, 3, 5, r1, "r1 r2"), look("r2", 45, None, others, r2, "r1 r2"))
        assert expected == seconds(r1, r2)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"confirmed": 50}, 30.0),
        ({"confirmed": None}, 0.0),  # it does not tell
        ({"confirmed": 50, "running": None}, 0.0),  # it does not tell who else runs
        ({"confirmed": 50, "running": "r1 r2 r3"}, 0.0),  # a third one runs, and is not asked
        ({"confirmed": 50, "source": Source.MANAGEMENT}, 0.0),  # it tells of its own queues alone
    ],
)
def test_a_node_that_does_not_tell(second: dict[str, object], expected: float) -> None:
    """Then it is not known that nobody confirms anything."""
    r1 = r2 = None
    for now, held in ((0.0, 1), (15.0, 2), (30.0, 3)):
        r1 = look("r1", now, held, 5, r1, "r1 r2")
        r2 = look("r2", now, None, before=r2, **{"running": "r1 r2", **second})  # type: ignore[arg-type]  # a table's
    assert r1 is not None
    assert r2 is not None
    assert expected == seconds(r1, r2)


def test_a_queue_without_any_count() -> None:
    """What was given out is counted where its consumer is, be it as nought: nodes without a count do not tell."""
    last = None
    for now, held in ((0.0, 1), (15.0, 2), (30.0, 3)):
        last = look("r1", now, held, 0, last)
    assert last is not None
    assert 30.0 == seconds(last)
    assert 0.0 == seconds(replace(last, confirmed={}))


def test_the_management_api_tells_of_all() -> None:
    """Its counts are of consumers at any node: one node's word is enough."""
    last = None
    for now, held in ((0.0, 1), (15.0, 2), (30.0, 3)):
        last = look("r1", now, held, 5, last, "r1 r2", Source.MANAGEMENT)
    assert last is not None
    assert 30.0 == seconds(last)


def test_consecutive_polls() -> None:
    """The days above are polled as the daemon does it."""
    times = [now for now, _, _ in busy(1.0, 1.0, seed=1)]
    assert all(INTERVAL - 1 < after - before < INTERVAL + 1 for before, after in pairwise(times))
