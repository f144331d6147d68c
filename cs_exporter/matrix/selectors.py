"""An operator's selector: the matchers that every query gets besides, read and judged before anything is written.

What Prometheus would refuse in a rule file is told here, while the operator still looks.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

_MATCHER = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\\n]|\\[\\"n])*)"\s*(,|$)', re.ASCII)
_ESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|\(\?(?:P<|[ims-]*[:)]|.)?|[*+?}]\+|\{[\d,]+", re.DOTALL)
_NOT_RE2 = re.compile(r"\\[1-9ZuUN]|\(\?[^P:ims-].*|\(\?P|[*+?}]\+|\{.*\d{4}.*", re.DOTALL)
"""Tokens that Python's expressions know and RE2 does not: references, looking around, possessive or large repeats."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One of a selector; `op` is =, !=, =~ or !~, and `value` is without its escapes."""

    name: str
    op: str
    value: str

    def example(self) -> str:
        """A value that = or =~ takes: of alternatives the first; the expression itself where no plain one is seen."""
        if "~" not in self.op:
            return self.value
        plain = (re.sub(r"\\(\W)", r"\1", part) for part in re.split(r"[|()]", self.value))
        return next((value for value in plain if _compiled(self.value).fullmatch(value)), self.value)


def matchers(selector: str) -> tuple[Matcher, ...]:
    r"""Those of a list such as `job="cs",stage=~"one|two"`, in its order; none of an empty one.

    Raises ValueError, with what is wrong and the mend, for what Prometheus does not take: names are ASCII, escapes
    are \\, \" and \n (the others of PromQL are not needed), expressions are RE2's.
    """
    return tuple(_read(selector)) if selector else ()


def _read(selector: str) -> Iterator[Matcher]:
    position, more = 0, True
    while more:
        found = _MATCHER.match(selector, position)
        if found is None:
            raise ValueError(f"{selector!r} is no list of matchers; write it as 'job=\"cs_exporter\"'")
        name, op, written, comma = found.groups()
        matcher = Matcher(name, op, re.sub(r"\\.", lambda escape: _ESCAPED[escape[0]], written))
        if "~" in op:
            _check(matcher.value)
        yield matcher
        position, more = found.end(), bool(comma)


def _check(expression: str) -> None:
    """Raises ValueError where it is none of RE2's."""
    try:
        _compiled(expression)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{expression!r} is no regular expression: {error}; correct it") from error
    foreign = [token for token in _TOKEN.findall(expression) if token[0] != "[" and _NOT_RE2.fullmatch(token)]
    if foreign:
        raise ValueError(f"{expression!r} has {foreign[0]!r}, which Prometheus does not know; write it without")


def _compiled(expression: str) -> re.Pattern[str]:
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # [[:alpha:]], which RE2 knows
        return re.compile(expression)
