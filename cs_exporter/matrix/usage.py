"""Which metrics an expression asks for, and what is exported although nothing asks for it.

What no alert and no panel shows is noise that everybody pays for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_NAME = re.compile(r"(?<![\w:])(?:[a-z_]+:)?cs_[a-z0-9_]+(?::[a-z_]+)?(?![\w:])")


def names_in(expression: str) -> tuple[str, ...]:
    """The series of ours that a PromQL expression asks for, recorded ones too, each once in order of appearance."""
    return tuple(dict.fromkeys(_NAME.findall(_QUOTED.sub('""', expression))))


def metrics_in(expression: str) -> tuple[str, ...]:
    """The metrics that it asks for: a recorded series `level:metric:operation` is one of `metric`."""
    return tuple(dict.fromkeys(name.split(":")[1] if ":" in name else name for name in names_in(expression)))


def unused(metrics: Iterable[str], expressions: Iterable[str]) -> Iterator[str]:
    """The metrics that no expression asks for."""
    asked = {name for expression in expressions for name in metrics_in(expression)}
    return (name for name in metrics if name not in asked)
