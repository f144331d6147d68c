"""Lays defaults, groups and host blocks over each other, and finds the mistakes that only show then.

What has a key of its own is merged by it (ssh, mysql, limits, probes, mounts by mount point and ports by name; an empty
list means none); of everything else the narrowest layer's value counts. Hosts that come out equal share one profile.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from cs_exporter.config.errors import Location, Mistake, suggestion
from cs_exporter.config.files import key_file_problem, known_hosts_problem, text_file_problem
from cs_exporter.config.hosts import HostBlock, Member, UnlikeRangesError
from cs_exporter.config.ranges import MAX_MEMBERS
from cs_exporter.config.sections import Sections
from cs_exporter.model import Connection, DeclaredPort, HostLimits, MysqlTarget, Place, Role, SshTarget
from cs_exporter.probes.ports.table import mistake_in
from cs_exporter.spec import AnySpec, ProbeSettings, longest_run

Values = dict[str, Any]
"""A part of the configuration as plain dictionaries and lists, already validated."""

WAIT_SLACK = 0.5
"""Seconds that a run must have beyond its longest wait, to connect and to judge."""

_SSH_TARGET_FIELDS = frozenset(field.name for field in fields(SshTarget))
_FILES = (
    ("ssh", "key_file", key_file_problem),
    ("ssh", "known_hosts", known_hosts_problem),
    ("mysql", "password_file", text_file_problem),
    ("mysql", "ca_file", text_file_problem),
)
"""Section, key, and what looks at the file that it names."""

_KEYED = {"mounts": "mountpoint", "ports": "name"}
"""Lists that are merged row by row, and what names a row."""

_PLACE_FIELDS = tuple(field.name for field in fields(Place))


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything about a host that its defaults, groups and block decide; `mounts` with servers as written."""

    roles: frozenset[Role]
    place: Place
    maintenance: bool
    connection: Connection
    ssh: SshTarget
    mysql: MysqlTarget
    secured: bool | None
    ports: tuple[DeclaredPort, ...]
    mounts: tuple[Mapping[str, Any], ...]
    limits: HostLimits
    settings: Mapping[str, ProbeSettings]


@dataclass(frozen=True, slots=True)
class HostPlan:
    """The hosts of one block, and the profile they share."""

    members: tuple[Member, ...]
    profile: Profile


@dataclass(frozen=True, slots=True)
class _Layer:
    at: Location
    values: Values


class Resolver:
    """Turns the blocks of one configuration into plans; `mistakes` collects what is wrong, each once.

    Relative paths are taken from `directory`.
    """

    def __init__(self, sections: Sections, specs: Sequence[AnySpec], directory: Path) -> None:
        self.mistakes: dict[Mistake, None] = {}
        self._specs = specs
        self._global = sections.global_
        self._directory = directory
        self._file_problems: dict[tuple[str, str], str | None] = {}
        self._settings: dict[object, Mapping[str, ProbeSettings]] = {}
        self._profiles: dict[object, Profile | None] = {}
        self._owners: dict[str, int] = {}
        root = {
            "ssh": _given(sections.ssh, include=set(_SSH_TARGET_FIELDS)),
            "mysql": _given(sections.mysql),
            "probes": _given(sections.probes),
        }
        self._shared = (self._layer((), root), self._layer(("defaults",), _given(sections.defaults)))
        self._groups = {name: self._layer(("groups", name), _given(group)) for name, group in sections.groups.items()}

    def plan(self, index: int, block: HostBlock) -> HostPlan | None:
        """The plan of one block, which stands at hosts[index]; None where a mistake prevents it."""
        at: Location = ("hosts", index)
        own = self._layer(at, _given(block, exclude={"name", "address", "addresses", "groups"}))
        unknown = [(position, name) for position, name in enumerate(block.groups) if name not in self._groups]
        for position, name in unknown:
            mend = suggestion(name, self._groups, "groups")
            self._report((*at, "groups", position), f"no group {name!r}; {mend}")
        members = self._members(at, index, block)
        if unknown or not members:
            return None
        key = (block.groups, _hashable(own.values))
        if key not in self._profiles or self._profiles[key] is None:
            layers = (*self._shared, *(self._groups[name] for name in block.groups), own)
            self._profiles[key] = self._profile(layers)
        profile = self._profiles[key]
        return None if profile is None else HostPlan(members, profile)

    def _members(self, at: Location, index: int, block: HostBlock) -> tuple[Member, ...]:
        if len(self._owners) > MAX_MEMBERS:
            self._report(("hosts",), f"stand for more than {MAX_MEMBERS} hosts; make the ranges smaller")
            return ()
        try:
            members = block.members()
        except UnlikeRangesError as error:
            self._report((*at, *error.key.split(".")), str(error))
            return ()
        taken = []
        for member in members:
            if member.name in self._owners:
                taken.append(member.name)
            else:
                self._owners[member.name] = index
        if taken:
            others = f" (and {len(taken) - 1} more of its names are taken)" if len(taken) > 1 else ""
            owner = self._owners[taken[0]]
            where = "twice in this range" if owner == index else f"already hosts[{owner}]"
            self._report((*at, "name"), f"{taken[0]!r} is {where}{others}; names are unique, remove or rename one")
        return () if taken else tuple(members)

    def _profile(self, layers: Sequence[_Layer]) -> Profile | None:
        merged: Values = {}
        for layer in layers:
            _merge(merged, layer.values)
        roles: frozenset[Role] = frozenset(merged.get("roles", ()))
        settings = self._settings_of(merged["probes"], roles, layers)
        ssh = SshTarget(**merged["ssh"])
        connection = merged.get("connection", Connection.SSH)
        if connection is Connection.SSH:
            self._check_way_in(ssh)
        ports = self._ports(merged.get("ports", ()), layers)
        if settings is None:
            return None
        return Profile(
            roles=roles,
            place=Place(**{name: merged.get(name, "") for name in _PLACE_FIELDS}),
            maintenance=merged.get("maintenance", False),
            connection=connection,
            ssh=ssh,
            mysql=MysqlTarget(**merged["mysql"]),
            secured=merged.get("secured"),
            ports=ports,
            mounts=tuple(merged.get("mounts", ())),
            limits=HostLimits(MappingProxyType(merged.get("limits", {}))),
            settings=settings,
        )

    def _ports(self, rows: Sequence[Values], layers: Sequence[_Layer]) -> tuple[DeclaredPort, ...]:
        ports = tuple(DeclaredPort(**row) for row in rows)
        for problem in filter(None, map(mistake_in, ports)):
            self._report(_blamed(layers, ("ports",)), problem)
        return ports

    def _check_way_in(self, ssh: SshTarget) -> None:
        if ssh.key_file is None:
            self._report(
                ("ssh", "key_file"),
                "is missing, and hosts are asked over SSH; name the account's private key, "
                "made with ssh-keygen -t ed25519 -N ''",
            )
        if ssh.verify_host_key and ssh.known_hosts is None:
            self._report(
                ("ssh", "known_hosts"),
                "is missing, and host keys are verified; name a file made with ssh-keyscan, "
                "or in a lab set ssh.verify_host_key: false",
            )

    def _settings_of(
        self, given: Values, roles: frozenset[Role], layers: Sequence[_Layer]
    ) -> Mapping[str, ProbeSettings] | None:
        key = (_hashable(given), roles)
        if key not in self._settings:
            found = {
                spec.name: self._probe_settings(spec, given.get(spec.name, {}), roles, layers) for spec in self._specs
            }
            complete = {name: settings for name, settings in found.items() if settings is not None}
            if len(complete) < len(found):
                return None
            self._settings[key] = MappingProxyType(complete)
        return self._settings[key]

    def _probe_settings(
        self, spec: AnySpec, given: Values, roles: frozenset[Role], layers: Sequence[_Layer]
    ) -> ProbeSettings | None:
        """One probe's settings after merging; a mistake is blamed on the narrowest layer that had a say."""
        path = ("probes", spec.name)
        try:
            settings: ProbeSettings = spec.settings.model_validate(given).for_roles(roles)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                text = detail["msg"].removeprefix("Value error, ")
                self._report(_blamed(layers, (*path, *detail["loc"])), text if ";" in text else f"{text}; correct it")
            return None
        if settings.timeout is not None and settings.timeout > settings.interval:
            self._report(
                _blamed(layers, (*path, "timeout")),
                f"{settings.timeout:g} s is longer than the interval of {settings.interval:g} s; "
                "a run must end before the next, shorten it or lengthen the interval",
            )
            return None
        run, wait = longest_run(settings, self._global.timeout, self._global.interval), settings.longest_wait()
        if settings.enabled and wait + WAIT_SLACK > run:
            self._report(
                _blamed(layers, path),
                f"a run of {spec.name} may take {run:g} s and has to wait up to {wait:g} s for an answer; "
                f"give it at least {wait + WAIT_SLACK:g} s (global.timeout or probes.{spec.name}.timeout, and an "
                "interval that holds it), or shorten the limit of that wait",
            )
            return None
        return settings

    def _layer(self, at: Location, values: Values) -> _Layer:
        """A layer with its files checked and their paths made absolute."""
        for section, name, problem in _FILES:
            written = values.get(section, {})
            if name in written:
                path = os.path.normpath(self._directory / os.path.expanduser(written[name]))  # noqa: PTH111  # never raises
                if (name, path) not in self._file_problems:
                    self._file_problems[name, path] = problem(Path(path))
                found = self._file_problems[name, path]
                if found is not None:
                    self._report((*at, section, name), f"{path}: {found}")
                written[name] = path
        return _Layer(at, values)

    def _report(self, location: Location, message: str) -> None:
        self.mistakes[Mistake(location, message)] = None


def _given(model: BaseModel, include: set[str] | None = None, exclude: set[str] | None = None) -> Values:
    return model.model_dump(include=include, exclude=exclude, exclude_unset=True, exclude_none=True)


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


def _blamed(layers: Sequence[_Layer], path: Location) -> Location:
    """The longest part of `path` that a layer gave, in the narrowest layer that gave it."""
    for length in range(len(path), 0, -1):
        for layer in reversed(layers):
            if _has(layer.values, path[:length]):
                return (*layer.at, *path[:length])
    return path


def _has(values: object, path: Location) -> bool:
    for part in path:
        if not isinstance(values, Mapping) or part not in values:
            return False
        values = values[part]
    return True


def _hashable(value: object) -> object:
    """A value that is equal exactly where the plain value is, to look up what was already worked out."""
    if isinstance(value, Mapping):
        return frozenset((key, _hashable(inner)) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return tuple(_hashable(inner) for inner in value)
    return value
