"""Runs outside the daemon, now: of one probe, with all that was asked and answered, or of who is in the clouds.

They go through the daemon's own runner, shell and limits, so that what a command shows is what the daemon sees.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from rich.console import Console
from rich.pretty import Pretty

from cs_exporter.board import Board
from cs_exporter.config import Config
from cs_exporter.config.found import Tell
from cs_exporter.daemon import collector, pace_of
from cs_exporter.discovery.store import Store
from cs_exporter.inventory import ENDPOINT, build_inventory
from cs_exporter.model import Census, CloudHost, Connection, Failure, Host, Inventory, Outcome, Unsupported
from cs_exporter.needs import asked
from cs_exporter.platforms.together import together
from cs_exporter.ports import Counters, Last, R
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.runner import run_once
from cs_exporter.spec import AnySpec, Severity, longest_run
from cs_exporter.symptoms import Holding, holding
from cs_exporter.transports.transcript.transcript import noted
from cs_exporter.transports.world import World

LISTED = 8
"""Rows of each table of a reading that a terminal is given; the symptoms stand below them."""

_STYLES = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


@runtime_checkable
class Incomplete(Protocol):
    """A reading that knows what it does not tell, as Census does: it is not well for having no symptoms."""

    @property
    def lacking(self) -> tuple[str, ...]:
        """A line each, for the operator."""


async def probe_once(config: Config, spec: AnySpec, host: Host, transcript: list[str]) -> Outcome:
    """Connect, ask, disconnect; `transcript` takes what was asked and answered.

    A run that gave a reading is followed by another one, whose outcome counts: some answers are comparisons.
    """
    settings = host.settings[spec.name]
    if spec not in asked(host, (spec,)):
        roles = ", ".join(sorted(host.roles)) or "none"
        detail = f"{host.name} is not asked that: the probe is disabled there, or for other roles (it has: {roles})"
        if host.connection is Connection.NONE:
            detail += ", or needs a login, and nobody logs in there"
        return Outcome(spec.name, host.name, time.time(), time.monotonic(), 0.0, Unsupported(detail))
    counters = Counters()
    world = World(collector(), pace_of(config), time, counters)
    limit = longest_run(settings, config.global_.timeout, config.global_.interval)
    first: Outcome | None = None

    def previous(kind: type[R], /) -> Last[R] | None:
        if first is None or not isinstance(first.reading, kind):
            return None
        return Last(first.reading, first.finished_monotonic)

    io = noted(world.io(host, previous), transcript.append)
    try:
        first = await run_once(spec, host, io, limit)
        if first.reading is None:
            return first
        transcript.append("the same again, now that there is a reading to compare with:")
        return await run_once(spec, host, io, limit)
    finally:
        await world.close()


@dataclass(frozen=True)
class Everybody:
    """All hosts, written and found. `censuses`: source -> what it answered now; a source is a cloud, or a cell of it.

    `failed`: pseudo-host -> why it can't be asked. `complete`: all sources have answered. `unknown`: sources whose
    hosts nobody has told, nor the store.
    """

    inventory: Inventory
    censuses: Mapping[str, Census] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    unknown: tuple[str, ...] = ()

    def gaps(self) -> Iterator[str]:
        """What the clouds did not tell, or can't, a line each; that a cloud has nobody is one too."""
        for source, census in self.censuses.items():
            for line in dict.fromkeys((*census.lacking, *census.untold)):
                yield f"{ENDPOINT}{source}: does not tell everything: {line}"
            if not census.hosts:
                yield f"{ENDPOINT}{source}: names no host at all; is it the right cloud, and the right database.name?"


async def censuses(config: Config, inventory: Inventory) -> tuple[Mapping[str, Census], Mapping[str, str]]:
    """Source -> who is in it, of all clouds of an inventory; and pseudo-host -> why it can't be asked."""
    world = World(collector(), pace_of(config), time, Counters())

    async def ask(spec: AnySpec, cloud: Host) -> tuple[Host, Outcome]:
        limit = longest_run(cloud.settings[spec.name], config.global_.timeout, config.global_.interval)
        return cloud, await run_once(spec, cloud, world.io(cloud, _never), limit)

    clouds = (host for host in inventory if host.cloud is not None)
    asks = [ask(spec, cloud) for cloud in clouds for spec in asked(cloud, PROBES) if spec.reading is Census]
    found: dict[str, Census] = {}
    failed: dict[str, str] = {}
    try:
        for cloud, outcome in await asyncio.gather(*asks):
            if isinstance(outcome.reading, Census):
                found[cloud.name.removeprefix(ENDPOINT)] = outcome.reading
            elif isinstance(outcome.result, Failure):
                failed[cloud.name] = f"{outcome.result.reason}: {outcome.result.detail}"
    finally:
        await world.close()
    return found, failed


def everybody(config: Config, tell: Tell, storage: Path | None = None) -> Everybody:
    """All hosts as the clouds have them now; of a cloud that can't be asked, as they are stored in `storage`.

    `tell` is given a line for each that can't be asked, and for what can't be used. Not for a running loop.
    """
    inventory = build_inventory(config)
    if not config.platforms:
        return Everybody(inventory)
    found, failed = asyncio.run(censuses(config, inventory))
    for name, why in failed.items():
        tell(f"{name}: can't be asked which hosts it has: {why}")
    others = [source for source in config.sources if source not in found]
    known = found if storage is None else {**_stored(storage, others, tell), **found}
    unknown = tuple(source for source in others if source not in known)
    inventory = build_inventory(config, _by_platform(config, known), tell)
    return Everybody(inventory, found, failed, complete=not others, unknown=unknown)


def _by_platform(config: Config, known: Mapping[str, Census]) -> Mapping[str, Census]:
    """Platform -> who is in it by what its sources tell; without those of which no source tells anything."""
    parts: dict[str, list[Sequence[CloudHost]]] = {}
    for source, platform in config.sources.items():
        if source in known:
            parts.setdefault(platform, []).append(known[source].hosts)
    return {platform: Census(together(hosts)) for platform, hosts in parts.items()}


def _stored(folder: Path, sources: Sequence[str], tell: Tell) -> dict[str, Census]:
    """Source -> its hosts as a daemon has stored them, of those that it has; nothing is written."""
    hosts = Store(folder).read().hosts if sources else {}
    for source in sources:
        if source in hosts:
            tell(f"{ENDPOINT}{source}: its hosts are those that were stored in {folder} ({len(hosts[source])})")
        else:
            tell(
                f"{ENDPOINT}{source}: {folder} has no hosts of it that can be read; name the folder that the daemon "
                "is given, and read it as the daemon's user"
            )
    return {source: Census(hosts[source]) for source in sources if source in hosts}


def _never(_kind: type[R], /) -> Last[R] | None:
    return None


def show(outcome: Outcome, transcript: list[str], spec: AnySpec, host: Host, console: Console) -> bool:
    """Print a run: transcript, result, duration, symptoms. True unless the run failed."""
    console.print(f"{spec.name} on {host.name} ({host.address}): {spec.question}", style="bold", highlight=False)
    for line in transcript:
        console.print(line, style="dim", highlight=False, markup=False, soft_wrap=True)
    took = f"after {outcome.duration:.3f} s"
    result = outcome.result
    if isinstance(result, Failure):
        console.print(f"FAILED {took}: {result.reason}: {result.detail}", style="red", highlight=False, markup=False)
        return False
    if isinstance(result, Unsupported):
        console.print(f"UNSUPPORTED {took}: {result.detail}", highlight=False, markup=False)
        return True
    console.print(f"READING {took}:", highlight=False)
    # A cloud's reading has a row for each of its hosts: who wants all of them sends this into a file or a pager.
    console.print(Pretty(result, expand_all=True, max_length=LISTED if console.file.isatty() else None))
    symptoms = _symptoms(outcome, spec, host)
    for held in symptoms:
        labels = "".join(f" {key}={value}" for key, value in held.labels.items())
        text = f"{held.symptom.severity.upper()} {held.symptom.name}{labels}: {held.symptom.sees}"
        yes_or_no = held.symptom.unit == "boolean"
        compared = "" if yes_or_no else f" ({held.value:.4g} {held.symptom.unit}, limit {held.limit:.4g})"
        style = _STYLES[held.symptom.severity]
        console.print(text + compared, style=style, highlight=False, markup=False, soft_wrap=True)
    gaps = tuple(dict.fromkeys(result.lacking)) if isinstance(result, Incomplete) else ()
    for line in gaps:
        text = f"{Severity.INFO.upper()}: does not tell everything: {line}"
        console.print(text, style=_STYLES[Severity.INFO], highlight=False, markup=False, soft_wrap=True)
    if not symptoms and not gaps:
        console.print("OK: no symptom of this probe holds", style="green", highlight=False)
    for derived in DERIVED:
        if spec.name in derived.inputs:
            where = f"in the daemon by {derived.name}, see {derived.metrics[0].name} ... on /metrics"
            console.print(f"Judged together with other hosts {where}: {derived.question}", highlight=False)
    return True


def _symptoms(outcome: Outcome, spec: AnySpec, host: Host) -> tuple[Holding, ...]:
    board = Board(Inventory({host.name: host}))
    board.land(outcome, host.settings[spec.name].interval)
    return holding(board.snapshot(outcome.finished_monotonic), (spec,), outcome.started)
