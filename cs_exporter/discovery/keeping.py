"""Who is kept of one source's hosts, answer by answer: pure rules that no failed, partial or empty answer can fool.

What is measured has no say in it: a host that is down, in Alert or silent stays as long as its cloud has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cs_exporter.model import Census, CloudHost

PATIENCE = 3
"""Complete answers in a row that must lack a host before it leaves, where the cloud does not say that it is no more."""

LOSS = 0.1
"""Of a cloud's hosts: more of them missing at once is held, because a fault is likelier than so much work at once."""

FEWEST = 2
"""Hosts that a loss has at least, unless it is all there were: one of four is 25 %, and an ordinary day's work."""


def _no_counts() -> Mapping[str, int]:
    return MappingProxyType({})


def _no_hosts() -> Mapping[str, CloudHost]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Keeping:
    """One source's hosts as they are kept, by uuid, in the order in which they came.

    `absent`: of those that are missing, how many complete answers in a row lacked them. `held`: of those, whom a loss
    keeps until they are back, the cloud calls them removed, or the operator accepts. `accepted`: whom he did.
    """

    hosts: Mapping[str, CloudHost] = field(default_factory=_no_hosts)
    absent: Mapping[str, int] = field(default_factory=_no_counts)
    held: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()

    def take(self, census: Census) -> Keeping:
        """The same after one more answer of the cloud."""
        present = {host.uuid: host for host in census.hosts}
        stayed = self._without_replaced(census, present)
        there = present.keys() | census.nowhere
        absent = _absent(self.absent, stayed, there, one_more=census.complete and not census.stand_in)
        missing = absent.keys() - self.accepted
        held = frozenset(missing if _is_loss(len(missing), len(stayed)) else self.held & missing)
        hosts = {uuid: _seen(host, present, census) for uuid, host in stayed.items()}
        hosts |= {uuid: _seen(host, present, census) for uuid, host in present.items() if uuid not in hosts}
        return _settled(hosts, absent, held, self.accepted & absent.keys())

    def accept(self, whom: frozenset[str]) -> Keeping:
        """The same after the operator has accepted the loss of these, as far as they are held: they leave as any other.

        That a cloud has nobody at all is accepted by no reload, which may have been for something else: whoever gives a
        cloud up takes it out of the configuration.
        """
        going = self.held & whom
        if going >= self.hosts.keys():
            return self
        return _settled(self.hosts, self.absent, self.held - going, self.accepted | going)

    def without(self, whom: AbstractSet[str]) -> Keeping:
        """The same without these, of whom somebody else tells."""
        going = self.hosts.keys() & whom
        if not going:
            return self
        hosts = {uuid: host for uuid, host in self.hosts.items() if uuid not in going}
        absent = {uuid: count for uuid, count in self.absent.items() if uuid not in going}
        return Keeping(hosts, absent, self.held - going, self.accepted - going)

    def _without_replaced(self, census: Census, present: Mapping[str, CloudHost]) -> dict[str, CloudHost]:
        """The hosts known before, without those that are no more: removed, or another one has come by their name."""
        came = {host.name for host in census.hosts if host.uuid not in self.hosts}
        return {
            uuid: host
            for uuid, host in self.hosts.items()
            if uuid in present or (uuid not in census.removed and host.name not in came)
        }


def kept(hosts: tuple[CloudHost, ...]) -> Keeping:
    """The keeping of hosts that were kept before a restart."""
    return Keeping({host.uuid: host for host in hosts})


def _absent(
    before: Mapping[str, int], stayed: Mapping[str, CloudHost], there: AbstractSet[str], *, one_more: bool
) -> Mapping[str, int]:
    """An answer that need not have everybody neither adds to a row of absences nor breaks it."""
    missing = {uuid: before.get(uuid, 0) + one_more for uuid in stayed if uuid not in there}
    return {uuid: count for uuid, count in missing.items() if count}


def _is_loss(missing: int, known: int) -> bool:
    return 0 < missing == known or (missing >= FEWEST and missing > LOSS * known)


def _seen(host: CloudHost, present: Mapping[str, CloudHost], census: Census) -> CloudHost:
    """The host as the answer has it; what a partial one or a stand-in leaves empty stays: it may merely not know.

    A stand-in's mounts are a guess by the pools' scopes, and count only for a host of which none were told.
    """
    new = present.get(host.uuid, host)
    if new == host:
        return host  # the same object is compared in no time
    if census.complete and not census.stand_in and (census.machines_told or not census.lacking):
        return new
    return replace(
        new,
        address=new.address or host.address,
        asked=new.asked if new.address else host.asked,
        addresses=MappingProxyType({**host.addresses, **new.addresses}),
        mounts=host.mounts or new.mounts if census.stand_in else new.mounts or host.mounts,
        secured=host.secured if new.secured is None else new.secured,
        settings=MappingProxyType({**host.settings, **new.settings}),
    )


def _settled(
    hosts: Mapping[str, CloudHost], absent: Mapping[str, int], held: frozenset[str], accepted: frozenset[str]
) -> Keeping:
    leaving = {uuid for uuid, count in absent.items() if count >= PATIENCE and uuid not in held}
    return Keeping(
        {uuid: host for uuid, host in hosts.items() if uuid not in leaving},
        {uuid: count for uuid, count in absent.items() if uuid not in leaving},
        held,
        accepted - leaving,
    )
