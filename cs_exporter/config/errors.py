"""Mistakes in the configuration as lines for an operator: file, field, what is wrong, and the mend.

pydantic's own messages name Python types and several lines per mistake; here each becomes one line in his words.
"""

from __future__ import annotations

import difflib
import json
import re
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic_core import ErrorDetails

Location = tuple[str | int, ...]
"""Where a value stands: the keys and list indices that lead to it."""

MAX_LINES = 20
"""A broken template makes thousands of equal mistakes; nobody reads past the first screen."""

_MAX_SHOWN = 60
_CAMEL_JOINT = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


_ROLES_BY_PRODUCT = {
    **dict.fromkeys(("rabbitmq", "rabbit", "amqp"), "message_bus"),
    **dict.fromkeys(("mysql", "mariadb", "galera"), "database"),
    **dict.fromkeys(("kvm", "compute"), "hypervisor"),
    **dict.fromkeys(("haproxy", "proxysql", "balancer"), "load_balancer"),
    **dict.fromkeys(("nfs", "nfs_server"), "storage"),
    "neutron": "network",
}
"""Roles that are written as what runs there."""


class ConfigError(Exception):
    """A mistake of the user's; `str()` is one line per mistake: `FILE: FIELD: what is wrong; mend`.

    `file` is the file's name, or the environment variable's; `field` may be empty. `others` are further mistakes
    found at the same time, of which at most `MAX_LINES` lines are shown in all.
    """

    def __init__(self, file: str, field: str, message: str, others: Iterable[ConfigError] = ()) -> None:
        super().__init__(file, field, message)
        self.file = file
        self.field = field
        self.message = message
        self.others = tuple(others)

    def line(self) -> str:
        """This mistake alone, on one line whatever the texts in it hold."""
        text = ": ".join(part for part in (self.file, self.field, self.message) if part)
        return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)

    def __str__(self) -> str:
        lines = [self.line(), *(other.line() for other in self.others)]
        if len(lines) > MAX_LINES:
            lines[MAX_LINES:] = [f"{self.file}: and {len(lines) - MAX_LINES} more; correct these first"]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong at a place; `message` is `what is wrong; mend`. The lower `rank`, the more it explains."""

    location: Location
    message: str
    rank: int = 1


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the configuration came from: a file, and the environment variables that set or override values."""

    file: str
    variables: Mapping[Location, str] = field(default_factory=dict)

    def error(self, mistakes: Iterable[Mistake]) -> ConfigError:
        """All mistakes as one error, the most telling first; raises ValueError where there are none."""
        ranked = sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake.rank)
        errors = [
            ConfigError(self._given_by(mistake.location), path_text(mistake.location), mistake.message)
            for mistake in ranked
        ]
        if not errors:
            raise ValueError("no mistake, no error")
        return ConfigError(errors[0].file, errors[0].field, errors[0].message, errors[1:])

    def _given_by(self, location: Location) -> str:
        """The variable that gave the value or what it is part of, else the file."""
        prefixes = (location[:length] for length in range(len(location), 0, -1))
        return next((self.variables[prefix] for prefix in prefixes if prefix in self.variables), self.file)


def path_text(location: Location) -> str:
    """`("hosts", 3, "roles", 0)` as `hosts[3].roles[0]`; keys that are not plain words are quoted."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            word = part if _PLAIN_KEY.fullmatch(part) else json.dumps(part)
            text += f".{word}" if text else word
    return text


def suggestion(word: str, known: Iterable[str], kind: str = "") -> str:
    """The mend for a word that is not known: the nearest one, or all of them."""
    words = list(known)
    lowered = {candidate.lower(): candidate for candidate in words}
    near = difflib.get_close_matches(word.lower(), lowered, n=1)
    if near:
        return f"did you mean {lowered[near[0]]!r}?"
    return f"known {kind or 'here'}: {', '.join(words)}" if words else "none is defined; add it or remove this"


def shown_value(value: object) -> str:
    """A value as an operator wrote it, short and on one line."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value[: _MAX_SHOWN + 1] if isinstance(value, str) else value)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def mistakes_in(error: ValidationError, root: type[BaseModel]) -> list[Mistake]:
    """What pydantic found wrong with a configuration of the shape `root`."""
    details = [detail for detail in error.errors(include_url=False) if detail["type"] != "default_factory_not_called"]
    found = [_mistake(detail, root) for detail in details]
    # A misspelt key is one mistake, not two: the key that it should have been is missing only because of it.
    misspelt = {(mistake.location[:-1], mistake.message) for mistake in found if mistake.rank == 0 and mistake.location}
    return [
        mistake
        for detail, mistake in zip(details, found, strict=True)
        if detail["type"] != "missing"
        or (detail["loc"][:-1], _unknown_key(f"did you mean {str(detail['loc'][-1])!r}?")) not in misspelt
    ]


def _unknown_key(mend: str) -> str:
    return f"unknown key; {mend}"


def _mistake(detail: ErrorDetails, root: type[BaseModel]) -> Mistake:
    location, annotation = _walk(root, detail["loc"])
    if detail["type"] == "extra_forbidden":
        return Mistake(detail["loc"], _unknown_key(_mend_for_key(detail, annotation)), rank=0)
    if detail["type"] == "missing":
        return Mistake(detail["loc"], "is missing; add it")
    secret = isinstance(annotation, type) and issubclass(annotation, SecretStr | SecretBytes)
    value = "what is given" if secret else shown_value(detail["input"])
    if detail["type"] in ("enum", "literal_error"):
        return Mistake(location, _unknown(value, detail, annotation))
    explain = _EXPLANATIONS.get(detail["type"])
    if explain is not None:
        return Mistake(location, explain(value, detail))
    text = detail["msg"].removeprefix("Value error, ")
    given = "" if isinstance(detail["input"], Mapping) else f", not {value}"  # what is wrong is said by the text
    return Mistake(location, text if ";" in text else f"{text[:1].lower()}{text[1:]}{given}; correct it")


def _mend_for_key(detail: ErrorDetails, annotation: object) -> str:
    """Of what holds several the plural, the one of that name a level below, the nearest beside it, or all keys."""
    key = str(detail["loc"][-1])
    model = _bare(annotation)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return "remove it"
    known = _fields(model)
    plural = f"{key}s"
    if plural in known and isinstance(detail["input"], Mapping | list | tuple):
        return f"did you mean {plural!r}?"
    for name, inner in known.items():
        below = _bare(inner)
        if isinstance(below, type) and issubclass(below, BaseModel) and key in _fields(below):
            return f"did you mean '{name}.{key}'?"
    return suggestion(key, known)


def _fields(model: type[BaseModel]) -> dict[str, object]:
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}


def _walk(root: type[BaseModel], location: Location) -> tuple[Location, object]:
    """The part of a location that stands in the file, and the type expected there."""
    annotation: object = root
    for depth, part in enumerate(location):
        inner = _step(_bare(annotation), part)
        if inner is None:
            return location[:depth], annotation
        annotation = inner
    return location, _bare(annotation)


def _step(annotation: object, part: str | int) -> object | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _fields(annotation).get(str(part))
    origin, arguments = get_origin(annotation), get_args(annotation)
    if not isinstance(origin, type) or not arguments:
        return None
    if issubclass(origin, Mapping):
        return arguments[1]  # type: ignore[no-any-return]  # get_args knows nothing of what it returns
    return arguments[0] if isinstance(part, int) else None


def _bare(annotation: object) -> object:
    """A type without Annotated and without its `| None`."""
    while True:
        origin, arguments = get_origin(annotation), get_args(annotation)
        inner = [argument for argument in arguments if argument is not type(None)]
        if origin is Annotated or (origin in (Union, types.UnionType) and len(inner) == 1):
            annotation = inner[0]
        else:
            return annotation


Explain = Callable[[str, ErrorDetails], str]


def _must_be(what: str, mend: str) -> Explain:
    return lambda value, _detail: f"must be {what}, not {value}; {mend}"


def _unknown(value: str, detail: ErrorDetails, annotation: object) -> str:
    """A word that is none of an enumeration's, called by the enumeration's name: unknown role."""
    known = re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", "")))
    kind = _CAMEL_JOINT.sub(" ", annotation.__name__).lower() if isinstance(annotation, type) else "value"
    meant = _ROLES_BY_PRODUCT.get(str(detail["input"]).lower(), "")
    mend = f"did you mean {meant!r}?" if meant in known else suggestion(str(detail["input"]), known, "ones")
    return f"unknown {kind} {value}; {mend}"


def _bound(words: str, key: str) -> Explain:
    return lambda value, detail: f"must be {words} {detail.get('ctx', {}).get(key):g}, not {value}; correct it"


_TEXT = _must_be("text", "put it in quotes if it is meant as text")
_NUMBER = _must_be("a number", "correct it")
_WHOLE = _must_be("a whole number", "correct it")
_BOOLEAN = _must_be("true or false", "correct it")
_LIST = _must_be("a list", "write it as [a, b], or one '- ' line each")
_MAPPING = _must_be("a mapping", "write 'key: value' lines beneath it")

_EXPLANATIONS: Mapping[str, Explain] = {
    "string_type": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "greater_than": _bound("greater than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("at most", "le"),
}
