"""The cloud's own settings that decide when a host is given up, and what they are in single clusters.

A setting's value is its row's, else that row's default, else what the management server has built in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cs_exporter.platforms.cloudstack import words
from cs_exporter.platforms.cloudstack.database.session import Session
from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import Listing, Record, integer, text

_NAMES = ", ".join(text(name) for name in (*words.DEFAULTS, words.AGENTS_SERVERS))
CLUSTERS = "settings of clusters"
_MOST = 10_000
_CLUSTER_BIT = 4
"""In configuration.scope, where it is a sum: 1 global, 2 zone, 4 cluster, ... (words before 4.20)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`given`: name -> value as text; `clusters`: cluster's id -> the same, only of settings that clusters may have.

    `known`: the cloud told them. What it did not tell is not taken for built in: the operator may have written it.
    `clusters_known`: nor is the whole cloud's value taken for a cluster's where that one's own could not be read.
    """

    given: Mapping[str, str]
    clusters: Mapping[str, Mapping[str, str]]
    known: bool = True
    clusters_known: bool = True

    def number(self, name: str, cluster: str = "") -> float:
        """A setting in a cluster; the built-in default where it has no positive number."""
        for value in (self.clusters.get(cluster, {}).get(name, ""), self.given.get(name, "")):
            try:
                found = float(value)
            except ValueError:
                continue
            if 0 < found < float("inf"):
                return found
        return words.DEFAULTS[name]

    def heartbeat(self, cluster: str = "") -> Mapping[str, Mapping[str, float]]:
        """CloudHost.settings of a host there; empty where nothing is known."""
        if not self.known:
            return {}
        return words.heartbeat_settings(
            self.number(words.PING_INTERVAL, cluster), self.number(words.PING_TIMEOUT, cluster)
        )

    @property
    def agents_servers(self) -> tuple[str, ...]:
        """What agents are told to connect to: the setting `host` without its algorithm ("192.0.2.1,192.0.2.2@rr")."""
        listed = self.given.get(words.AGENTS_SERVERS, "").partition("@")[0]
        return tuple(address for address in (part.strip() for part in listed.split(",")) if address)


async def settings(session: Session) -> Settings:
    """All of them, with what lacks noted. Raises ProbeFailed."""
    records = await session.part("settings", _given)
    if records is None:
        return Settings({}, {}, known=False)
    of_clusters = {name for name, _, scope in records if _in_clusters(scope)}
    overrides = await session.part(CLUSTERS, _overrides) if of_clusters else ()
    return replace(parsed(records, overrides or ()), clusters_known=CLUSTERS not in session.partial)


def parsed(given: Sequence[Record], overrides: Sequence[Record]) -> Settings:
    """From rows (name, value, scope) and (cluster, name, value)."""
    of_clusters = {name for name, _, scope in given if _in_clusters(scope)}
    clusters: dict[str, dict[str, str]] = {}
    for cluster, name, value in overrides:
        if name in of_clusters:
            clusters.setdefault(cluster, {})[name] = value
    return Settings({name: value for name, value, _ in given}, clusters)


def _given(columns: Columns) -> Listing:
    table = columns.table("configuration", "name value")
    value = "COALESCE(value, default_value)" if columns.has("configuration", "default_value") else "value"
    scope = "scope" if columns.has("configuration", "scope") else "''"
    return Listing(("name", value, scope), f"{table} WHERE name IN ({_NAMES})", len(words.DEFAULTS) + 1)


def _overrides(columns: Columns) -> Listing:
    table = columns.table("cluster_details", "cluster_id name value")
    return Listing(("cluster_id", "name", "value"), f"{table} WHERE name IN ({_NAMES})", _MOST)


def _in_clusters(scope: str) -> bool:
    bits = integer(scope)
    return scope.lower() == "cluster" if bits is None else bool(bits & _CLUSTER_BIT)
