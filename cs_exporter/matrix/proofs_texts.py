"""What an alert says once it fires: its annotations' templates with labels and value filled in, as Prometheus does.

A proof states the finished text, so that a template which names a label that is not there is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.rules import description, quoted, summary

_LEFT = re.compile(
    r"\{\{ range printf .*? query \}\}( ?)"
    r"\{\{ if lt \(\. \| value\) 0\.0 \}\}(.*?)\{\{ else \}\}(.*?)\{\{ end \}\}\{\{ end \}\}"
)
"""Groups: the blank before it, what is said once the time is over, and before that."""

_WITH = re.compile(r"\{\{ with \$labels\.(\w+) \}\}(.*?)\{\{ end \}\}")
_LABEL = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
_VALUE = re.compile(r"\{\{ (?:\$value|\. \| value)(?: \| (\w+))?( \| reReplaceAll \"\^-\" \"\")? \}\}")


def humanised_duration(seconds: float) -> str:
    """Template function humanizeDuration: days to minutes in whole seconds, less than a minute with 4 digits."""
    if 0 < abs(seconds) < 1:
        return _scaled_down(seconds) + "s"
    if abs(seconds) < 60:  # noqa: PLR2004 - seconds of a minute
        return f"{seconds:.4g}s"
    sign, whole = ("-" if seconds < 0 else ""), int(abs(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (whole % 60, "s")]
    while not parts[0][0]:
        parts.pop(0)
    return sign + " ".join(f"{number}{unit}" for number, unit in parts)


def humanised_percentage(ratio: float) -> str:
    """Template function humanizePercentage."""
    return f"{ratio * 100:.4g}%"


def humanised_1024(number: float) -> str:
    """Template function humanize1024; it writes "ki", and nothing between -1 and 1 is scaled."""
    return _scaled_up(number, 1024, ("", "ki", "Mi", "Gi", "Ti"))


def humanised(number: float) -> str:
    """Template function humanize."""
    if 0 < abs(number) < 1:
        return _scaled_down(number)
    return _scaled_up(number, 1000, ("", "k", "M", "G", "T"))


def _scaled_up(number: float, base: int, prefixes: tuple[str, ...]) -> str:
    power = 0
    while abs(number) >= base and power < len(prefixes) - 1:
        number, power = number / base, power + 1
    return f"{number:.4g}{prefixes[power]}"


def _scaled_down(number: float) -> str:
    prefixes = iter("munpfazy")
    prefix = ""
    while abs(number) < 1:
        number, prefix = number * 1000, next(prefixes)
    return f"{number:.4g}{prefix}"


FUNCTIONS: Mapping[str | None, Callable[[float], str]] = {
    None: lambda value: f"{value:.15g}",
    "humanize": humanised,
    "humanize1024": humanised_1024,
    "humanizeDuration": humanised_duration,
    "humanizePercentage": humanised_percentage,
}
"""The template functions that our texts use."""


def told(template: str, labels: Mapping[str, str], value: float, left: float | None) -> str:
    """The text of an annotation. `left`: seconds until the cloud can give the host up, where that is recorded.

    ValueError: the template has something that is not known here.
    """

    def number(of: float) -> Callable[[re.Match[str]], str]:
        return lambda found: FUNCTIONS[found[1]](of).removeprefix("-" if found[2] else "")

    def time(found: re.Match[str]) -> str:
        return "" if left is None else found[1] + _VALUE.sub(number(left), found[2] if left < 0 else found[3])

    text = _LEFT.sub(time, template)
    text = _WITH.sub(lambda found: found[2].replace("{{ . }}", labels[found[1]]) if found[1] in labels else "", text)
    text = _LABEL.sub(lambda found: labels.get(found[1], ""), text)
    text = _VALUE.sub(number(value), text)
    if "{{" in text:
        raise ValueError(f"no proof can be written of the template {text!r}")
    return text


@dataclass(frozen=True)
class Alert:
    """One that is expected. `more`: what the row's own template comes to; `left`: see `told`."""

    labels: Mapping[str, str]
    value: float
    left: float | None = None
    more: str = ""


def expected(row: Row, alert: Alert, rendering: Rendering) -> Iterator[str]:
    """The lines of an alert in a test for promtool, without its place in the list."""
    template = description(row).replace(row.more, alert.more) if row.more else description(row)
    labels = ", ".join(f"{key}: {quoted(value)}" for key, value in alert.labels.items())
    yield f"exp_labels: {{{labels}}}"
    yield "exp_annotations:"
    yield f"  summary: {quoted(summary(row))}"
    yield f"  description: {quoted(told(template, alert.labels, alert.value, alert.left))}"
    yield f"  runbook_url: {quoted(f'{rendering.runbooks}/{row.name}')}"
