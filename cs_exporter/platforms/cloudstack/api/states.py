"""How a cloud is, by lists of its API: states of hosts, servers, system VMs and storage, guests between two states.

The API tells states; of heartbeats, investigations and servers' clocks it knows nothing.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cs_exporter.model import Host, ProbeFailed, Reason
from cs_exporter.platforms.cloudstack import words
from cs_exporter.platforms.cloudstack.api import pools
from cs_exporter.platforms.cloudstack.api.asking import Asking
from cs_exporter.platforms.cloudstack.api.census import GOING, setting
from cs_exporter.platforms.cloudstack.api.rows import connected, flag, is_raw, moment, text
from cs_exporter.platforms.cloudstack.states import (
    HostState,
    ImageStoreState,
    Part,
    PoolState,
    ServerState,
    Source,
    States,
    SystemVmState,
    VmsInState,
)
from cs_exporter.ports import ApiRow, CloudApi

KINDS = frozenset({"Routing", "ConsoleProxy", "SecondaryStorageVM"})
"""host.type of what has an agent that matters; the API lists appliances and image servers as hosts too."""

SYSTEM_VMS = {"consoleproxy": "ConsoleProxy", "secondarystoragevm": "SecondaryStorageVM"}

BETWEEN = ("Starting", "Stopping", "Migrating", "Restoring", "Expunging", "Error")
"""States of guests that are asked for, two lists each. Most are empty, and cheap: the cloud has an index of states."""

_WHOSE: tuple[Mapping[str, str], ...] = ({}, {"projectid": "-1"})
"""All accounts' guests, and all projects': one list has either."""

UNTOLD = (
    "transitions of hosts, heartbeats of servers, whom servers call Down, investigations: the API does not tell them",
    "virtual routers between two states: not listed, to spare the API",
    pools.BY_SCOPE,
)
_ROUGH = "since when hosts are connected: this version shows it to 17 minutes only"
_NUMBERED = "which management server has which host: this version shows a number that it gives no server"
_NO_AGENT = "Unknown"
_OVERDUE = frozenset({Reason.TIMEOUT, Reason.MUTE})


async def states(host: Host, api: CloudApi, deadline: float) -> States:
    """All states that the API tells, within `deadline` seconds in all. Raises ProbeFailed, and then tells nothing."""
    del host
    asking = Asking(api, deadline)
    hosts = await asking.needed("listHosts", details="min")
    servers = await asking.part("listManagementServers", "management servers")
    system_vms = await asking.part("listSystemVms", "system VMs")
    storage = await asking.part("listStoragePools", "primary storage")
    stores = await asking.part("listImageStores", "secondary storage")
    agents_servers = await setting(asking, words.AGENTS_SERVERS)
    between = None if system_vms is None else await _between(asking, system_vms)
    names = {text(row, "id"): text(row, "name") for row in servers or ()}
    told = tuple(_host(row, names) for row in hosts if text(row, "type") in KINDS)
    nameless = _nameless(told, names.values())
    if nameless:
        asking.lacking.append(_NUMBERED)
    return States(
        source=Source.API,
        hosts=told,
        servers=tuple(_server(row, None if nameless else told) for row in servers or ()),
        system_vms=tuple(_system_vms(system_vms or ())),
        vms=between or (),
        pools=tuple(_pool(row, hosts) for row in storage or ()),
        image_stores=tuple(_store(row) for row in stores or ()),
        agents_servers=_addresses(agents_servers),
        lacking=(*asking.lacking, *UNTOLD, *((_ROUGH,) if _rough(hosts) else ())),
        untold=_untold(servers=servers, system_vms=system_vms, pools=storage, image_stores=stores, vms=between),
    )


def _untold(**parts: Sequence[object] | None) -> frozenset[Part]:
    """Parts, by name, whose list did not come."""
    return frozenset(Part(name) for name, rows in parts.items() if rows is None)


def _addresses(value: str) -> tuple[str, ...]:
    """Of the setting `host`: a list, and the way to choose from it ("192.0.2.1,192.0.2.2@roundrobin")."""
    return tuple(part.strip() for part in value.partition("@")[0].split(",") if part.strip())


def _host(row: ApiRow, names: Mapping[str, str]) -> HostState:
    """A server without a name is called by its id: none at all would mean that the host is lost."""
    server = text(row, "managementserverid")
    return HostState(
        uuid=text(row, "id"),
        name=text(row, "name"),
        kind=text(row, "type"),
        state=text(row, "state"),
        resource_state=text(row, "resourcestate"),
        hypervisor=text(row, "hypervisor"),
        server=text(row, "managementservername") or names.get(server, server),
        connected=connected(row),
    )


def _nameless(hosts: Iterable[HostState], names: Iterable[str]) -> bool:
    """Whether servers have hosts and it is not told which: before 4.19 the API has msids there, and nowhere else."""
    said = {host.server for host in hosts if host.server}
    return bool(said) and said.isdisjoint(names)


def _server(row: ApiRow, hosts: Iterable[HostState] | None) -> ServerState:
    name = text(row, "name")
    return ServerState(
        uuid=text(row, "id"),
        name=name,
        state=text(row, "state"),
        address=text(row, "ipaddress") or text(row, "serviceip"),
        version=text(row, "version"),
        agents=None if hosts is None else sum(host.server == name for host in hosts),
    )


def _system_vms(rows: Iterable[ApiRow]) -> Iterator[SystemVmState]:
    for row in rows:
        kind = SYSTEM_VMS.get(text(row, "systemvmtype"))
        agent = text(row, "agentstate")
        if kind is not None and text(row, "state") not in GOING:
            yield SystemVmState(
                name=text(row, "name"),
                kind=kind,
                state=text(row, "state"),
                agent_state="" if agent == _NO_AGENT else agent,
                address=text(row, "publicip"),
                zone=text(row, "zonename"),
                uuid=text(row, "id"),
            )


async def _between(asking: Asking, system_vms: Iterable[ApiRow]) -> tuple[VmsInState, ...] | None:
    """None where a list of guests is refused, or where they take longer than there is time: all else is told then."""
    rows = [row for row in system_vms if text(row, "state") in BETWEEN]
    try:
        for state, whose in itertools.product(BETWEEN, _WHOSE):
            all_of_them = {"listall": "true", "details": "min", **whose}
            listed = await asking.part("listVirtualMachines", "guests", state=state, **all_of_them)
            if listed is None:
                return None
            rows += listed
    except ProbeFailed as failure:
        if failure.reason not in _OVERDUE:
            raise
        asking.lacking.append(f"guests: {failure.detail}")
        return None
    groups: dict[tuple[str, str], list[ApiRow]] = {}
    for row in rows:
        groups.setdefault((text(row, "zonename"), text(row, "state")), []).append(row)
    now = time.time()
    return tuple(VmsInState(*group, len(some), _oldest(some, now)) for group, some in sorted(groups.items()))


def _oldest(rows: Iterable[ApiRow], now: float) -> float | None:
    """Seconds since the longest waiting one was touched; system VMs do not tell."""
    touched = [when for row in rows if (when := moment(row, "lastupdated")) is not None]
    return max(now - min(touched), 0.0) if touched else None


def _pool(row: ApiRow, hosts: Iterable[ApiRow]) -> PoolState:
    status = text(row, "state")
    reached = () if status == pools.UP else (text(host, "id") for host in hosts if pools.reaches(row, host))
    return PoolState(
        uuid=text(row, "id"),
        name=text(row, "name"),
        kind=text(row, "type"),
        status=status,
        server=text(row, "ipaddress"),
        path=words.without_secrets(text(row, "path")),
        zone=text(row, "zonename"),
        hosts=tuple(reached),
    )


def _store(row: ApiRow) -> ImageStoreState:
    return ImageStoreState(
        name=text(row, "name"),
        protocol=text(row, "protocol"),
        url=words.without_secrets(text(row, "url")),
        readonly=flag(row, "readonly"),
        zone=text(row, "zonename"),
    )


def _rough(hosts: Iterable[ApiRow]) -> bool:
    shown = (moment(row, "lastpinged") for row in hosts)
    return any(is_raw(when) for when in shown if when is not None)
