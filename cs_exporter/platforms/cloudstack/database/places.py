"""Zones, pods and clusters by their ids.

Their names come apart from the machines, which are many, and still have a place where a name can't be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cs_exporter.model import Place
from cs_exporter.platforms.cloudstack.database.session import Question, Session
from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import Listing

_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Places:
    """Id -> name, ids as text."""

    zones: Mapping[str, str] = field(default_factory=dict)
    pods: Mapping[str, str] = field(default_factory=dict)
    clusters: Mapping[str, str] = field(default_factory=dict)

    def place(self, zone: str = "", pod: str = "", cluster: str = "", hypervisor: str = "") -> Place:
        """A place by its ids."""
        return Place(self.zones.get(zone, ""), self.pods.get(pod, ""), self.clusters.get(cluster, ""), hypervisor)


async def names(session: Session, what: str, table: str) -> Mapping[str, str]:
    """Id -> name of the rows of one table; empty where it can't be read. Raises ProbeFailed."""
    records = await session.part(what, _names(table))
    return dict(records or ())


async def places(session: Session) -> Places:
    """All of them. Raises ProbeFailed."""
    return Places(
        await names(session, "zones", "data_center"),
        await names(session, "pods", "host_pod_ref"),
        await names(session, "clusters", "cluster"),
    )


def _names(table: str) -> Question:
    def question(columns: Columns) -> Listing:
        return Listing(("id", "name"), f"{columns.table(table, 'id name removed')} WHERE removed IS NULL", _MOST)

    return question
