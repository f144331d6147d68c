"""From the blocks of a file to plans: which hosts and clouds there are, and which layers lie over each other for them.

What has a key of its own is merged by it (ssh, mysql, limits, probes, mounts by mount point and ports by name; an empty
list means none); of everything else the narrowest layer's value counts. Hosts that come out equal share one profile.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cs_exporter.config.errors import Location, Mistake, suggestion
from cs_exporter.config.files import (
    api_key_problem,
    key_file_problem,
    known_hosts_problem,
    password_file_problem,
    text_file_problem,
)
from cs_exporter.config.hosts import HostBlock, Member, UnlikeRangesError
from cs_exporter.config.layers import Layer, Values, given, hashable
from cs_exporter.config.platforms import PlatformBlock
from cs_exporter.config.profiles import Profile, Profiles
from cs_exporter.config.ranges import MAX_MEMBERS
from cs_exporter.config.sections import Sections
from cs_exporter.model import ApiTarget, CloudKind, CloudTarget, Connection, Place, Role, SshTarget
from cs_exporter.spec import AnySpec

_SSH_TARGET_FIELDS = frozenset(field.name for field in fields(SshTarget))
_Looks = Mapping[str, Callable[[Path], str | None]]
_FILES: Mapping[str, _Looks] = {
    "ssh": {"key_file": key_file_problem, "known_hosts": known_hosts_problem},
    "mysql": {"password_file": password_file_problem, "ca_file": text_file_problem},
}
"""Section -> key -> what looks at the file that it names."""

_API_FILES: _Looks = {"key_file": api_key_problem, "secret_file": api_key_problem, "ca_file": text_file_problem}

_NOT_LAYERED = {"name", "address", "addresses", "groups"}
_OF_ENDPOINTS: Values = {
    "roles": (),
    "connection": Connection.NONE,
    "mounts": (),
    "ports": (),
    **{field.name: "" for field in fields(Place)},
}
"""What the layers say of hosts and is not true of a cloud's pseudo-host."""

_FOUND_ROLES = (Role.HYPERVISOR, Role.MANAGEMENT)
"""Roles of the hosts that are found and logged in to: their settings must be good before any is found."""


@dataclass(frozen=True, slots=True)
class HostPlan:
    """Hosts of one block, and the profile they share.

    `own`: the layers of their groups and of the block. `addressed`: whether their address was written.
    """

    members: tuple[Member, ...]
    profile: Profile
    own: tuple[Layer, ...] = ()
    addressed: bool = True


@dataclass(frozen=True, slots=True)
class PlatformPlan:
    """A cloud: how it is asked at `address`, its pseudo-host's profile, and the layers of its hosts.

    `settled` lie over what the cloud says of a host, `layers` under it.
    """

    name: str
    address: str
    target: CloudTarget
    profile: Profile
    layers: tuple[Layer, ...]
    settled: Layer


class Resolver:
    """Turns the blocks of one configuration into plans; `mistakes` collects what is wrong, each once.

    Relative paths are taken from `directory`.
    """

    def __init__(self, sections: Sections, specs: Sequence[AnySpec], directory: Path) -> None:
        self.profiles = Profiles(specs, sections.global_.interval, sections.global_.timeout)
        self._directory = directory
        self._platforms = sections.platforms
        self._file_problems: dict[tuple[object, str], str | None] = {}
        self._known: dict[object, Profile | None] = {}
        self._owners: dict[str, int] = {}
        root: Values = {
            "ssh": given(sections.ssh, include=set(_SSH_TARGET_FIELDS)),
            "mysql": given(sections.mysql),
            "probes": given(sections.probes),
        }
        if len(self._platforms) == 1:
            root["platform"] = next(iter(self._platforms))
        self._shared = (self._layer((), root), self._layer(("defaults",), given(sections.defaults)))
        self._groups = {name: self._layer(("groups", name), given(group)) for name, group in sections.groups.items()}

    @property
    def mistakes(self) -> Mapping[Mistake, None]:
        """What is wrong, in the order it was found."""
        return self.profiles.mistakes

    def plan(self, index: int, block: HostBlock) -> HostPlan | None:
        """The plan of one block, which stands at hosts[index]; None where a mistake prevents it."""
        at: Location = ("hosts", index)
        block_layer = self._layer(at, given(block, exclude=_NOT_LAYERED))
        unknown = [(position, name) for position, name in enumerate(block.groups) if name not in self._groups]
        for position, name in unknown:
            mend = suggestion(name, self._groups, "groups")
            self.profiles.report((*at, "groups", position), f"no group {name!r}; {mend}")
        members = self._members(at, index, block)
        if unknown or not members:
            return None
        own = (*(self._groups[name] for name in block.groups), block_layer)
        key = (block.groups, hashable(block_layer.values))
        if key not in self._known or self._known[key] is None:
            self._known[key] = self.profiles.profile((*self._shared, *own))
        profile = self._known[key]
        return None if profile is None else HostPlan(members, profile, own, block.address is not None)

    def platform(self, name: str, block: PlatformBlock) -> PlatformPlan | None:
        """The plan of one cloud; None where a mistake prevents it."""
        at: Location = ("platforms", name)
        kinds = [kind.value for kind in CloudKind]
        if block.type is None and name not in kinds:
            self.profiles.report((*at, "type"), f"is missing, and {name!r} is no type; add it, such as {kinds[0]}")
            return None
        login = {} if block.database is None else given(block.database, exclude={"address", "name"})
        self._look(login, _FILES["mysql"], (*at, "database"))
        settled = Layer(at, {"platform": name})
        layers = (*self._shared, self._layer((*at, "hosts"), given(block.hosts)))
        for role in _FOUND_ROLES:
            self.profiles.profile((*layers, Layer(at, {"roles": (role,)})))
        endpoint = Layer(at, {**_OF_ENDPOINTS, "mysql": login, **settled.values})
        profile = self.profiles.profile((*layers, endpoint))
        api = self._api((*at, "api"), block)
        address = block.database.address if block.database is not None else urlsplit(api.url).hostname if api else None
        if profile is None or address is None:
            return None
        database = None if block.database is None else block.database.name
        target = CloudTarget(block.type or CloudKind(name), database, api)
        return PlatformPlan(name, address, target, profile, layers, settled)

    def _api(self, at: Location, block: PlatformBlock) -> ApiTarget | None:
        if block.api is None:
            return None
        values = given(block.api)
        self._look(values, _API_FILES, at)
        if values["key_file"] == values["secret_file"]:
            self.profiles.report((*at, "secret_file"), "is the file of the API key too; name that of the secret key")
        return ApiTarget(**values)

    def _members(self, at: Location, index: int, block: HostBlock) -> tuple[Member, ...]:
        if len(self._owners) > MAX_MEMBERS:
            self.profiles.report(("hosts",), f"stand for more than {MAX_MEMBERS} hosts; make the ranges smaller")
            return ()
        try:
            members = block.members()
        except UnlikeRangesError as error:
            self.profiles.report((*at, *error.key.split(".")), str(error))
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
            self.profiles.report(
                (*at, "name"), f"{taken[0]!r} is {where}{others}; names are unique, remove or rename one"
            )
        return () if taken else tuple(members)

    def _layer(self, at: Location, values: Values) -> Layer:
        """A layer with its files checked and their paths made absolute, and its platform known."""
        for section, looks in _FILES.items():
            self._look(values.get(section, {}), looks, (*at, section))
        platform = values.get("platform")
        if platform is not None and platform not in self._platforms:
            mend = suggestion(platform, self._platforms, "platforms")
            self.profiles.report((*at, "platform"), f"no platform {platform!r}; {mend}")
        return Layer(at, values)

    def _look(self, values: dict[str, Any], looks: _Looks, at: Location) -> None:
        for name, problem in looks.items():
            if name in values:
                path = os.path.normpath(self._directory / os.path.expanduser(values[name]))  # noqa: PTH111  # never raises
                if (problem, path) not in self._file_problems:
                    self._file_problems[problem, path] = problem(Path(path))
                found = self._file_problems[problem, path]
                if found is not None:
                    self.profiles.report((*at, name), f"{path}: {found}")
                values[name] = path
