"""The sheet of the probe `openstack_census`: which machines an OpenStack cloud has, or one of its cells.

Its databases are asked first, its APIs where those can't be; agents of OVN, of which no table tells, always by the API.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from cs_exporter.model import Census, CloudKind, Host, ProbeFailed, Traffic, UnsupportedError
from cs_exporter.platforms.openstack import api, database
from cs_exporter.platforms.openstack.agents import AgentState, Service
from cs_exporter.platforms.openstack.api.agents import agents_of, is_absent
from cs_exporter.platforms.openstack.api.asking import Asking
from cs_exporter.platforms.openstack.machines import GATEWAY, machines
from cs_exporter.platforms.together import as_one
from cs_exporter.ports import Io
from cs_exporter.probes.clouds.census import CensusSettings, asked
from cs_exporter.spec import ProbeSpec


class OpenstackCensusSettings(CensusSettings):
    """Settings of the probe openstack_census."""


async def probe(host: Host, io: Io, settings: OpenstackCensusSettings) -> Census:
    """Ask the databases, or, where they are not configured or can't be asked, the APIs. Raises ProbeFailed."""
    target = host.cloud
    if target is None:
        raise UnsupportedError("not the pseudo-host of a cloud")
    return await asked(
        partial(_by_database, host, io) if target.schemas else None,
        partial(api.census, host, io.api) if target.sdk is not None else None,
        settings.patience(),
    )


async def _by_database(host: Host, io: Io, patience: float) -> Census:
    """The databases' census, with the machines that only agents of OVN name; each has `patience` seconds."""
    census = await database.census(host, io.sql, patience)
    if host.cloud is None or host.cloud.sdk is None:
        return census
    try:
        agents = await agents_of(Service.NEUTRON, Asking(io.api, patience, 1))
    except ProbeFailed as failure:
        return census if is_absent(failure) else _without_ovn(census, failure)
    return _with_ovn(census, [agent for agent in agents if agent.is_ovn])


def _with_ovn(census: Census, agents: Iterable[AgentState]) -> Census:
    """With the machines of these agents. On one that is known anyhow, only a gateway says something new of it."""
    hosts = {host.uuid: host for host in census.hosts}
    for machine in machines(agent for agent in agents if agent.machine not in hosts or agent.kind == GATEWAY):
        known = hosts.get(machine.uuid)
        hosts[machine.uuid] = machine if known is None else as_one([known, machine])
    return replace(census, hosts=tuple(hosts.values()))


def _without_ovn(census: Census, failure: ProbeFailed) -> Census:
    """What it is without agents of OVN: where others make the tunnels, it lacks nobody."""
    others = any(Traffic.OVERLAY in host.addresses for host in census.hosts)
    line = f"neutron: agents of OVN, which only the API knows: {failure.detail}"
    return replace(census, complete=census.complete and others, lacking=(*census.lacking, line))


SPEC: ProbeSpec[OpenstackCensusSettings, Census] = ProbeSpec(
    name="openstack_census",
    question="Which machines does the cloud have, or this cell of it?",
    settings=OpenstackCensusSettings,
    reading=Census,
    probe=probe,
    metrics=(),
    symptoms=(),
    needs=(database.NEED, api.NEED),
    applies=lambda host: host.cloud is not None and host.cloud.kind is CloudKind.OPENSTACK,
)
