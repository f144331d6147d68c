"""A symptom as PromQL: the expression that finds the hosts and labels where it holds at a moment.

What cs_exporter judges on its board (`cs_exporter.symptoms`), asked of Prometheus; the two must never disagree.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from cs_exporter.model import Inventory
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import AnyDerived, AnySpec, Op, Symptom

SPECS: tuple[AnySpec | AnyDerived, ...] = (*PROBES, *DERIVED)
SYMPTOMS = tuple(symptom for spec in SPECS for symptom in spec.symptoms)
SYMPTOM_LABEL = "symptom"

_OPERATORS = {Op.ABOVE: ">", Op.BELOW: "<", Op.EQUALS: "=="}


def limits_of(symptom: Symptom, inventory: Inventory) -> dict[str, float]:
    """The hosts that have a limit of their own for the symptom, and that limit."""
    return {host.name: host.limits.symptoms[symptom.name] for host in inventory if symptom.name in host.limits.symptoms}


def expression(symptom: Symptom, limits: Mapping[str, float]) -> str:
    """Finds where the symptom holds; `limits` are the hosts' own, by name, and replace the symptom's."""
    hosts: dict[float, list[str]] = defaultdict(list)
    for name, own in limits.items():
        hosts[own].append(name)
    others = [_matcher("host", "!~", limits)] if limits else []
    parts = [_compared(symptom, symptom.limit.value, others)]
    parts += [_compared(symptom, own, [_matcher("host", "=~", names)]) for own, names in sorted(hosts.items())]
    return " or ".join(parts)


def everything_red(inventory: Inventory, symptoms: Iterable[Symptom] = SYMPTOMS) -> str:
    """Finds all symptoms that hold anywhere, with the symptom's name in the label `symptom`."""
    return " or ".join(_named(symptom, limits_of(symptom, inventory)) for symptom in symptoms)


def _named(symptom: Symptom, limits: Mapping[str, float]) -> str:
    return f'label_replace({expression(symptom, limits)}, "{SYMPTOM_LABEL}", "{symptom.name}", "", "")'


def _compared(symptom: Symptom, limit: float | str, more: Iterable[str]) -> str:
    """One comparison; where the limit is a metric, it is that of the series with the same labels."""
    value = f"{symptom.metric}{{{','.join([*_equal(symptom.labels), *more])}}}"
    if symptom.limit.age:
        value = f"(time() - {value})"
    if symptom.limit.absolute:
        value = f"abs({value})"
    return f"({value} {_OPERATORS[symptom.limit.op]} {limit})"


def _equal(labels: Mapping[str, str]) -> Iterator[str]:
    for name, wanted in labels.items():
        yield f"{name}={json.dumps(wanted)}"


def _matcher(label: str, operator: str, values: Iterable[str]) -> str:
    """Regular expressions are RE2's, quoted as in Go: json's escapes are a part of those."""
    return f"{label}{operator}{json.dumps('|'.join(map(re.escape, sorted(values))))}"
