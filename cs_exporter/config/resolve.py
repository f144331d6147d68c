"""From the blocks of a file to plans: which hosts and clouds there are, and which layers lie over each other for them.

What has a key of its own is merged by it (ssh, mysql, limits, probes, mounts by mount point and ports by name; an empty
list means none); of everything else the narrowest layer's value counts. Hosts that come out equal share one profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from pathlib import Path

from cs_exporter.config.endpoints import EndpointPlan, endpoints, mistakes_of_type
from cs_exporter.config.errors import Location, Mistake, suggestion
from cs_exporter.config.hosts import HostBlock, Member, UnlikeRangesError
from cs_exporter.config.layers import Layer, Values, given, hashable
from cs_exporter.config.looks import PROBES, SECTIONS, FileLooks
from cs_exporter.config.platforms import PlatformBlock
from cs_exporter.config.profiles import Profile, Profiles
from cs_exporter.config.ranges import MAX_MEMBERS
from cs_exporter.config.sections import Sections
from cs_exporter.model import CloudKind, Connection, Place, Role, SshTarget
from cs_exporter.spec import AnySpec

_SSH_TARGET_FIELDS = frozenset(field.name for field in fields(SshTarget))
_NOT_LAYERED = {"name", "address", "addresses", "groups"}
_OF_ENDPOINTS: Values = {
    "roles": (),
    "connection": Connection.NONE,
    "mounts": (),
    "ports": (),
    **{field.name: "" for field in fields(Place)},
}
"""What the layers say of hosts and is not true of a cloud's pseudo-host."""

_FOUND_ROLES: Mapping[CloudKind, tuple[Role, ...]] = {
    CloudKind.CLOUDSTACK: (Role.HYPERVISOR, Role.MANAGEMENT),
    CloudKind.OPENSTACK: (Role.HYPERVISOR, Role.CONTROLLER, Role.NETWORK),
}
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
    """A cloud: its pseudo-hosts, itself first and then cells with servers of their own, and the layers of its hosts.

    `settled` lie over what the cloud says of a host, `layers` under it. `ignore`: patterns of names not watched.
    """

    name: str
    endpoints: tuple[EndpointPlan, ...]
    layers: tuple[Layer, ...]
    settled: Layer
    ignore: tuple[str, ...] = ()

    @property
    def kind(self) -> CloudKind:
        """Its type."""
        return self.endpoints[0].target.kind

    def ignores(self, name: str) -> bool:
        """Whether the configuration says that what the cloud calls so is not watched."""
        return any(fnmatchcase(name, pattern) for pattern in self.ignore)


class Resolver:
    """Turns the blocks of one configuration into plans; `mistakes` collects what is wrong, each once.

    Relative paths are taken from `directory`.
    """

    def __init__(self, sections: Sections, specs: Sequence[AnySpec], directory: Path) -> None:
        self.profiles = Profiles(specs, sections.global_.interval, sections.global_.timeout)
        self._files = FileLooks(directory, self.profiles.report)
        self._platforms = sections.platforms
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
            self.profiles.report((*at, "type"), f"is missing, and {name!r} is no type; add it: {' or '.join(kinds)}")
            return None
        kind = block.type or CloudKind(name)
        unfit = mistakes_of_type(kind, block)
        for key, message in unfit:
            self.profiles.report((*at, *key), message)
        if unfit:
            return None
        settled = Layer(at, {"platform": name})
        layers = (*self._shared, self._layer((*at, "hosts"), given(block.hosts)))
        for role in _FOUND_ROLES[kind]:
            self.profiles.profile((*layers, Layer(at, {"roles": (role,)})))

        def profile(login: Values) -> Profile | None:
            own = Layer(at, {**_OF_ENDPOINTS, "mysql": login, **settled.values})
            return self.profiles.profile((*layers, own))

        self._check_cells(at, block)
        planned = endpoints(name, kind, block, self._files, profile)
        return PlatformPlan(name, planned, layers, settled, block.ignore) if planned else None

    def _check_cells(self, at: Location, block: PlatformBlock) -> None:
        """Each must be told from all else that is asked: a platform may be called `a.b`, and `b` a cell of `a`."""
        taken = {*self._platforms}
        for index, cell in enumerate(block.cells):
            whole = f"{at[-1]}.{cell.name}"
            if whole in taken:
                other = "a platform" if whole in self._platforms else "another cell"
                self.profiles.report(
                    (*at, "cells", index, "name"), f"{whole!r} is {other} already; choose another name"
                )
            taken.add(whole)

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
        for section, looks in SECTIONS.items():
            self._files.look(values.get(section, {}), looks, (*at, section))
        for probe, looks in PROBES.items():
            self._files.look(values.get("probes", {}).get(probe, {}), looks, (*at, "probes", probe))
        platform = values.get("platform")
        if platform is not None and platform not in self._platforms:
            mend = suggestion(platform, self._platforms, "platforms")
            self.profiles.report((*at, "platform"), f"no platform {platform!r}; {mend}")
        return Layer(at, values)
