"""A symptom as PromQL: the condition under which it holds, per host and row, whatever replicas and targets there are.

What cs_exporter judges on its board (`cs_exporter.symptoms`), asked of Prometheus; the two must never disagree.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cs_exporter.matrix.rendering import Rendering
from cs_exporter.spec import Metric, Op, Symptom

_OPERATORS = {Op.ABOVE: ">", Op.BELOW: "<", Op.EQUALS: "=="}
_WORST = {Op.ABOVE: "max", Op.BELOW: "min", Op.EQUALS: "max"}

FLEET_KEYS = ("instance",)
"""What tells the series of a metric without any label apart: the exporter whose own it is."""


@dataclass(frozen=True)
class Series:
    """A metric by its name, and the labels that tell its series apart (host first, if it has one)."""

    name: str
    keys: tuple[str, ...]


def series_of(metric: Metric[object]) -> Series:
    """A sheet's metric."""
    return Series(metric.name, ("host", *metric.labels) if metric.per_host else metric.labels or FLEET_KEYS)


def selector(metric: str, *matchers: str, also: str = "") -> str:
    """A series selector; `also`: matchers as the operator wrote them."""
    inside = ",".join(part for part in (*matchers, also) if part)
    return f"{metric}{{{inside}}}" if inside else metric


def condition(symptom: Symptom, series: Series, rendering: Rendering) -> str:
    """Finds where the symptom holds: one series per host and row, with the value that is compared.

    Of several replicas the worst counts. Hosts with limits of their own are compared with those.
    """
    own = rendering.own.get(symptom.name, {})
    hosts: dict[float, list[str]] = defaultdict(list)
    for name, limit in own.items():
        hosts[limit].append(name)
    others = [_matcher("host", "!~", own)] if own else []
    parts = [_compared(symptom, series, rendering, rendering.limit(symptom), others)]
    for limit, names in sorted(hosts.items()):
        parts.append(_compared(symptom, series, rendering, limit, [_matcher("host", "=~", names)]))
    return either(parts)


def _compared(symptom: Symptom, series: Series, rendering: Rendering, limit: float | str, more: Iterable[str]) -> str:
    """One comparison; where the limit is a metric, it is that of the series with the same labels."""
    matchers = [*equal(symptom.labels), *more]
    value = selector(series.name, *matchers, also=rendering.selector)
    if symptom.limit.age:
        value = f"(time() - {value})"
    if symptom.limit.absolute:
        value = f"abs({value})"
    keys = ", ".join(series.keys)
    operator, worst = _OPERATORS[symptom.limit.op], _WORST[symptom.limit.op]
    if isinstance(limit, str):
        found = selector(limit, *more, also=rendering.selector)
        return f"({worst} by ({keys}) ({value}) {operator} {worst} by ({keys}) ({found}))"
    if symptom.limit.op is Op.EQUALS:
        return f"{worst} by ({keys}) ({value} {operator} {number(limit)})"
    return f"({worst} by ({keys}) ({value}) {operator} {number(limit)})"


def number(value: float) -> str:
    """As short as it can be written without being another one."""
    return repr(float(value)).removesuffix(".0")


def equal(labels: Mapping[str, str]) -> Iterator[str]:
    """A matcher for each label."""
    for name, wanted in labels.items():
        yield f"{name}={json.dumps(wanted)}"


def _matcher(label: str, operator: str, values: Iterable[str]) -> str:
    """Regular expressions are RE2's, quoted as in Go: json's escapes are a part of those."""
    return f"{label}{operator}{json.dumps('|'.join(map(re.escape, sorted(values))))}"


def joined(expression: str, on: tuple[str, ...], labels: tuple[str, ...], info: str, keys: tuple[str, ...]) -> str:
    """`expression` with `labels` of `info`, a recorded series that is 1; as it is where that has nothing to say.

    `keys`: what tells the series of `expression` apart.
    """
    matching, more = ", ".join(on), ", ".join(labels)
    return (
        f"(\n{indented(expression)}\n)\n* on ({matching}) group_left ({more}) {info}\n"
        f"or on ({', '.join(keys)}) (\n{indented(expression)}\n)"
    )


def either(parts: Iterable[str]) -> str:
    """What any of these expressions finds."""
    return "\nor\n".join(parts)


def indented(text: str) -> str:
    """Two blanks before each line."""
    return "\n".join(f"  {line}" for line in text.splitlines())
