"""The catalog's endpoints, looked at as any client would: who accepts, who answers, with what status, how soon.

Without a token: an API that lives turns such a request away at once, and needs neither database nor message bus for it.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from cs_exporter.model import ProbeFailed, UnsupportedError
from cs_exporter.platforms.openstack.agents import Endpoint
from cs_exporter.ports import Dial, Dialer, PortState, Talk
from cs_exporter.spec import Severity

PORTS = {"http": 80, "https": 443}

MOST = 60
"""Endpoints that are looked at: a catalog has a service's three times, of all regions where none is configured, and a
run is to end."""

MISSED = 2
"""Runs in a row that could not try an endpoint, after which nothing is said of it any more."""

CORE = frozenset(("identity", "compute", "network", "image", "placement", "volumev3", "block-storage"))
"""Services without which no guest can be started, by their types in the catalog."""

ERROR, TLS, UNTRIED = "error", "tls", "untried"
_BROKEN = frozenset((500, 502, 503, 504))
"""Statuses of a service, or of the balancer before it, that can do nothing for anybody. 501 knows no such request."""

_OWN_FAULT = frozenset((PortState.MUTE.value, PortState.RESET.value, ERROR, TLS))
"""States that are the service's own, whether or not the exporter was ever answered there."""

_PROJECT = re.compile(r"[0-9a-f]{32}|AUTH_.*|[%$].*")
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """What was seen of an endpoint. `address`: host:port, where there is one endpoint of a service and interface each.

    `state`: of ports.PortState, or error (a status by which nothing works), tls (no handshake) or untried. `answered`:
    it has once, so that the exporter can reach it at all. `seconds`: from asking to its first byte. `not_after`: end of
    its certificate, seconds since the epoch. `missed`: runs in a row that could not try it; all else is from before.
    """

    api: str
    interface: str
    address: str
    state: str
    answered: bool
    detail: str = ""
    seconds: float | None = None
    not_after: float | None = None
    missed: int = 0

    @property
    def told(self) -> bool:
        """Whether it is known lately enough: one lost look changes nothing, what was true long ago is not shown."""
        return self.state != UNTRIED and self.missed < MISSED

    @property
    def key(self) -> tuple[str, str, str]:
        """Its labels."""
        return self.api, self.interface, self.address

    @property
    def up(self) -> bool:
        """Whether it answered as one that works."""
        return self.state == PortState.OPEN.value

    @property
    def severity(self) -> Severity | None:
        """How bad it is; None where it is well, or where the exporter may have no way to it."""
        if self.up or (self.state == PortState.FILTERED.value and not self.answered):
            return None
        known = self.answered or self.state in _OWN_FAULT
        return Severity.CRITICAL if known and self.api in CORE else Severity.WARNING


@dataclass(frozen=True, slots=True)
class _Place:
    host: str
    port: int
    tls: bool
    path: str

    @property
    def talk(self) -> Talk:
        """As a client of HTTP/1.0 does: one request, and the server closes."""
        request = f"GET {self.path} HTTP/1.0\r\nHost: {self.host}:{self.port}\r\nAccept: application/json\r\n\r\n"
        return Talk(request.encode("ascii"), listen=True, tls=self.tls, server_name=self.host if self.tls else None)


def place(url: str) -> _Place | None:
    """Where an endpoint is, and what is asked there; None where its URL is none. Projects are left out of paths."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in PORTS or not parts.hostname or not (parts.path + parts.hostname).isascii():
        return None
    kept: list[str] = []
    for segment in parts.path.split("/"):
        if _PROJECT.fullmatch(segment):
            break
        kept.append(segment)
    path = "/".join(kept).rstrip("/") + "/"
    return _Place(parts.hostname, port or PORTS[scheme], scheme == "https", path)


def ranked(endpoints: Iterable[Endpoint]) -> list[tuple[Endpoint, _Place]]:
    """Those that can be looked at, each once, and first those without which no guest can be started."""
    wanted = [(endpoint, where) for endpoint in endpoints if (where := place(endpoint.url)) is not None]
    once = {_key(endpoint, where): (endpoint, where) for endpoint, where in wanted}
    return sorted(once.values(), key=lambda one: one[0].service not in CORE)


def left_out(endpoints: Iterable[Endpoint]) -> dict[str, int]:
    """How many are not looked at, because there are too many, of each service."""
    return dict(Counter(endpoint.service for endpoint, _ in ranked(endpoints)[MOST:]))


async def look(
    endpoints: Iterable[Endpoint], before: Mapping[tuple[str, str, str], EndpointRow], dialer: Dialer, deadline: float
) -> tuple[EndpointRow, ...]:
    """All at once; what endpoints share, once. Never raises ProbeFailed: what could not be tried was missed."""
    wanted = ranked(endpoints)[:MOST]
    places = list(dict.fromkeys(where for _, where in wanted))

    async def dial(where: _Place) -> Dial | str:
        try:
            return await dialer.dial(where.host, where.port, where.talk, deadline)
        except (ProbeFailed, UnsupportedError) as failure:
            return str(failure)

    dials = dict(zip(places, await asyncio.gather(*map(dial, places)), strict=True))
    keyed = [(_key(endpoint, where), where) for endpoint, where in wanted]
    return tuple(_row(key, dials[where], before.get(key)) for key, where in keyed)


def _key(endpoint: Endpoint, where: _Place) -> tuple[str, str, str]:
    return endpoint.service, endpoint.interface, f"{where.host}:{where.port}"


def _row(key: tuple[str, str, str], dial: Dial | str, last: EndpointRow | None) -> EndpointRow:
    if isinstance(dial, str):
        last = last or EndpointRow(*key, UNTRIED, answered=False)
        return replace(last, detail=dial, missed=last.missed + 1)
    state, detail = _state(dial)
    answered = state == PortState.OPEN.value or (last is not None and last.answered)
    not_after = dial.not_after if dial.not_after is not None or last is None else last.not_after
    return EndpointRow(*key, state, answered, detail, dial.first_byte_seconds, not_after)


def _state(dial: Dial) -> tuple[str, str]:
    if dial.tls_error and dial.not_after is None:
        return TLS, dial.tls_error
    status = _STATUS.match(dial.first_bytes)
    if dial.state is PortState.OPEN and status is not None and int(status[1]) in _BROKEN:
        return ERROR, f"HTTP status {status[1].decode()}"
    return dial.state.value, dial.detail
