"""The command `checklist`: what the accounts on the hosts still lack, what is lost without it, and what to type.

It asks hosts as the daemon does, through the same transports and the same collector, each for a bounded time.
"""

from __future__ import annotations

import asyncio
import os
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from cs_exporter import grants, needs
from cs_exporter.config import Config
from cs_exporter.daemon import collector, pace_of
from cs_exporter.keyline import COLLECTOR, destination, key_line, tunnelled
from cs_exporter.model import (
    CloudKind,
    Connection,
    Host,
    PortRow,
    ProbeFailed,
    Reason,
    UnparsableError,
    UnsupportedError,
)
from cs_exporter.needs import Lack
from cs_exporter.platforms.cloudstack import api as cloudstack
from cs_exporter.platforms.openstack import api as openstack
from cs_exporter.ports import AnswerState, CloudApi, Counters, EchoWay, Io, Last, R, SectionCall, Talk
from cs_exporter.probes.rabbitmq import rabbitmq, rights
from cs_exporter.spec import AnySpec, Need
from cs_exporter.transports.world import World

AT_ONCE = 32
"""Hosts under way at the same time, at most."""

PATIENCE = 15.0
"""Seconds that a host is given once it has let us in."""

DIAL_DEADLINE = 3.0
FORWARDING = "forwarding"
"""Key of the need that the SSH connection itself is asked for."""

CLOUD_API = cloudstack.NEED.key
"""The same of every platform: a pseudo-host stands for one cloud."""

_NONE_FAILED: Mapping[str, str] = MappingProxyType({})

OTHER_COLLECTOR = Lack(
    "this version's collector",
    "questions that the collector which is installed there does not know, or asks in another way",
    f"cs-exporter collector >{COLLECTOR}   (there; or made here and copied)",
)
NO_TIMEOUT = Lack(
    "timeout", "all that may block: mounts, NTP clients, pings, and this list", "apt-get install coreutils"
)


@dataclass(frozen=True, slots=True)
class _Rights:
    """What a platform's API may be asked: all of it, what is refused and in which words, and what mends that."""

    commands: Collection[str]
    refused: Callable[[CloudApi, float], Awaitable[Mapping[str, str]]]
    allowing: Callable[[Iterable[str]], str]


_RIGHTS = {
    CloudKind.CLOUDSTACK: _Rights(cloudstack.COMMANDS, cloudstack.refused, cloudstack.allowing),
    CloudKind.OPENSTACK: _Rights(openstack.POLICIES, openstack.refused, openstack.allowing),
}


@dataclass(slots=True)
class Report:
    """One host. `unasked`: why something of it could not be found out."""

    host: str
    lacks: list[Lack] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether all was asked and nothing is lacking."""
        return not self.lacks and not self.unasked

    def lines(self) -> Iterator[str]:
        """The report as text, every finding with the host's name; what is to be typed is never broken."""
        if self.good:
            yield f"{self.host}: OK"
        for why in dict.fromkeys(self.unasked):
            yield from _wrapped(f"{self.host}: could not be asked: {why}")
        for lack in self.lacks:
            yield from _wrapped(f"{self.host}: lacks: {lack.what}")
            yield from _wrapped(f"    lost without it: {lack.lost}")
            yield f"    mend: {lack.mend}"


def _wrapped(text: str) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(text, 80, subsequent_indent=f"{indent}    ", break_long_words=False, break_on_hyphens=False)


async def checklist(config: Config, hosts: Sequence[Host], specs: Sequence[AnySpec]) -> AsyncIterator[Report]:
    """The exporter's own machine, then the hosts in their order, each as soon as it and those before it are known."""
    world = World(collector(), pace_of(config), time, Counters())
    slots = asyncio.Semaphore(min(AT_ONCE, config.ssh.max_handshakes))

    async def one(host: Host) -> Report:
        async with slots:
            report = await check(host, world.io(host, _never), specs)
            if host.name in world.shells.mismatches():
                report.lacks = [OTHER_COLLECTOR, *(lack for lack in report.lacks if lack is not NO_TIMEOUT)]
            world.drop([host.name])  # else five hundred connections would be open in the end
            return report

    tasks = [asyncio.create_task(one(host)) for host in hosts]
    try:
        yield this_machine(world.io(hosts[0], _never), hosts, specs)
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await world.close()


async def print_checklist(
    config: Config,
    hosts: Sequence[Host],
    specs: Sequence[AnySpec],
    say: Callable[[str], None],
    failed: Mapping[str, str] = _NONE_FAILED,
) -> bool:
    """Say every report's lines and, at the end, how many hosts are well. True where all of them are.

    `failed`: host -> why it could not be asked just before; it is not well though it lacks nothing.
    """
    reports: list[Report] = []
    async for report in checklist(config, hosts, specs):
        if report.good and report.host in failed:
            report.unasked.append(failed[report.host])
        reports.append(report)
        for line in report.lines():
            say(line)
    of_hosts = reports[1:]
    well, unasked = sum(report.good for report in of_hosts), sum(bool(report.unasked) for report in of_hosts)
    lacking = sum(bool(report.lacks) for report in of_hosts)
    say(f"{well} of {len(of_hosts)} hosts OK, {lacking} lack something, {unasked} did not answer everything")
    return all(report.good for report in reports)


def _never(_kind: type[R], /) -> Last[R] | None:
    return None


def this_machine(io: Io, hosts: Sequence[Host], specs: Sequence[AnySpec]) -> Report:
    """What the machine that cs_exporter runs on lacks, for what it asks by itself."""
    report = Report("this machine (cs_exporter)")
    paths = any(spec.name == "path_mtu" for host in hosts for spec in needs.asked(host, specs))
    if paths and io.mtu.way is EchoWay.UDP:
        lost = "path MTU, loss and round trips from here are measured by few packets to closed ports only"
        mend = f'sysctl -w net.ipv4.ping_group_range="{os.getegid()} {os.getegid()}" (or give it CAP_NET_RAW)'
        report.lacks.append(Lack("ping sockets", lost, mend))
    return report


async def check(host: Host, io: Io, specs: Sequence[AnySpec]) -> Report:
    """Ask one host for all that its probes need. Never raises; a host that can't be asked says why."""
    report = Report(host.name)
    wanted = {need.key: need for need in needs.needs_of(host, specs)}
    limit = host.ssh.connect_timeout + PATIENCE
    try:
        async with asyncio.timeout(limit):
            logs_in = host.connection is not Connection.NONE and any(s.sections for s in needs.asked(host, specs))
            let_in = logs_in and await _let_in(report, host, io, wanted)
            if let_in and FORWARDING in wanted:
                await _forwarding(report, host, io, wanted[FORWARDING])
            if not grants.KEYS.isdisjoint(wanted):
                await _database(report, host, io, wanted)
            if host.cloud is not None and CLOUD_API in wanted:
                await _cloud_api(report, host.cloud.kind, io, wanted[CLOUD_API])
            if any(spec.name == rabbitmq.SPEC.name for spec in needs.asked(host, specs)):
                await _message_bus(report, host, io)
    except TimeoutError:
        report.unasked.append(f"no answer within {limit:g} s")
    return report


async def _let_in(report: Report, host: Host, io: Io, wanted: dict[str, Need]) -> bool:
    """Look for what the collector can look for; False where the host can't be asked."""
    keys = tuple(key for key, need in wanted.items() if need.check)
    call = SectionCall(needs.NAME, keys, needs.LIMIT)
    try:
        answer = (await io.shell.ask(call))[call]
        if answer.state is AnswerState.UNSUPPORTED:
            report.lacks.append(NO_TIMEOUT)
            return True
        said = needs.answers(answer.text())
    except (ProbeFailed, UnparsableError) as failure:
        report.unasked.append(str(failure))
        if isinstance(failure, ProbeFailed) and failure.reason is Reason.DENIED:
            report.lacks.append(
                Lack("a login", "everything that the host itself is asked", f"{_authorized(host)} {key_line(host)}")
            )
        return False
    report.lacks += [_lack(need, host) for key, need in wanted.items() if said.get(key) == "lacks"]
    return True


def _lack(need: Need, host: Host) -> Lack:
    return Lack(need.key, need.lost, need.mend.replace("ACCOUNT", host.ssh.user))


def _authorized(host: Host) -> str:
    return f"write into ~{host.ssh.user}/.ssh/authorized_keys:"


async def _forwarding(report: Report, host: Host, io: Io, need: Need) -> None:
    """Let the host connect to the ports that it will be asked to connect to: its key may be good for only some."""
    if host.connection is not Connection.SSH:
        return
    rows = tunnelled(host)
    looks = await asyncio.gather(*(_allowed(io, row) for row in rows))
    report.unasked += [look for look in looks if isinstance(look, str)]
    refused = [row for row, look in zip(rows, looks, strict=True) if look is False]
    if refused:
        only = "" if len(refused) == len(rows) else " to " + ", ".join(map(destination, refused))
        report.lacks.append(Lack(f"{need.key}{only}", need.lost, f"{_authorized(host)} {key_line(host)}"))


async def _allowed(io: Io, row: PortRow) -> bool | str:
    """Whether the host's SSH server may connect there, or why that is not known. Who listens is of no concern here."""
    try:
        await io.tunnel.dial(row.address, row.port, Talk(), DIAL_DEADLINE)
    except UnsupportedError:
        return False
    except ProbeFailed as failure:
        return str(failure)
    return True


async def _database(report: Report, host: Host, io: Io, wanted: dict[str, Need]) -> None:
    try:
        if grants.CLOUD in wanted:
            report.lacks += await grants.cloud_lacks(io.sql, host, wanted[grants.CLOUD], PATIENCE)
        if wanted.keys() & grants.KEYS - {grants.CLOUD}:
            report.lacks += await grants.lacks(io.sql, host.mysql.user, wanted, PATIENCE)
    except UnsupportedError as error:
        report.unasked.append(f"database: {error.detail}")
    except (ProbeFailed, UnparsableError) as failure:
        report.unasked.append(f"database: {failure}")


async def _message_bus(report: Report, host: Host, io: Io) -> None:
    try:
        lacks = await rights.missing(host, io, host.settings[rabbitmq.SPEC.name])
    except ProbeFailed as failure:
        report.unasked.append(f"message bus: {failure}")
    else:
        report.lacks += [Lack(lack.what, lack.lost, lack.mend) for lack in lacks]


async def _cloud_api(report: Report, kind: CloudKind, io: Io, need: Need) -> None:
    """Where every command is refused, the keys are wrong; where some are, the role is."""
    rights = _RIGHTS[kind]
    try:
        refused = await rights.refused(io.api, PATIENCE)
    except ProbeFailed as failure:
        report.unasked.append(f"API: {failure}")
        return
    if not refused:
        return
    said = next(iter(refused.values()))
    if len(refused) == len(rights.commands):
        report.lacks.append(Lack(f"{need.key} ({said})", need.lost, need.mend))
    else:
        lost = "what these lists tell of the cloud, by its API"
        report.lacks.append(Lack(f"{need.key}: {', '.join(refused)} ({said})", lost, rights.allowing(refused)))
