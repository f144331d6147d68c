"""Hosts that are found: what their cloud says of them as one more layer, under what is written and over the rest.

A cloud's word makes no configuration invalid: what of it can't be used costs one host that, and is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass, field, replace
from types import MappingProxyType

from pydantic import ValidationError

from cs_exporter.config.errors import path_text
from cs_exporter.config.hosts import Member, MountBlock
from cs_exporter.config.layers import Layer, Values, hashable
from cs_exporter.config.load import Config
from cs_exporter.config.machines import Machine, Written, WrittenHosts, machines, names_of, with_good_addresses
from cs_exporter.config.profiles import Profile, Profiles
from cs_exporter.config.resolve import HostPlan, PlatformPlan
from cs_exporter.model import Census, CloudHost, Connection, Place, Role

Tell = Callable[[str], None]
"""Given one line about what could not be used."""

SHOWN = 3
"""Hosts that are named in a line about many."""

_SHUT = frozenset({Role.HYPERVISOR, Role.CONSOLE_PROXY, Role.SECONDARY_STORAGE_VM})
"""Machines of which their cloud knows whether one can log in; of storage servers and names of backends it does not."""

_PLACE_FIELDS = ("cloud_zone", "cloud_pod", "cloud_cluster", "hypervisor")


@dataclass(frozen=True)
class Fleet:
    """All hosts, written and found, but for the clouds' pseudo-hosts; `names`: platform -> uuid -> host name."""

    plans: tuple[HostPlan, ...]
    names: Mapping[str, Mapping[str, str]]


def fleet(config: Config, censuses: Mapping[str, Census], tell: Tell) -> Fleet:
    """The hosts of a configuration together with those that its clouds tell of, by platform; pure but for `tell`."""
    written = WrittenHosts(config.plans)
    claimed: set[str] = set()
    taken = {*written.names}
    found: list[tuple[PlatformPlan, Machine]] = []
    names: dict[str, Mapping[str, str]] = {}
    for platform in config.platforms:
        told = censuses.get(platform.name, Census(())).hosts
        rows = [with_good_addresses(host) for host in told if not platform.ignores(host.name)]
        known = machines(rows, platform.name, written, claimed)
        names[platform.name] = names_of(known, platform.name, taken)
        found += [(platform, machine) for machine in known]
    planner = _Planner(config.profiles.attempt())
    plans: dict[str, HostPlan] = {}
    for platform, machine in found:
        name = names[platform.name][machine.host.uuid]
        plan = planner.plan(name, platform, machine)
        if plan is not None:
            plans[name] = plan
    planner.tell(tell)
    others = (plan for name, plan in plans.items() if name not in written.names)
    watched = {
        platform: MappingProxyType({uuid: name for uuid, name in known.items() if name in plans})
        for platform, known in names.items()
    }
    return Fleet((*_in_order(config, plans), *others), MappingProxyType(watched))


def _in_order(config: Config, plans: Mapping[str, HostPlan]) -> Iterator[HostPlan]:
    """The written hosts' plans; those that are found have their own."""
    for plan in config.plans:
        rest: list[Member] = []
        for member in plan.members:
            own = plans.get(member.name)
            if own is None:
                rest.append(member)
                continue
            if rest:
                yield replace(plan, members=tuple(rest))
                rest = []
            yield own
        if rest:
            yield replace(plan, members=tuple(rest))


@dataclass
class _Planner:
    """Plans hosts that are found; machines of which all says the same share a profile."""

    profiles: Profiles
    _known: dict[object, tuple[Profile | None, tuple[str, ...]]] = field(default_factory=dict)
    _remarks: dict[str, list[str]] = field(default_factory=dict)

    def plan(self, name: str, platform: PlatformPlan, machine: Machine) -> HostPlan | None:
        """The plan of one; None where nothing of what is known of it can be used."""
        host, written = machine.host, machine.written
        key = _key(platform, host, written)
        if key not in self._known:
            remarks: list[str] = []
            profile = self._profile(platform, host, written, remarks)
            self._known[key] = (profile, tuple(remarks))
        profile, problems = self._known[key]
        for problem in problems:
            self._remark(problem, name)
        if profile is None:
            return None
        member = _member(name, host, written)
        if not member.address:
            self._remark("the cloud gives no address, so nobody is asked there", name)
            profile = replace(profile, connection=Connection.NONE)
        return HostPlan((member,), profile)

    def tell(self, tell: Tell) -> None:
        """One line for each thing that could not be used, with whom it concerns."""
        for remark, names in self._remarks.items():
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            tell(f"{', '.join(names[:SHOWN])}{more}: {remark}")

    def _remark(self, problem: str, name: str) -> None:
        self._remarks.setdefault(problem, []).append(name)

    def _profile(
        self, platform: PlatformPlan, host: CloudHost, written: Written | None, remarks: list[str]
    ) -> Profile | None:
        """With all that the cloud says; where that can't be, without its settings; else as it is written, or not."""
        own = written.plan.own if written else ()
        word = Layer(platform.settled.at, _word(host, written, remarks))
        layers = (*platform.layers, word, *own, _settled(platform, host))
        # What the cloud decides is the default of what nobody wrote, and so lies under all the rest.
        settings = {"probes": {probe: dict(values) for probe, values in host.settings.items()}}
        profile, problem = self._attempt((Layer(platform.settled.at, settings), *layers))
        if profile is None and host.settings:
            remarks.append(f"the cloud's own settings are not used: {problem}")
            profile, problem = self._attempt(layers)
        if profile is None:
            profile = written.plan.profile if written else None
            remarks.append(f"{'what the cloud says of it is not used' if written else 'is left out'}: {problem}")
        return profile

    def _attempt(self, layers: tuple[Layer, ...]) -> tuple[Profile | None, str]:
        trial = self.profiles.attempt()
        profile = trial.profile(layers)
        mistake = next(iter(trial.mistakes), None)
        if mistake is None:
            return profile, ""
        return None, f"{path_text(mistake.location)}: {mistake.message}"


def _key(platform: PlatformPlan, host: CloudHost, written: Written | None) -> object:
    return (
        platform.name, id(written.plan) if written else None, host.roles, host.place, host.maintenance, host.asked,
        host.mounts, host.secured, hashable(host.settings),
    )  # fmt: skip


def _word(host: CloudHost, written: Written | None, remarks: list[str]) -> Values:
    """What a cloud says of a host as values of a layer."""
    values: Values = {
        "roles": tuple(sorted(host.roles)),
        **{name: text for name, text in zip(_PLACE_FIELDS, _texts(host.place), strict=True) if text},
    }
    # Where its cloud does not know who may log in, whoever writes one down wants it asked.
    known = bool(host.roles & _SHUT) and Role.STORAGE not in host.roles
    if not host.asked and (known or not written):
        values["connection"] = Connection.NONE
    if host.secured is not None:
        values["secured"] = host.secured
    mounts = list(_mounts(host, remarks))
    if mounts:
        values["mounts"] = tuple(mounts)
    return values


def _texts(place: Place) -> tuple[str, ...]:
    return astuple(place)


def _mounts(host: CloudHost, remarks: list[str]) -> Iterator[Values]:
    for mount in host.mounts:
        try:
            block = MountBlock(mountpoint=mount.mountpoint, server=mount.server, export=mount.export)
        except ValidationError:
            remarks.append(f"its mount of {mount.server}:{mount.export} at {mount.mountpoint!r} is not understood")
        else:
            yield block.model_dump(exclude_none=True)


def _settled(platform: PlatformPlan, host: CloudHost) -> Layer:
    """What counts whatever is written: the platform, and that somebody works there."""
    planned = {"maintenance": True} if host.maintenance else {}
    return Layer(platform.settled.at, {**platform.settled.values, **planned})


def _member(name: str, host: CloudHost, written: Written | None) -> Member:
    if written is None:
        return Member(name, host.address, host.addresses)
    member = written.member
    address = member.address if written.plan.addressed or not host.address else host.address
    return Member(name, address, {**host.addresses, **member.addresses})
