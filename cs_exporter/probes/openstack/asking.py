"""Who is asked how a cloud's agents are: its databases first, which tell heartbeats; its APIs where those can't be.

What no table has (agents of OVN; nova's heartbeats where memcached keeps them) the APIs tell beside the databases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from cs_exporter.model import CloudTarget, Host, ProbeFailed, UnsupportedError
from cs_exporter.platforms.openstack import api, database
from cs_exporter.platforms.openstack.agents import Agents, AgentState, Service
from cs_exporter.platforms.openstack.api.agents import agents_of, is_absent
from cs_exporter.platforms.openstack.api.asking import Asking
from cs_exporter.ports import Io
from cs_exporter.probes.openstack.rhythm import DEFAULTS, OVERDUE, Rhythm

CONFIGURED = "nova_driver: mc: nova keeps its heartbeats in memcached, and what its table has of them stands still"
_STANDS_STILL = (
    "nova's rows in the database stand still while its API has services that are up: servicegroup_driver = mc keeps "
    "the heartbeats in memcached"
)
_SWITCHES = ("Open vSwitch agent", "Linux bridge agent")
"""Agents one of which hypervisors have where neutron is not OVN's; those of NICs (SR-IOV) are there with either."""


async def ask(
    host: Host,
    io: Io,
    deadline: float,
    api_deadline: float,
    rhythms: Mapping[Service, Rhythm] = MappingProxyType(DEFAULTS),
    *,
    memcached: bool = False,
) -> tuple[Agents, str]:
    """The cloud's agents, and why its databases did not tell them although they are configured.

    The database has `deadline` seconds, the API what is then left of `api_deadline`. `rhythms`: how often they report;
    `memcached`: nova's not into its database, as the operator says. Raises ProbeFailed where neither answers, for the
    database's reason where there is one.
    """
    target = host.cloud
    if target is None:
        raise UnsupportedError("not the pseudo-host of a cloud")
    if not target.schemas:
        return await api.agents(host, io.api, api_deadline), ""
    began = io.clock.monotonic()
    try:
        answer = await database.agents(host, io.sql, deadline, io.clock)
    except ProbeFailed as failure:
        if target.sdk is None:
            raise
        return await _instead(host, io, api_deadline - (io.clock.monotonic() - began), failure)
    if memcached:
        answer = _unusable(answer, CONFIGURED)
    if target.sdk is None:
        return answer, ""
    left = api_deadline - (io.clock.monotonic() - began)
    if target.cell or Service.NOVA in answer.unusable or not may_be_memcached(answer, rhythms):
        return await _completed(answer, target, io, left), ""
    answer = await _doubted(answer, io, min(left / 2, deadline))
    return await _completed(answer, target, io, api_deadline - (io.clock.monotonic() - began)), ""


async def _instead(host: Host, io: Io, deadline: float, failure: ProbeFailed) -> tuple[Agents, str]:
    try:
        return await api.agents(host, io.api, deadline), f"{failure.reason.value}: {failure.detail}"
    except ProbeFailed as second:
        detail = f"{failure.detail}; nor does the API: {second.detail}"
        raise ProbeFailed(failure.reason, detail) from second


def _unusable(answer: Agents, why: str) -> Agents:
    return replace(answer, unusable={**answer.unusable, Service.NOVA: why})


def may_be_memcached(answer: Agents, rhythms: Mapping[Service, Rhythm]) -> bool:
    """Whether nova's rows are all so old, by the database's clock and by ours, that nova would have them as down.

    And nobody else's: a database in which nothing is fresh stands still as a whole.
    """
    nova, offset = rhythms[Service.NOVA], answer.clock[0] if answer.clock is not None else 0.0
    ages = [(one.service, min(abs(one.age), abs(one.age - offset))) for one in answer.agents if one.age is not None]
    youngest = min((age for service, age in ages if service is Service.NOVA), default=0.0)
    others = [(service, age) for service, age in ages if service is not Service.NOVA]
    later = youngest - OVERDUE * nova.interval
    fresh = any(age < min(later, OVERDUE * rhythms[service].interval) for service, age in others)
    return youngest > nova.limit + nova.interval and (fresh or not others)


async def _doubted(answer: Agents, io: Io, deadline: float) -> Agents:
    """With nova's rows as what they are, dead or not written to any more: its API judges by where the reports are."""
    try:
        found = await agents_of(Service.NOVA, Asking(io.api, deadline, 1))
    except ProbeFailed:
        return answer
    if not any(one.up for one in found):
        return answer
    return _with(_unusable(answer, _STANDS_STILL), Service.NOVA, found)


def _may_be_ovn(target: CloudTarget, answer: Agents) -> bool:
    """Whether hypervisors have no agent of their own in neutron's table; a cell has no neutron."""
    if target.cell:
        return False
    return not any(agent.service is Service.NEUTRON and agent.kind in _SWITCHES for agent in answer.agents)


async def _completed(answer: Agents, target: CloudTarget, io: Io, deadline: float) -> Agents:
    """With what only the APIs tell; they are not asked for anything else."""
    services = [Service.NEUTRON] if _may_be_ovn(target, answer) else []
    if Service.NOVA in answer.unusable and not target.cell and not _is_judged(answer):
        services.append(Service.NOVA)
    asking = Asking(io.api, deadline, len(services))
    for service in services:
        try:
            answer = _with(answer, service, await agents_of(service, asking))
        except ProbeFailed as failure:
            if not is_absent(failure):
                lacking = f"what only the API tells: {failure.detail}"
                answer = replace(answer, lacking={service: lacking, **answer.lacking})
    return answer


def _is_judged(answer: Agents) -> bool:
    """Whether nova's API has told its verdicts."""
    return any(one.service is Service.NOVA and one.up is not None for one in answer.agents)


def _with(answer: Agents, service: Service, found: tuple[AgentState, ...]) -> Agents:
    """With agents of OVN, beside those in neutron's table; or with verdicts on nova's, in place of ages without one."""
    if service is Service.NOVA:
        others = (agent for agent in answer.agents if agent.service is not service)
        return replace(answer, agents=(*others, *found))
    ours = tuple(agent for agent in found if agent.is_ovn)
    told = answer.told | {service} if ours else answer.told
    return replace(answer, agents=(*answer.agents, *ours), told=told)
