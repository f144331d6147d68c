"""What a node says of its Galera cluster: the variables that begin with wsrep_ (MariaDB, Percona XtraDB Cluster).

See "Galera Cluster Status Variables" in MariaDB's manual. It is one node's own view: a node that was frozen goes on
saying for seconds that it belongs to a cluster which has long left it behind. wsrep_incoming_addresses is no list of
members: in the place of an address it may have the word AUTO.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cs_exporter.parsers.mysql_status import is_on, optional, required

STATUS_NAMES = (
    *("wsrep_cluster_conf_id", "wsrep_cluster_size", "wsrep_cluster_state_uuid", "wsrep_cluster_status"),
    *("wsrep_connected", "wsrep_flow_control_paused_ns", "wsrep_gcomm_uuid", "wsrep_local_recv_queue"),
    *("wsrep_local_state", "wsrep_ready"),
)
VARIABLE_NAMES = ("wsrep_cluster_address", "wsrep_cluster_name", "wsrep_on", "wsrep_provider")

NO_UUID = "00000000-0000-0000-0000-000000000000"


class NodeState(StrEnum):
    """wsrep_local_state, by number."""

    INITIALISED = "initialised"  # belongs to no cluster yet, or no longer to the part with the majority
    JOINING = "joining"
    DONOR = "donor"  # gives its state to another node, or is held by a backup
    JOINED = "joined"  # has its state and catches up
    SYNCED = "synced"
    OTHER = "other"


_STATES = dict(enumerate(state for state in NodeState if state is not NodeState.OTHER))


@dataclass(frozen=True, slots=True)
class GaleraNode:
    """One node's view. `name` and `addresses` are its configuration, everything else is what it sees now."""

    name: str
    addresses: frozenset[str]  # members that its configuration lists: addresses in standard form, or host names
    uuid: str | None  # of the cluster's data; two parts of a split cluster have the same
    change: str  # number of the last change of members that it took part in
    size: int
    primary: bool  # belongs to the part with the majority
    connected: bool
    ready: bool  # answers statements on tables
    state: NodeState
    queue: int  # transactions received and not yet applied
    number: str | None  # the node's own uuid, anew with each start; None before it has ever connected
    paused_ns: int | None  # counter: how long flow control held the cluster's writes, in nanoseconds


def node(status: Mapping[str, str], variables: Mapping[str, str]) -> GaleraNode | None:
    """From `by_name` of both; None where the server is no Galera node. Raises UnparsableError."""
    provided = is_on(variables, "wsrep_provider")
    if not provided or not (is_on(variables, "wsrep_on") or is_on(status, "wsrep_connected")):
        return None
    return GaleraNode(
        name=variables.get("wsrep_cluster_name", ""),
        addresses=listed(variables.get("wsrep_cluster_address", "")),
        uuid=_uuid(status, "wsrep_cluster_state_uuid"),
        change=status.get("wsrep_cluster_conf_id", ""),
        size=required(status, "wsrep_cluster_size"),
        primary=status.get("wsrep_cluster_status", "").lower() == "primary",
        connected=is_on(status, "wsrep_connected"),
        ready=is_on(status, "wsrep_ready"),
        # A node that never found its cluster says nothing of its state or its queue.
        state=_STATES.get(optional(status, "wsrep_local_state") or 0, NodeState.OTHER),
        queue=optional(status, "wsrep_local_recv_queue") or 0,
        number=_uuid(status, "wsrep_gcomm_uuid"),
        paused_ns=optional(status, "wsrep_flow_control_paused_ns"),
    )


def _uuid(status: Mapping[str, str], name: str) -> str | None:
    uuid = status.get(name, "")
    return uuid if uuid not in ("", NO_UUID) else None


def listed(cluster_address: str) -> frozenset[str]:
    """The members in "gcomm://192.0.2.1,[2001:db8::1]:4567,db3?option=..."; none where a cluster is to be begun."""
    _, _, after = cluster_address.partition("://")
    members = (_without_port(part.strip()) for part in after.partition("?")[0].split(","))
    return frozenset(standard(member) for member in members if member)


def _without_port(member: str) -> str:
    if member.startswith("["):
        return member[1:].partition("]")[0]
    address, colon, _ = member.rpartition(":")
    return address if colon and ":" not in address else member


def standard(address: str) -> str:
    """An address in the one way to write it; anything else is a name, in lower case."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address.lower()
