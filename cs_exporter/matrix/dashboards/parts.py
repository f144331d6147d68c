"""What a dashboard is made of: queries, colours, links, panels and the sections they stand in, as plain data.

It knows neither the matrix nor how Grafana writes any of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from cs_exporter.matrix.rows import Row

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | float | bool | None"
Object: TypeAlias = Mapping[str, Json]

Kind = Literal["timeseries", "stat", "table", "state-timeline"]

WIDTH = 24
"""Of Grafana's grid."""

GREEN, BLUE, YELLOW, ORANGE, RED, DARK_RED = "green", "blue", "yellow", "orange", "red", "semi-dark-red"
GREY, CLEAR = "#808080", "transparent"


def _nothing() -> Mapping[str, Json]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Query:
    """One PromQL expression. `legend`: what its series are called. `now`: only their values at the end of the range."""

    expression: str
    legend: str = ""
    now: bool = False


@dataclass(frozen=True)
class Step:
    """From this value upwards, this colour; the first of several steps has no value."""

    value: float | None
    colour: str


@dataclass(frozen=True)
class Word:
    """How one value is written and coloured."""

    value: float
    text: str
    colour: str


@dataclass(frozen=True)
class Link:
    """Where one gets to from a panel's values; the address may have Grafana's variables in it."""

    title: str
    address: str


@dataclass(frozen=True)
class Column:
    """What one field of a panel has differently: found by `name`, or by a regular expression between slashes.

    `others`: any other property, by the name that Grafana has for it.
    """

    name: str
    unit: str = ""
    steps: tuple[Step, ...] = ()
    words: tuple[Word, ...] = ()
    links: tuple[Link, ...] = ()
    shown_as: str = ""
    width: int = 0
    coloured: bool = False
    others: Mapping[str, Json] = field(default_factory=_nothing)


@dataclass(frozen=True)
class Panel:
    """One panel. `rows`: those of the matrix that it shows. `options`, `custom`: as Grafana has them for its kind.

    `otherwise`: what it says where there is nothing, if that means something. `width`, `height`: in cells of the grid.
    `limits`: whether a graph draws its steps as lines.
    """

    title: str
    description: str
    kind: Kind
    queries: tuple[Query, ...]
    unit: str = "none"
    steps: tuple[Step, ...] = (Step(None, GREEN),)
    words: tuple[Word, ...] = ()
    links: tuple[Link, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    otherwise: str = ""
    width: int = 12
    height: int = 8
    limits: bool = False
    coloured: bool = False
    transformations: tuple[Mapping[str, Json], ...] = ()
    options: Mapping[str, Json] = field(default_factory=_nothing)
    custom: Mapping[str, Json] = field(default_factory=_nothing)


@dataclass(frozen=True)
class Section:
    """Panels under a heading; a folded one asks nothing of Prometheus until somebody opens it."""

    title: str
    panels: tuple[Panel, ...]
    folded: bool = False


@dataclass(frozen=True)
class Dashboard:
    """One dashboard: `name` is in its file's name and in its address in Grafana."""

    name: str
    title: str
    description: str
    sections: tuple[Section, ...]

    @property
    def uid(self) -> str:
        """Stable, so that links and bookmarks go on working."""
        return f"cs-{self.name}"

    def panels(self) -> tuple[Panel, ...]:
        """All of them, in the order in which they are read."""
        return tuple(panel for section in self.sections for panel in section.panels)
