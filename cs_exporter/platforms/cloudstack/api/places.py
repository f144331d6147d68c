"""Where machines stand, by name: listHosts with details=min, which is cheap, gives ids of zone, pod and cluster only.

Clusters name their pod and zone; a pod without a cluster has no hypervisors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cs_exporter.model import Place
from cs_exporter.platforms.cloudstack.api.rows import text
from cs_exporter.ports import ApiRow

_LEVELS = ("zone", "pod", "cluster")


@dataclass(frozen=True, slots=True)
class Places:
    """Names by "zone", "pod" and "cluster", each by id."""

    names: Mapping[str, Mapping[str, str]]

    def of(self, row: ApiRow) -> Place:
        """Of a host or a system VM; empty what it does not tell and nobody else does."""
        zone, pod, cluster = (self._name(row, level) for level in _LEVELS)
        return Place(zone, pod, cluster, text(row, "hypervisor"))

    def _name(self, row: ApiRow, level: str) -> str:
        return text(row, f"{level}name") or self.names.get(level, {}).get(text(row, f"{level}id"), "")


def places(clusters: Iterable[ApiRow]) -> Places:
    """From listClusters."""
    names: dict[str, dict[str, str]] = {level: {} for level in _LEVELS}
    for row in clusters:
        names["cluster"][text(row, "id")] = text(row, "name")
        for level in ("zone", "pod"):
            names[level][text(row, f"{level}id")] = text(row, f"{level}name")
    return Places(names)
