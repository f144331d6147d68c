"""One wave of faults in the stand: brought about, waited for, mended, waited for; then the evidence is gathered.

This process only decides how long to wait; what is judged are the samples that Prometheus has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from cs_exporter.spec import ProbeSettings
from tests.demo.pace import Pace
from tests.e2e.expressions import SYMPTOMS
from tests.e2e.judge import Evidence, Span, Story
from tests.e2e.stand import SCRAPE, Stand
from tests.e2e.waves import Placed
from tests.lab.wait import wait_until

MARGIN = 3.0
"""Seconds that are not the probe's: a scrape and the grid it is read on (1 each), the settling of a derivation (0.5),
and half a second on a machine that has more to do."""

HEALED = 30.0
"""Seconds within which a mended fault must be over: connections are made anew, kernels retry, readings end."""

USUAL_INTERVAL = ProbeSettings().interval
"""Seconds between two runs of most probes outside of tests."""

PAUSE = SCRAPE / 2
LONGEST = 300.0


def holds(pace: Pace) -> dict[str, float]:
    """Symptom -> the seconds that it must hold before anyone is told: as many runs of a slow host's probe as usual."""
    return {symptom.name: symptom.hold * pace.slow_interval / USUAL_INTERVAL for symptom in SYMPTOMS}


class Wave:
    """`run` brings about the faults and mends them; `page` is then what the exporter showed while all were red."""

    def __init__(self, stand: Stand, placed: Sequence[Placed]) -> None:
        self._stand = stand
        self._placed = placed
        self._broken: dict[Placed, Span] = {}
        self._mended: dict[Placed, Span] = {}
        self.page = b""

    def run(self) -> Evidence:
        """Break, wait until all are red or should be, mend, wait until all is green or should be."""
        stand = self._stand
        stand.wait_for_green(HEALED)
        self._begun = stand.now()
        with ExitStack() as every:
            mends = {placed: every.enter_context(ExitStack()) for placed in self._placed}
            for placed, mend in mends.items():
                with self._noted(placed, self._broken):
                    mend.enter_context(placed.fault.breaks(stand.cloud, placed.host))
            self._wait(self._all_red, max(self._broken[placed].end + self._limit(placed) for placed in self._placed))
            seen = stand.now() + SCRAPE  # by then it was one of the looks that are judged
            wait_until(lambda: stand.now() > seen, LONGEST)
            self.page = stand.exporter.get("metrics")[1].encode()
            for placed, mend in mends.items():
                with self._noted(placed, self._mended):
                    mend.close()
        self._wait(stand.green, stand.now() + HEALED)
        # One look beyond now: with what was seen last, so that what is over is over at the last look.
        return self._evidence(Span(self._begun, stand.now() + SCRAPE))

    @contextmanager
    def _noted(self, placed: Placed, spans: dict[Placed, Span]) -> Iterator[None]:
        begin = self._stand.now()
        yield
        spans[placed] = Span(begin, self._stand.now())

    def _limit(self, placed: Placed) -> float:
        """Seconds within which it must be red: two intervals of its probe, what the fault itself needs, a margin.

        An exporter that was held up by the machine says so itself, and has so much more.
        """
        stand, fault = self._stand, placed.fault
        lag = stand.lag(Span(self._begun, stand.now()))
        return 2 * (stand.interval(fault.probe) + lag) + fault.slack(stand.pace) + MARGIN

    def _wait(self, condition: Callable[[], bool], until: float) -> None:
        """Until it is true, or its time is up."""
        stand = self._stand

        def over() -> bool:
            now = stand.now()
            return now > until + 2 * stand.lag(Span(self._begun, now))

        wait_until(lambda: condition() or over(), LONGEST, pause=PAUSE)

    def _all_red(self) -> bool:
        red = self._stand.red_now()
        return all(one.rows <= red and all(map(self._stand.prometheus.query, one.queries)) for one in self._placed)

    def _evidence(self, whole: Span) -> Evidence:
        stand = self._stand
        stories = (
            Story(
                placed,
                self._broken[placed],
                self._mended[placed],
                tuple(stand.found(query, whole) for query in placed.queries),
                self._limit(placed),
            )
            for placed in self._placed
        )
        red, failing, lost = stand.red(whole), stand.failing(whole), stand.found("up == 0", whole)
        return Evidence(whole, SCRAPE, tuple(stories), red, failing, lost, holds(stand.pace))
