"""Regressions that somebody could commit one day, each planted into the probes on purpose.

A check of work counts that lets one of them pass would hold nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from cs_exporter.model import Host
from cs_exporter.ports import Io, SectionCall
from cs_exporter.spec import AnySpec, ProbeSettings, Section

PADDING = 500
"""Bytes of the longer answer: not a third of what a hypervisor answers to everything at once."""

Plant = Callable[[AnySpec], AnySpec]


def second_round_trip(spec: AnySpec) -> AnySpec:
    """The probe asks the host once more before it begins, as one that looks something up first would."""

    async def probe(host: Host, io: Io, settings: ProbeSettings) -> object:
        await io.shell.ask()
        return await spec.probe(host, io, settings)

    return replace(spec, probe=probe)


def one_more_fork(spec: AnySpec) -> AnySpec:
    """The probe's first section begins with a subshell, as `x=$(...)` for a builtin would be."""
    first, *others = spec.sections
    return replace(spec, sections=(replace(first, body=f"(:)\n{first.body}"), *others))


def longer_answer(spec: AnySpec) -> AnySpec:
    """The probe has the host say more than it reads."""
    padding = Section("padding", f"printf '%{PADDING}s' ''")

    async def probe(host: Host, io: Io, settings: ProbeSettings) -> object:
        _, reading = await asyncio.gather(io.shell.ask(SectionCall(padding.name)), spec.probe(host, io, settings))
        return reading

    return replace(spec, sections=(*spec.sections, padding), probe=probe)


PLANTS: dict[str, tuple[str, Plant]] = {
    "second_round_trip": ("nfs_mounts", second_round_trip),
    "one_more_fork": ("agent_heartbeat", one_more_fork),
    "longer_answer": ("nfs_mounts", longer_answer),
}
"""Name -> the probe it is planted into, and how."""


def planted(specs: tuple[AnySpec, ...], name: str) -> tuple[AnySpec, ...]:
    """The probes with one regression in them. Raises KeyError for a name that is none."""
    where, plant = PLANTS[name]
    return tuple(plant(spec) if spec.name == where else spec for spec in specs)
