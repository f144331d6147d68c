"""Who belongs to an OpenStack cloud, by lists of its APIs: whoever has an agent there.

A list that is refused leaves the census incomplete, so that nobody counts as gone; one that fails otherwise fails it,
as does an account to which all of them are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cs_exporter.model import Census, Host, ProbeFailed
from cs_exporter.platforms.openstack.agents import AgentState, Service
from cs_exporter.platforms.openstack.api.agents import LISTS, agents_of, is_absent
from cs_exporter.platforms.openstack.api.asking import Asking
from cs_exporter.platforms.openstack.api.rights import OF_ONE_LIST
from cs_exporter.platforms.openstack.api.rows import text
from cs_exporter.platforms.openstack.machines import Compute, machines
from cs_exporter.ports import ApiError, ApiRow, CloudApi

_OLD_NOVA = (
    "nova.services: this nova leaves out cells that are down (its API is older than 2.69): nobody counts as gone"
)
_CELL_DOWN = "nova.services: a cell is down; of its machines only the names of computes are told"


async def census(host: Host, api: CloudApi, deadline: float) -> Census:
    """All machines with an agent, within `deadline` seconds in all. Raises ProbeFailed, and then tells nothing.

    Not complete where a list is refused, or a cell of nova is down.
    """
    del host
    asking = Asking(api, deadline, len(LISTS) + 1)
    found: list[AgentState] = []
    refusals: list[ApiError] = []
    for service in LISTS:
        try:
            found += await agents_of(service, asking)
        except ApiError as failure:
            refusals.append(_refusal(failure))
    if not found:
        raise _nothing(refusals)
    hidden = [*_told(refusals), *_cells(found)]
    computes, unaddressed = await _computes(asking)
    return Census(machines(found, computes), complete=not hidden, lacking=(*hidden, *unaddressed))


def _refusal(failure: ApiError) -> ApiError:
    """The same where only this list is refused, or there is no such service. Raises what is neither."""
    if not is_absent(failure) and failure.reason not in OF_ONE_LIST:
        raise failure
    return failure


def _told(refusals: Iterable[ApiError]) -> tuple[str, ...]:
    """A line on each list that is refused; none where there is no such service."""
    return tuple(dict.fromkeys(failure.detail for failure in refusals if not is_absent(failure)))


def _nothing(refusals: Sequence[ApiError]) -> ProbeFailed:
    """Of a cloud none of whose lists are told; an account that may see nobody is not one without machines."""
    first = next((failure for failure in refusals if not is_absent(failure)), refusals[0])
    return ProbeFailed(first.reason, "; ".join(_told(refusals)) or first.detail)


def _cells(agents: Iterable[AgentState]) -> tuple[str, ...]:
    """Why nova may have named fewer than there are. Ids are numbers where it knows nothing of cells that are down."""
    nova = [agent for agent in agents if agent.service is Service.NOVA]
    lines = []
    if any(agent.up is None and agent.enabled is None for agent in nova):
        lines.append(_CELL_DOWN)
    if any(agent.key.isdigit() for agent in nova):
        lines.append(_OLD_NOVA)
    return tuple(lines)


async def _computes(asking: Asking) -> tuple[Mapping[str, Compute], tuple[str, ...]]:
    """What nova knows of hypervisors, by the name of their nova-compute, and why it does not tell that."""
    try:
        listed = await asking.listed("nova.hypervisors")
    except ApiError as failure:
        return {}, _told([_refusal(failure)])
    by_host: dict[str, list[ApiRow]] = {}
    for row in listed.rows:
        service = row.get("service")
        if isinstance(service, Mapping):
            by_host.setdefault(text(service, "host"), []).append(row)
    return {name: _compute(hypervisors) for name, hypervisors in by_host.items()}, ()


def _compute(rows: Iterable[ApiRow]) -> Compute:
    """What all of one nova-compute's hypervisors have in common: ironic's are many, and machines of their own."""
    kinds = {text(row, "hypervisor_type") for row in rows}
    addresses = {text(row, "host_ip") for row in rows}
    return Compute(_one(addresses), _one(kinds))


def _one(values: set[str]) -> str:
    return next(iter(values)) if len(values) == 1 else ""
