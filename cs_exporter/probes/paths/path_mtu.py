"""The sheet of the probe `path_mtu`: what sizes of packets really pass from a host to its peers, and how they fare.

No counter shows a path MTU that is too small: pings pass, connections open, and only full packets vanish.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cs_exporter.durations import parse_duration
from cs_exporter.model import (
    Connection,
    Host,
    Link,
    Peer,
    ProbeFailed,
    Role,
    Route,
    Traffic,
    UnparsableError,
    UnsupportedError,
)
from cs_exporter.parsers import links, ping
from cs_exporter.parsers.ping import Round
from cs_exporter.ports import Answer, Io, SectionCall
from cs_exporter.probes.paths.ladder import LARGEST, PATH, SIZES, at_once, budget
from cs_exporter.probes.paths.links import LINKS, shown
from cs_exporter.probes.paths.metrics import METRICS, PathMtuReading
from cs_exporter.probes.paths.search import Search, measure
from cs_exporter.probes.paths.symptoms import SYMPTOMS
from cs_exporter.probes.paths.verdicts import PathRow, judge, unmeasured
from cs_exporter.spec import Need, ProbeSettings, ProbeSpec, Seconds

PacketSize = Annotated[int, Field(strict=True, ge=576, le=65535)]


class ExpectedSizes(BaseModel):
    """Bytes of the largest packet that each network should carry; by default the MTU of the device towards the peer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    management: PacketSize | None = Field(default=None, description="bytes of a whole IP packet")
    storage: PacketSize | None = Field(default=None, description="bytes of a whole IP packet")
    overlay: PacketSize | None = Field(default=None, description="bytes of a whole IP packet, between tunnel endpoints")

    def of(self, traffic: Traffic) -> int | None:
        """That of one network; None where none is declared."""
        declared: int | None = getattr(self, traffic.value)
        return declared


class PathMtuSettings(ProbeSettings):
    """Settings of the probe path_mtu."""

    interval: Seconds = Field(default=300.0, gt=0, description="rounded up to a multiple of global.interval")
    timeout: Seconds | None = Field(default=20.0, gt=0, description="of one run")
    expected: ExpectedSizes = Field(default=ExpectedSizes(), description="what each network should carry")
    declared_bridges: tuple[str, ...] = Field(default=(), description="names of bridges whose MTU is shown besides")
    packet_timeout: Annotated[int, BeforeValidator(parse_duration)] = Field(
        default=1, ge=1, le=5, description="seconds after which a packet is lost; whole ones"
    )
    search_limit: Annotated[int, BeforeValidator(parse_duration)] = Field(
        default=12, ge=4, le=60, description="seconds for one round; a search that is not done goes on in the next one"
    )
    ladder: tuple[PacketSize, ...] = Field(
        default=SIZES, max_length=20, description="sizes that are tried first where the expected one is lost"
    )

    def longest_wait(self) -> float:
        """Silence is a verdict."""
        return self.search_limit

    @model_validator(mode="after")
    def _a_search_has_time_for_a_step(self) -> Self:
        if self.search_limit < 4 * self.packet_timeout:
            raise ValueError(
                f"search_limit is {self.search_limit} s and packet_timeout {self.packet_timeout} s; "
                "make search_limit at least four times as long"
            )
        return self


Rounds = Mapping[Peer, Round | str]
"""Peer -> its round of packets, or why there is none"""


async def probe(host: Host, io: Io, settings: PathMtuSettings) -> PathMtuReading:
    """Measure the paths to all peers at once. Raises ProbeFailed where the host can't be asked; UnsupportedError."""
    last = io.previous(PathMtuReading)
    before = {row.peer: row for row in last.reading.paths} if last else {}
    ask = _here if host.connection is Connection.LOCAL else _there
    rounds, devices = await ask(host, io, settings, before)
    found = tuple(_row(peer, rounds[peer], settings, before.get(peer)) for peer in host.peers)
    routes = [seen.route for seen in rounds.values() if isinstance(seen, Round) and seen.route is not None]
    reading = PathMtuReading(found, None if devices is None else shown(devices, routes, settings.declared_bridges))
    if not found and devices is None:
        raise UnsupportedError("no peers are known, and the host can't tell of its devices")
    return reading


def _still(reading: PathMtuReading, host: Host) -> PathMtuReading:
    return replace(reading, paths=tuple(row for row in reading.paths if row.peer in host.peers))


def _row(peer: Peer, seen: Round | str, settings: PathMtuSettings, before: PathRow | None) -> PathRow:
    if isinstance(seen, str):
        return unmeasured(peer, seen, before)
    return judge(peer, seen, settings.expected.of(peer.traffic), before)


async def _there(
    host: Host, io: Io, settings: PathMtuSettings, before: Mapping[Peer, PathRow]
) -> tuple[Rounds, tuple[Link, ...] | None]:
    """By the collector, in one request."""
    together = at_once(len(host.peers))
    calls = {peer: _call(peer, settings, before.get(peer), together) for peer in host.peers}
    answers = await io.shell.ask(SectionCall(LINKS.name), *calls.values())
    rounds = {peer: _round(answers[call]) for peer, call in calls.items()}
    try:
        return rounds, links.devices(answers[SectionCall(LINKS.name)].text()) or None
    except (ProbeFailed, UnsupportedError):
        return rounds, None


def _call(peer: Peer, settings: PathMtuSettings, before: PathRow | None, together: int) -> SectionCall:
    wait, limit = settings.packet_timeout, settings.search_limit
    arguments = (
        peer.address,
        str(settings.expected.of(peer.traffic) or ""),
        str((before.hint if before else None) or ""),
        str(wait),
        str(budget(limit, wait)),
        " ".join(map(str, sorted(settings.ladder, reverse=True))),
        str(together),
    )
    return SectionCall(PATH.name, arguments, limit)


def _round(answer: Answer) -> Round | str:
    """What one worker said. One that says nothing must not cost the others their rows."""
    try:
        return ping.answer(answer.text())
    except (ProbeFailed, UnsupportedError, UnparsableError) as error:
        return str(error)


async def _here(
    host: Host, io: Io, settings: PathMtuSettings, before: Mapping[Peer, PathRow]
) -> tuple[Rounds, tuple[Link, ...] | None]:
    """By the exporter's own sockets, where it runs on the host itself."""
    found = await io.netlink.links()
    mtus = {link.name: min(link.mtu, LARGEST) for link in found}
    until = io.clock.monotonic() + budget(settings.search_limit, settings.packet_timeout)
    sizes, together = sorted(settings.ladder, reverse=True), at_once(len(host.peers))

    async def one(peer: Peer) -> Round | str:
        past = before.get(peer)
        search = Search(io.mtu, io.clock, peer.address, settings.packet_timeout, until, sizes, together)
        try:
            route: Route | None = await io.netlink.route(peer.address)
            device_mtu = mtus.get(route.device) if route is not None else None
            declared = settings.expected.of(peer.traffic)
            return await measure(search, route, device_mtu, declared, past.hint if past else None)
        except ProbeFailed as error:
            return str(error)

    return dict(zip(host.peers, await asyncio.gather(*map(one, host.peers)), strict=True)), found


def _has_peers(host: Host) -> bool:
    return bool(host.peers)


def _has_named_peers(host: Host) -> bool:
    return not all(_is_address(peer.address) for peer in host.peers)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


NEEDS = (
    Need(
        key="ping",
        lost="paths of the host; where it has Python, what peers answer by UDP is measured still",
        mend="apt-get install iputils-ping, and setcap cap_net_raw+p $(command -v ping); or sysctl -w "
        "net.ipv4.ping_group_range='0 2147483647'",
        check="ping -n -c1 -W1 -M do 127.0.0.1",
        applies=_has_peers,
    ),
    Need(
        key="ping -M probe or Python",
        lost="that a repaired path is seen at once: the kernel remembers a small path MTU for ten minutes",
        mend="apt-get install iputils-ping (20231222 or later) or python3-minimal",
        check="ping -M probe -V || command -v python3 || command -v /usr/libexec/platform-python",
        applies=_has_peers,
    ),
    Need(
        key="getent",
        lost="paths to peers that are known by name only",
        mend="apt-get install libc-bin (Alpine: apk add musl-utils); or give addresses in place of names",
        check="command -v getent",
        applies=_has_named_peers,
    ),
    Need(
        key="ip",
        lost="MTUs of devices, room for VXLAN, and what size to expect on a path",
        mend="apt-get install iproute2",
        check="command -v ip",
    ),
)

SPEC: ProbeSpec[PathMtuSettings, PathMtuReading] = ProbeSpec(
    name="path_mtu",
    question="Do packets of the size that each network should carry pass from the host to its peers?",
    settings=PathMtuSettings,
    reading=PathMtuReading,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    sections=(PATH, LINKS),
    needs=NEEDS,
    applies=lambda host: _has_peers(host) or Role.HYPERVISOR in host.roles,
    still=_still,
)
