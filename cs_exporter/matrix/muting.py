"""What an inhibition of Alertmanager is, and which alerts it can concern, by the labels that rows give to theirs.

Worked out here, and not by whoever is paged too often: an `equal` label that one side never has mutes nothing, or all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cs_exporter.matrix.rows import PLACE, REPORTED, Row

UNKNOWN = None
"""The value of a label that only the alert itself knows, such as its host."""

Labels = Mapping[str, str | None]

WHOLE = frozenset({"platform", "cell"})
"""Labels of which none is a value as well: of both sides, it is the same one."""


@dataclass(frozen=True)
class Matcher:
    """As in Alertmanager's configuration: `operator` is =, !=, =~ or !~; regular expressions match whole values."""

    label: str
    operator: str
    value: str

    def may_match(self, labels: Labels) -> bool:
        """Whether an alert with these labels can match; a label that it lacks is empty."""
        value = labels.get(self.label, "")
        if value is UNKNOWN:
            return (self.operator, self.value) != ("=", "")
        found = bool(re.fullmatch(self.value, value)) if "~" in self.operator else value == self.value
        return found is not self.operator.startswith("!")

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{self.value}"'


@dataclass(frozen=True)
class Inhibition:
    """While an alert that matches `source` fires, those that match `target` reach nobody, if all of `equal` are.

    An `equal` label that is empty makes nothing equal: two unknowns are not the same one. Hosts that are written down
    are of no platform, all of them together, and what belongs to no cell to the cloud as a whole. `tells`: the reason.
    """

    tells: str
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]

    def may_mute(self, labels: Labels) -> bool:
        """Whether an alert with these labels may mute others."""
        return _may_match((*self.source, *self.known), labels)

    def may_be_muted(self, labels: Labels) -> bool:
        """Whether an alert with these labels may be muted."""
        return _may_match((*self.target, *self.known), labels)

    def may_equal(self, ours: Labels, theirs: Labels) -> bool:
        """Whether two alerts may be of one place."""
        return all(_may_be_one(ours.get(label, ""), theirs.get(label, "")) for label in self.equal)

    def holds(self, source: Row, target: Row) -> bool:
        """Whether an alert of one row can mute one of the other."""
        ours, theirs = carried(source), carried(target)
        return self.may_mute(ours) and self.may_be_muted(theirs) and self.may_equal(ours, theirs)

    @property
    def known(self) -> tuple[Matcher, ...]:
        """What an alert must have besides, on either side, for the comparison to mean anything."""
        return tuple(Matcher(label, "!=", "") for label in self.equal if label not in WHOLE)


def _may_match(matchers: Iterable[Matcher], labels: Labels) -> bool:
    return all(matcher.may_match(labels) for matcher in matchers)


def _may_be_one(ours: str | None, theirs: str | None) -> bool:
    return ours is UNKNOWN or theirs is UNKNOWN or ours == theirs


def carried(row: Row) -> Labels:
    """Every label that the row's alerts can have: with its value, or UNKNOWN where that differs from alert to alert."""
    found: dict[str, str | None] = dict.fromkeys(row.keys, UNKNOWN)
    if row.per_host:
        found |= dict.fromkeys(PLACE, UNKNOWN)
    found |= dict.fromkeys(_names_another(row), UNKNOWN)
    if row.symptom is not None:
        found |= {**row.symptom.labels, **dict.fromkeys(row.symptom.told, UNKNOWN)}
        found |= dict.fromkeys(REPORTED if row.symptom.reporter else (), UNKNOWN)
    return {**found, **row.labels, "alertname": row.name, "severity": row.severity.value, "cause": row.cause.value}


def _names_another(row: Row) -> tuple[str, ...]:
    """The label by which a cause and those that suffer from it find each other (rows.named)."""
    victims = row.symptom.victims if row.symptom is not None else ""
    if victims:
        return ("management_server" if victims == "clients" else victims,)
    if row.symptom is not None and "agent" in row.keys:
        return ("management_server",)
    if row.symptom is not None and "mountpoint" in row.keys:
        return ("server",)
    return ()
