"""Secondary storage that is reached by HTTP: whether anybody answers there, and until when his certificate is valid.

NFS servers among secondary storage are hosts of their own, which other probes ask. Here nobody logs in and nothing is
read: whoever answers HTTP at all, with whatever status, is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from cs_exporter.model import ProbeFailed, UnsupportedError
from cs_exporter.platforms.cloudstack.states import ImageStoreState
from cs_exporter.ports import Clock, Dial, Dialer, PortState, Talk

HTTP = b"OPTIONS / HTTP/1.0\r\n\r\n"
PORTS = {"http": 80, "https": 443}

MOST = 20
"""Stores that are looked at; more have a cloud's operator rarely, and a run is to end."""


@dataclass(frozen=True, slots=True)
class StoreRow:
    """What was seen of a store. `answered`: it has once, so that the exporter can reach it at all.

    `seconds`: until its first byte. `not_after`: end of its certificate, seconds since the epoch.
    """

    up: bool
    answered: bool
    looked: float  # exporter's monotonic clock
    seconds: float | None = None
    not_after: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    address: str
    port: int
    tls: bool


def _place(store: ImageStoreState) -> _Place | None:
    """Where it is by its URL; None where that is not HTTP, or is no URL."""
    try:
        parts = urlsplit(store.url)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in PORTS or not parts.hostname:
        return None
    return _Place(parts.hostname, port or PORTS[scheme], scheme == "https")


async def look(
    stores: Iterable[ImageStoreState],
    before: Mapping[str, StoreRow],
    dialer: Dialer,
    clock: Clock,
    *,
    every: float,
    deadline: float,
) -> Mapping[str, StoreRow]:
    """By name; one that was looked at less than `every` seconds ago is as it was. Never raises ProbeFailed."""
    places = [(store.name, place) for store in stores if (place := _place(store)) is not None][:MOST]

    async def one(name: str, place: _Place) -> StoreRow | None:
        last, now = before.get(name), clock.monotonic()
        if last is not None and now - last.looked < every:
            return last
        talk = Talk(HTTP, listen=True, tls=place.tls, server_name=place.address if place.tls else None)
        try:
            dial = await dialer.dial(place.address, place.port, talk, deadline)
        except (ProbeFailed, UnsupportedError):
            return last
        return _row(dial, last, now)

    found = await asyncio.gather(*(one(name, place) for name, place in places))
    return {name: row for (name, _), row in zip(places, found, strict=True) if row is not None}


def _row(dial: Dial, last: StoreRow | None, now: float) -> StoreRow:
    up = dial.state is PortState.OPEN and not (dial.tls_error and dial.not_after is None)
    answered = up or (last is not None and last.answered)
    not_after = dial.not_after if dial.not_after is not None or last is None else last.not_after
    return StoreRow(up, answered, now, dial.first_byte_seconds, not_after, dial.tls_error or dial.detail)
