"""Environment variables that override the file: CS_EXPORTER_GLOBAL__INTERVAL=30s is `global: {interval: 30s}`.

A value that begins with [ or { is YAML, anything else is text. Unknown variables are refused, except those that an
orchestrator sets for a service that happens to be called cs-exporter (CS_EXPORTER_PORT and its kin).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from cs_exporter.config.errors import ConfigError, Location, suggestion
from cs_exporter.config.yaml import parse_yaml

PREFIX = "CS_EXPORTER_"
DELIMITER = "__"


@dataclass(slots=True)
class Overrides:
    """What the environment says: nested as the file would be, which variable gave what, and what is wrong with it."""

    values: dict[str, Any] = field(default_factory=dict)
    variables: dict[Location, str] = field(default_factory=dict)
    errors: list[ConfigError] = field(default_factory=list)


def read_environment(environment: Mapping[str, str], sections: Iterable[str]) -> Overrides:
    """The overrides for these sections; `errors` has those that can't be meant."""
    known = list(sections)
    found = Overrides()
    # A short name before a longer one: the variable for one key then refines the one for its section.
    for variable in sorted(environment, key=lambda name: (name.count(DELIMITER), name)):
        if not variable.upper().startswith(PREFIX):
            continue
        path = tuple(variable[len(PREFIX) :].lower().split(DELIMITER))
        try:
            if path[0] in known:
                _put(found.values, path, _value(environment[variable], variable), variable)
                found.variables[path] = variable
            else:
                _refuse_slip(path, known, variable)
        except ConfigError as error:
            found.errors.append(error)
    return found


def _value(text: str, variable: str) -> object:
    return parse_yaml(text, variable) if text.lstrip().startswith(("[", "{")) else text


def _put(values: dict[str, Any], path: tuple[str, ...], value: object, variable: str) -> None:
    *above, last = path
    if not all(path):
        raise ConfigError(variable, "", "has an empty key; write two underscores between keys, and none at the end")
    for key in above:
        values = values.setdefault(key, {})
        if not isinstance(values, dict):
            raise ConfigError(variable, "", f"{key!r} is already set as a whole by another variable; unset one of them")
    values[last] = value


def _refuse_slip(path: tuple[str, ...], known: list[str], variable: str) -> None:
    for section in known:
        if path[0].startswith(f"{section}_"):
            meant = DELIMITER.join((section, path[0][len(section) + 1 :], *path[1:])).upper()
            raise ConfigError(variable, "", f"has one underscore after the section; did you mean {PREFIX}{meant}?")
    if len(path) > 1:
        raise ConfigError(variable, "", f"no section {path[0]!r}; {suggestion(path[0], known, 'sections')}")


class EnvironmentSource(PydanticBaseSettingsSource):
    """The overrides as a source of pydantic-settings, above the file."""

    def __init__(self, settings_cls: type[BaseSettings], values: Mapping[str, Any]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The override of one section, under the section's name in the file."""
        name = field.alias or field_name
        return self._values.get(name), name, True

    def __call__(self) -> dict[str, Any]:
        """All overrides, by section."""
        return dict(self._values)
