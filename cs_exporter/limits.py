"""The limits in force: for each symptom that of most hosts, and those of hosts that have their own.

One grouping for the judge on the board, the page that shows the limits and the rules that are written from them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cs_exporter.model import Inventory
from cs_exporter.spec import Symptom


@dataclass(frozen=True)
class Limits:
    """`usual`: symptom -> limit of most hosts, where it is another than its sheet's. `own`: symptom -> host -> limit.

    All in the symptoms' units.
    """

    usual: Mapping[str, float]
    own: Mapping[str, Mapping[str, float]]

    def of_most(self, symptom: Symptom) -> float | str:
        """The limit of hosts that have none of their own; a metric's name, where it is a series."""
        return self.usual.get(symptom.name, symptom.limit.value)


def in_force(inventory: Inventory, symptoms: Iterable[Symptom]) -> Limits:
    """What most hosts have is the limit; the others have their own.

    Where the sheet's limit is a series, that stays the limit of most as long as a single host is without a number.
    """
    given = _given(inventory)
    usual: dict[str, float] = {}
    own: dict[str, dict[str, float]] = {}
    for symptom in symptoms:
        numbers = given.get(symptom.name)
        if numbers is None:
            continue
        most = _most(symptom.limit.value, numbers, len(inventory) - len(numbers))
        if not isinstance(most, str) and most != symptom.limit.value:
            usual[symptom.name] = most
        wanted = {host.name: numbers.get(host.name, symptom.limit.value) for host in inventory}
        others = {name: limit for name, limit in wanted.items() if limit != most and not isinstance(limit, str)}
        if others:
            own[symptom.name] = others
    return Limits(usual, own)


def _given(inventory: Inventory) -> Mapping[str, Mapping[str, float]]:
    """Symptom -> host -> the limit that the configuration gives it."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for host in inventory:
        for name, limit in host.limits.symptoms.items():
            found[name][host.name] = limit
    return found


def _most(sheets: float | str, numbers: Mapping[str, float], without: int) -> float | str:
    if isinstance(sheets, str):
        return sheets if without else Counter(numbers.values()).most_common(1)[0][0]
    counts: Counter[float] = Counter({sheets: without})
    counts.update(numbers.values())
    return counts.most_common(1)[0][0]
