"""Panels that several dashboards have: single figures, and counts stacked over time.

What they say of alerts is by host and name of the alert, so that an alert of many rows counts once for each host.
"""

from __future__ import annotations

from collections.abc import Mapping

from cs_exporter.matrix.dashboards.parts import CLEAR, Column, Link, Object, Panel, Query, Step, Word

SIX_IN_A_LINE = 4


def figure(
    title: str,
    told: str,
    query: str,
    *,
    steps: tuple[Step, ...] = (Step(None, CLEAR),),
    unit: str = "none",
    words: tuple[Word, ...] = (),
    legend: str = "",
    links: tuple[Link, ...] = (),
    otherwise: str = "",
    names: Mapping[str, str] | None = None,
    width: int = SIX_IN_A_LINE,
) -> Panel:
    """The value at the end of the time range; one figure per series, called by `legend` if there may be several.

    `names`: what counts is a series' name, and not its value; the end of a name -> its colour.
    """
    queries = (Query(query, legend or title, now=True),)
    columns = tuple(
        Column(f"/ {end}$/", others={"color": {"mode": "fixed", "fixedColor": colour}})
        for end, colour in (names or {}).items()
    )
    return Panel(
        title,
        told,
        "stat",
        queries,
        unit=unit,
        steps=steps,
        words=words,
        links=links,
        columns=columns,
        otherwise=otherwise,
        width=width,
        height=4,
        options={} if names is None else {"textMode": "name"},
    )


def stacked(title: str, told: str, query: Query, colours: Mapping[str, str], *, width: int = 12) -> Panel:
    """Counts over time, on top of each other. `colours`: name of a series -> its colour."""
    fixed = tuple(
        Column(name, others={"color": {"mode": "fixed", "fixedColor": colour}}) for name, colour in colours.items()
    )
    custom: Object = {"fillOpacity": 60, "stacking": {"mode": "normal", "group": "A"}, "axisSoftMin": 0}
    return Panel(title, told, "timeseries", (query,), columns=fixed, custom=custom, width=width)
