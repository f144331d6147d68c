"""How far the clocks of hosts that share an NFS pool are apart, shown at the one that is wrong.

KVM high availability compares heartbeat stamps that two hosts of a pool wrote by their own clocks; of two that differ
only one is to be mended, and paged for.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cs_exporter.model import Host, Role

Pool = tuple[str, str]
"""Server and export."""


class Measured(NamedTuple):
    """A host's clock: seconds ahead of the exporter's, and by how much that may be wrong."""

    host: str
    skew: float
    uncertainty: float


def pools(hosts: Iterable[Host]) -> Mapping[Pool, Sequence[str]]:
    """The hypervisors that have each pool, by what their mounts are expected to be."""
    found: dict[Pool, list[str]] = defaultdict(list)
    for host in hosts:
        if Role.HYPERVISOR in host.roles:
            for pool in {(mount.server, mount.export.rstrip("/")) for mount in host.mounts if not mount.readonly}:
                found[pool].append(host.name)
    return found


def apart(hosts: Iterable[Host], clocks: Mapping[str, Measured], right: float) -> Mapping[str, float]:
    """Host -> seconds by which its clock differs at least from that of a host of its pool that is nearer to `right`.

    The largest of all such differences; of those with whom nobody to compare is known, none. `right`: the skew that is
    taken for none, such as the fleet's median.
    """
    found: dict[str, float] = {}
    for names in pools(hosts).values():
        members = [clocks[name] for name in names if name in clocks]
        for name, seconds in _of_pool(members, right) if len(members) > 1 else ():
            found[name] = max(seconds, found.get(name, 0.0))
    return found


def _of_pool(members: Sequence[Measured], right: float) -> Iterator[tuple[str, float]]:
    """All of them in one pass; who may be as far off as the other, as exactly as they are known, is shown as well."""

    def at_least(clock: Measured) -> float:
        return abs(clock.skew - right) - clock.uncertainty

    def at_most(clock: Measured) -> float:
        return abs(clock.skew - right) + clock.uncertainty

    nearer = sorted(members, key=at_least)
    behind, ahead, taken = math.inf, -math.inf, 0
    for clock in sorted(members, key=at_most):
        while taken < len(nearer) and at_least(nearer[taken]) <= at_most(clock):
            other = nearer[taken]
            behind, ahead = min(behind, other.skew + other.uncertainty), max(ahead, other.skew - other.uncertainty)
            taken += 1
        yield clock.host, max(0.0, clock.skew - clock.uncertainty - behind, ahead - clock.skew - clock.uncertainty)
