"""Which machines a cloud's answer tells of: one for several of its rows, and the written host that it may be.

A trial cloud's management server, hypervisor and NFS server are often one machine: it is polled once, by one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from types import MappingProxyType

from cs_exporter.config.hosts import Member
from cs_exporter.config.profiles import NO_PLATFORM
from cs_exporter.config.resolve import HostPlan
from cs_exporter.config.types import host_address, host_name
from cs_exporter.model import CloudHost, Role
from cs_exporter.platforms.together import as_one

_FOREIGN = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 200
"""Of a name as the cloud has it: what is put behind it must still fit."""


@dataclass(frozen=True, slots=True)
class Written:
    """A host of the configuration: the plan that it is of, and itself."""

    plan: HostPlan
    member: Member


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of a cloud: what its rows say together, their uuids, and the host that is written for it."""

    host: CloudHost
    uuids: tuple[str, ...]
    written: Written | None


class WrittenHosts:
    """The hosts of the configuration, by name and by address."""

    def __init__(self, plans: Iterable[HostPlan]) -> None:
        self._by_name: dict[str, Written] = {}
        self._by_address: dict[str, list[Written]] = {}
        self._by_beginning: dict[str, list[Written]] = {}
        for plan in plans:
            for member in plan.members:
                found = self._by_name[member.name] = Written(plan, member)
                for beginning in _without_domain(member.name):
                    self._by_beginning.setdefault(beginning, []).append(found)
                for address in {member.address, *member.addresses.values()}:
                    self._by_address.setdefault(address, []).append(found)
        self.names = frozenset(self._by_name)

    def found(self, host: CloudHost, platform: str) -> Written | None:
        """The one with the name or an address of a cloud's host, unless it is said to be another platform's."""
        candidates = [self._by_name[host.name]] if host.name in self._by_name else []
        for address in _addresses(host):
            candidates += self._by_address.get(address, ())
        return next((one for one in candidates if one.plan.profile.platform in (platform, NO_PLATFORM)), None)

    def namesakes(self, name: str, platform: str) -> list[Written]:
        """Those said to be of that platform whose name is this one without the domain, or has one besides."""
        alike = [*self._by_beginning.get(name, ())]
        alike += [self._by_name[one] for one in _without_domain(name) if one in self._by_name]
        return [one for one in alike if one.plan.profile.platform == platform]


def with_good_addresses(host: CloudHost) -> CloudHost:
    """The same with its addresses in their usual spelling; what is no address is left out."""
    addresses = {traffic: _address(text) for traffic, text in host.addresses.items()}
    good = {traffic: address for traffic, address in addresses.items() if address}
    return replace(host, address=_address(host.address), addresses=MappingProxyType(good))


def machines(hosts: Sequence[CloudHost], platform: str, written: WrittenHosts, claimed: set[str]) -> list[Machine]:
    """The machines of one cloud's answer, in its order; names of written hosts that are theirs come into `claimed`."""
    owners = {host.uuid: owner for host in hosts if (owner := written.found(host, platform)) is not None}
    owners = {uuid: owner for uuid, owner in owners.items() if owner.member.name not in claimed}
    owned = claimed | {owner.member.name for owner in owners.values()}
    owners |= _by_domain([host for host in hosts if host.uuid not in owners], platform, written, owned)
    at = {host.address: owners[host.uuid] for host in reversed(hosts) if host.uuid in owners and host.address}
    groups: dict[str, list[CloudHost]] = {}
    for host in hosts:
        owner = owners.get(host.uuid) or at.get(host.address)
        key = f"name {owner.member.name}" if owner else f"at {host.address}" if host.address else f"is {host.uuid}"
        if key in groups and _another(host, groups[key]):
            key = f"is {host.uuid}"
            owners.pop(host.uuid, None)
        elif owner is not None:
            owners[host.uuid] = owner
        groups.setdefault(key, []).append(host)
    found = [_machine(rows, owners.get(rows[0].uuid)) for rows in groups.values()]
    claimed.update(machine.written.member.name for machine in found if machine.written is not None)
    return found


def _by_domain(
    hosts: Sequence[CloudHost], platform: str, written: WrittenHosts, owned: AbstractSet[str]
) -> dict[str, Written]:
    """Owners of machines that their cloud knows by name only, and of which the file says the domain, or leaves it out.

    Where two may be meant, on either side, nobody is: one machine that is watched twice does less harm than two as one.
    """
    found: dict[str, list[tuple[str, Written]]] = {}
    for host in hosts:
        alike = written.namesakes(host.name, platform) if host.uuid == host.name else []
        if len(alike) == 1 and alike[0].member.name not in owned:
            found.setdefault(alike[0].member.name, []).append((host.uuid, alike[0]))
    return dict(pairs[0] for pairs in found.values() if len(pairs) == 1)


def names_of(found: Sequence[Machine], platform: str, taken: set[str]) -> Mapping[str, str]:
    """Each uuid's name in the inventory; names that are new come into `taken`.

    A name that is no host name or belongs to another becomes `name@platform`; who keeps it does not depend on the order
    of an answer.
    """
    names: dict[str, str] = {}
    for machine in sorted(found, key=lambda machine: machine.host.uuid):
        own = machine.written.member.name if machine.written else _free(machine.host, platform, taken)
        taken.add(own)
        names.update(dict.fromkeys(machine.uuids, own))
    return names


def _free(host: CloudHost, platform: str, taken: set[str]) -> str:
    return next(name for name in _candidates(host, platform) if name not in taken)


def _candidates(host: CloudHost, platform: str) -> Iterator[str]:
    clean = _FOREIGN.sub("-", host.name).strip("-._")[:_LONGEST] or _FOREIGN.sub("-", host.uuid)
    if clean == host.name and _is_name(clean):
        yield clean
    yield f"{clean}@{platform}"
    yield f"{clean}.{host.uuid[:8]}@{platform}"
    yield f"{clean}.{host.uuid}@{platform}"


def _is_name(text: str) -> bool:
    try:
        host_name(text)
    except ValueError:
        return False
    return True


def _another(host: CloudHost, others: Sequence[CloudHost]) -> bool:
    """Whether it can't be the same machine: two hypervisors with one address are a mistake in the cloud, not one."""
    return any((host.roles & other.roles) - {Role.STORAGE} for other in others)


def _machine(rows: Sequence[CloudHost], written: Written | None) -> Machine:
    return Machine(as_one(rows), tuple(row.uuid for row in rows), written)


def _without_domain(name: str) -> list[str]:
    """`a.b.c` as `a` and `a.b`."""
    labels = name.split(".")
    return [".".join(labels[:length]) for length in range(1, len(labels))]


def _addresses(host: CloudHost) -> list[str]:
    return [address for address in (host.address, *host.addresses.values()) if address]


def _address(text: str) -> str:
    try:
        return host_address(text)
    except ValueError:
        return ""
