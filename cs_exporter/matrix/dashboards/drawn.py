"""A panel for any metric of the matrix, without anybody drawing it: what a new metric or symptom is shown by.

The dashboards say which metrics come first and beside what; all that nobody arranges gets a panel all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cs_exporter.matrix.dashboards import looks
from cs_exporter.matrix.dashboards.parts import GREY, Object, Panel, Query, Step
from cs_exporter.matrix.dashboards.queries import Side, by, found, of_chosen, per_second, worst
from cs_exporter.matrix.dashboards.shown import Shown, metrics_of
from cs_exporter.matrix.promql import equal
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.whole import Matrix

UNSEEN = "none that is known of"
"""What a panel says whose series are there only while something is wrong; nor are they where nobody could ask."""

WITHOUT_TIME: Object = {"id": "organize", "options": {"excludeByName": {"Time": True, "Value": True}}}
"""Of a table whose labels say everything."""


class Stock:
    """All metrics there are, by name, and panels of them. `lines`: how many a graph may have."""

    def __init__(self, matrix: Matrix, lines: int) -> None:
        self.matrix = matrix
        self.lines = lines
        self.metrics = metrics_of(matrix)

    def rows(self, *names: str) -> tuple[Row, ...]:
        """The rows with these names."""
        return tuple(row for row in self.matrix.rows if row.name in names)

    def series(self, name: str, *matchers: str) -> str:
        """Selects a metric's series, of the chosen hosts if it is about hosts."""
        return found(name, self.matrix.rendering, *matchers, per_host=self.metrics[name].per_host)

    def placed(self, name: str, expression: str) -> str:
        """An expression of this metric by host, of the chosen places."""
        return of_chosen(expression) if self.metrics[name].per_host else expression

    def once(self, name: str, *matchers: str) -> str:
        """A metric of the chosen hosts and places, whatever replicas there are."""
        return self.placed(name, by(self.metrics[name].keys, self.series(name, *matchers), self._side(name)))

    def few(self, expression: str, name: str) -> str:
        """No more lines than a graph may have: the worst ones."""
        if self.metrics[name].either_is_bad:
            return f"{worst(expression, 'max', self.lines)} or {worst(expression, 'min', self.lines)}"
        return worst(expression, self._side(name), self.lines)

    def panel(self, name: str, *, width: int = 12, title: str = "", otherwise: str = "") -> Panel:
        """The panel of a metric: words in colours if it says yes or no, a table if it is an info, else a graph.

        `otherwise`: what it says where there is nothing, instead of "No data".
        """
        shown = self.metrics[name]
        if shown.information:
            drawn = self._table(shown)
        elif looks.yes_or_no(shown.help, shown.rows):
            drawn = self._told(shown)
        else:
            drawn = self._graph(shown)
        named = replace(drawn, title=title or drawn.title, width=width, otherwise=otherwise)
        return self._finished(named, per_host=shown.per_host)

    def rates(self, *names: str, title: str, keys: tuple[str, ...], width: int = 12) -> Panel:
        """Counters side by side as rates, summed up to `keys`."""
        queries = []
        for name in names:
            rate = by(self.metrics[name].keys, per_second(self.series(name)))
            summed = f"sum by ({', '.join(keys)}) ({self.placed(name, rate)})"
            queries.append(Query(summed, f"{looks.title(name)} {looks.legend(keys)}"))
        unit = looks.unit(names[0], rate=True)
        return Panel(title, self._told_of(names), "timeseries", tuple(queries), unit=unit, width=width)

    def graph(self, title: str, *lines: tuple[str, str], width: int = 12) -> Panel:
        """Several metrics in one graph: (metric, what its lines are called). The first one's rows give the limits."""
        names = [name for name, _ in lines]
        first = self.metrics[names[0]]
        queries = tuple(
            Query(self.few(self._value(self.metrics[name]), name), f"{called} {looks.legend(self.metrics[name].keys)}")
            for name, called in lines
        )
        panel = Panel(
            title,
            looks.described(self._told_of(names), first.rows),
            "timeseries",
            queries,
            unit=looks.unit(first.name, rate=first.counter),
            steps=looks.steps(first.rows),
            rows=first.rows,
            width=width,
            limits=any(row.threshold is not None for row in first.rows),
        )
        return self._finished(panel, per_host=first.per_host)

    def _side(self, name: str) -> Side:
        return "min" if self.metrics[name].low_is_bad else "max"

    def _told_of(self, names: Sequence[str]) -> str:
        return "\n\n".join(f"{looks.title(name)}: {self.metrics[name].help}" for name in names)

    def _told(self, shown: Shown) -> Panel:
        """A line of time per series, with what it says as a word and a colour."""
        keys = tuple(key for key in shown.keys if not _chosen_by(key, shown.rows))
        # the numbers of rows are greatest where it is worst, whichever value they look for
        side: Side = "max" if shown.rows else self._side(shown.name)
        said = by(keys, self.codes(shown) if shown.rows else self.series(shown.name), side)
        return Panel(
            looks.title(shown.name),
            looks.described(shown.help, shown.rows),
            "state-timeline",
            (Query(worst(self.placed(shown.name, said), side, self.lines), looks.legend(keys)),),
            steps=(Step(None, GREY),),
            words=looks.words(shown.rows) if shown.rows else looks.NO_OR_YES,
            rows=shown.rows,
        )

    def codes(self, shown: Shown) -> str:
        """The number of the gravest row that holds, by series; 0 where none does."""
        parts = []
        for code, row in reversed(looks.coded(shown.rows)):
            labels = row.symptom.labels if row.symptom is not None else {}
            parts.append(f"({self.series(shown.name, *equal(labels))} == bool {row.threshold:g}) * {code} > 0")
        return " or ".join([*parts, f"{self.series(shown.name)} * 0"])

    def _graph(self, shown: Shown) -> Panel:
        """Lines over time, with the limits."""
        queries = [Query(self.few(self._value(shown), shown.name), looks.legend(shown.keys))]
        for limit in shown.limits:
            legend = f"{looks.title(limit)} {looks.legend(shown.keys)}"
            queries.append(Query(self.few(self._value(self.metrics[limit]), shown.name), legend))
        return Panel(
            looks.title(shown.name),
            looks.described(shown.help, shown.rows),
            "timeseries",
            tuple(queries),
            unit=looks.unit(shown.name, rate=shown.counter),
            steps=looks.steps(shown.rows, -1 if shown.ahead else 1),
            rows=shown.rows,
            limits=any(row.threshold is not None for row in shown.rows),
        )

    def _value(self, shown: Shown) -> str:
        """What is drawn: of a counter its rate, of a time its age, or what is left until it."""
        value = self.series(shown.name)
        if shown.counter:
            value = per_second(value)
        elif shown.moment:
            value = f"{value} - time()" if shown.ahead else f"time() - {value}"
        return self.placed(shown.name, by(shown.keys, value, self._side(shown.name)))

    def _table(self, shown: Shown) -> Panel:
        """Its labels."""
        queries = (Query(self.once(shown.name), now=True),)
        return Panel(looks.title(shown.name), shown.help, "table", queries, transformations=(WITHOUT_TIME,))

    def _finished(self, panel: Panel, *, per_host: bool) -> Panel:
        """With links to runbooks, and from each host's line to that host."""
        hosts = (looks.HOST_OF_LINE,) if per_host and panel.kind != "table" else ()
        return replace(panel, links=(*hosts, *looks.links(panel.rows, self.matrix.rendering)))


def _chosen_by(key: str, rows: Sequence[Row]) -> bool:
    """Whether rows look for values of that label: then it goes into the word."""
    return any(row.symptom is not None and key in row.symptom.labels for row in rows)
