"""Rows that tell of one machine as one host: of several databases of a cloud, or several entries of one.

Apart from whoever asks, because censuses, discovery and the inventory all meet them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace

from cs_exporter.model import CloudHost, Place, Role

_NETWORK = frozenset({Role.NETWORK})


def together(parts: Iterable[Iterable[CloudHost]]) -> tuple[CloudHost, ...]:
    """The hosts of all sources, each uuid once, in the order in which they come."""
    rows: dict[str, list[CloudHost]] = {}
    for hosts in parts:
        for host in hosts:
            rows.setdefault(host.uuid, []).append(host)
    return tuple(_whole(alike) if len(alike) > 1 else alike[0] for alike in rows.values())


def as_one(rows: Sequence[CloudHost]) -> CloudHost:
    """What several rows say together of one machine; who is logged in to gives the name and the address.

    Where they differ, the first counts that says something.
    """
    first, *others = sorted(rows, key=lambda row: (not row.asked, row.roles == {Role.STORAGE}))
    if not others:
        return first
    return replace(
        first,
        roles=frozenset().union(*(row.roles for row in rows)),
        place=_place(row.place for row in (first, *others)),
        maintenance=any(row.maintenance for row in rows),
        addresses={key: value for row in (*others, first) for key, value in row.addresses.items()},
        mounts=tuple({mount.mountpoint: mount for row in (*others, first) for mount in row.mounts}.values()),
        secured=next((row.secured for row in (first, *others) if row.secured is not None), None),
        settings={probe: values for row in (*others, first) for probe, values in row.settings.items()},
    )


def _whole(rows: Sequence[CloudHost]) -> CloudHost:
    """A machine of several sources; nova's word of its hypervisor comes first.

    Of a hypervisor whose cell has a database of its own, the rest of the cloud knows only the agents of neutron, and
    takes it for a network node.
    """
    computes = [row for row in rows if Role.HYPERVISOR in row.roles]
    whole = as_one([*computes, *(row for row in rows if row not in computes)])
    if not computes or any(Role.NETWORK in row.roles and row.roles != _NETWORK for row in rows):
        return whole
    return replace(whole, roles=whole.roles - _NETWORK)


def _place(places: Iterable[Place]) -> Place:
    """Field by field, what the first says that says something."""
    known = list(places)
    return Place(
        **{
            field.name: next(filter(None, (getattr(place, field.name) for place in known)), "")
            for field in fields(Place)
        }
    )
