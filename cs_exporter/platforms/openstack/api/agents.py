"""How an OpenStack cloud's agents are, by three lists of its APIs; services that can't be asked are named, with why.

An empty list of agents is no answer: that is how neutron refuses, with status 200, whoever may not see them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

from cs_exporter.model import Host, ProbeFailed, Reason
from cs_exporter.platforms.openstack.agents import Agents, AgentState, Service, Source
from cs_exporter.platforms.openstack.api import rows
from cs_exporter.platforms.openstack.api.asking import NO_SUCH_SERVICE, Asking, Listed
from cs_exporter.ports import ApiError, CloudApi

LISTS: Mapping[Service, tuple[str, Callable[[Listed], Iterator[AgentState]]]] = {
    Service.NOVA: ("nova.services", rows.nova),
    Service.CINDER: ("cinder.services", rows.cinder),
    Service.NEUTRON: ("neutron.agents", rows.neutron),
}
"""Service -> what lists its agents, and what reads a list."""


async def agents(host: Host, api: CloudApi, deadline: float) -> Agents:
    """All agents of the services that can be asked, within `deadline` seconds in all.

    A service that the catalog has not is neither told nor lacking. Raises ProbeFailed where none can be asked.
    """
    del host
    asking = Asking(api, deadline, len(LISTS))
    found: dict[Service, tuple[AgentState, ...]] = {}
    failures: dict[Service, ProbeFailed] = {}
    for service in LISTS:
        try:
            found[service] = await agents_of(service, asking)
        except ProbeFailed as failure:
            failures[service] = failure
    if not found:
        raise next(iter(failures.values()))
    return Agents(
        Source.API,
        tuple(agent for some in found.values() for agent in some),
        told=frozenset(found),
        lacking={service: failure.detail for service, failure in failures.items() if not is_absent(failure)},
    )


async def agents_of(service: Service, asking: Asking) -> tuple[AgentState, ...]:
    """The agents of one service, never none. Raises ProbeFailed."""
    command, read = LISTS[service]
    found = await asyncio.to_thread(tuple, read(await asking.listed(command)))
    if not found:
        raise ApiError(Reason.DENIED, f"{command}: the list is empty: the account has no role that shows agents", 403)
    return found


def is_absent(failure: ProbeFailed) -> bool:
    """Whether the cloud has no such service."""
    return isinstance(failure, ApiError) and failure.code == NO_SUCH_SERVICE
