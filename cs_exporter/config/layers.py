"""Layers of a configuration: parts of it as plain dictionaries, laid over each other key by key.

Apart from what they mean for a host, so that whatever gives a layer (the file, a cloud) is merged in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from cs_exporter.config.errors import Location

Values = dict[str, Any]
"""A part of the configuration as plain dictionaries and lists, already validated."""

_KEYED = {"mounts": "mountpoint", "ports": "name"}
"""Lists that are merged row by row, and what names a row."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Values, and where in the file they stand."""

    at: Location
    values: Values


def given(model: BaseModel, include: set[str] | None = None, exclude: set[str] | None = None) -> Values:
    """What somebody said; neither defaults nor what was set to nothing."""
    return model.model_dump(include=include, exclude=exclude, exclude_unset=True, exclude_none=True)


def merged(layers: Sequence[Layer]) -> Values:
    """The values of all layers, a later one over those before it; no layer is changed."""
    found: Values = {}
    for layer in layers:
        _merge(found, layer.values)
    return found


def blamed(layers: Sequence[Layer], path: Location) -> Location:
    """The longest part of `path` that a layer gave, in the narrowest layer that gave it."""
    for length in range(len(path), 0, -1):
        for layer in reversed(layers):
            if _has(layer.values, path[:length]):
                return (*layer.at, *path[:length])
    return path


def hashable(value: object) -> object:
    """A value that is equal exactly where the plain value is, to look up what was already worked out."""
    if isinstance(value, Mapping):
        return frozenset((key, hashable(inner)) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return tuple(hashable(inner) for inner in value)
    return value


def _merge(into: Values, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if key in _KEYED:
            into[key] = _merged_rows(into.get(key, ()), value, _KEYED[key])
        elif isinstance(value, Mapping):
            below = into.get(key)
            into[key] = {**below} if isinstance(below, Mapping) else {}
            _merge(into[key], value)
        else:
            into[key] = value


def _merged_rows(before: Sequence[Values], now: Sequence[Values], key: str) -> tuple[Values, ...]:
    if not now:
        return ()
    return tuple({row[key]: row for row in (*before, *now)}.values())


def _has(values: object, path: Location) -> bool:
    for part in path:
        if not isinstance(values, Mapping) or part not in values:
            return False
        values = values[part]
    return True
