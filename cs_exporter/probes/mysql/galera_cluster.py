"""The sheet of the derived probe `galera_cluster`: whether the members of a Galera cluster agree, and who is missing.

Needed because a single view is green when it should not be: a frozen member still counts for others, and one that was
frozen goes on for seconds with the view it had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cs_exporter.model import Host, Inventory, Role
from cs_exporter.parsers.mysql_galera import GaleraNode, standard
from cs_exporter.probes.mysql import galera_views
from cs_exporter.probes.mysql.galera_symptoms import CLUSTER_SYMPTOMS
from cs_exporter.probes.mysql.galera_views import Word
from cs_exporter.probes.mysql.reading import MysqlConnectionsReading
from cs_exporter.spec import DerivedSpec, Latest, Metric, Sample, rows

Token = tuple[str, str, str]
"""Something that two nodes of one cluster have in common."""


@dataclass(frozen=True, slots=True)
class Group:
    """One cluster. Hosts by name; `words`: what those say of it that answer, and are not in maintenance.

    One node is one member, though it may answer at several addresses: a balancer's or a floating one is no further
    member, whichever node is behind it.
    """

    name: str
    members: frozenset[str]  # that answer, that once did, or that others list in their configuration
    answering: frozenset[str]
    words: tuple[Word, ...] = ()
    aliases: frozenset[str] = frozenset()  # at which members answer besides, now or before
    excused: frozenset[str] = frozenset()  # members in maintenance that say nothing
    unasked: frozenset[str] = frozenset()  # members that were never asked: the exporter has just begun
    listed: int = 0  # members by the longest wsrep_cluster_address

    @property
    def expected(self) -> frozenset[str]:
        """The members that should answer."""
        return self.members - self.excused

    @property
    def views(self) -> int:
        """Into how many parts it has fallen, by what members say."""
        return galera_views.parts(self.words)

    @property
    def expected_size(self) -> int:
        """How many members the cluster should have, those included that are no hosts of the inventory."""
        return max(len(self.members), self.listed) - len(self.excused)


@dataclass(frozen=True, slots=True)
class GaleraClusterReading:
    """All clusters of the inventory; `labels` has one that is unique for each."""

    groups: tuple[Group, ...] = ()

    @property
    def labels(self) -> Mapping[Group, str]:
        """The cluster's own name; where several have the same, with their first member's."""
        names = [group.name for group in self.groups]
        return {
            group: group.name if names.count(group.name) == 1 else f"{group.name} ({min(group.members)})"
            for group in self.groups
        }


def derive(latest: Latest, now: float) -> GaleraClusterReading:  # noqa: ARG001 (the board leaves out what is not fresh)
    """Compare the views of all nodes whose readings are fresh; who was a member once is missed until it leaves."""
    found_last = latest.of("mysql_connections", MysqlConnectionsReading)
    failed = latest.unanswered.get("mysql_connections", frozenset())
    readings = {host: reading for host, reading in found_last.items() if host not in failed}
    nodes = {host: reading.galera for host, reading in readings.items() if reading.galera is not None}
    alone = {host for host, reading in readings.items() if reading.answered and reading.galera is None}
    before = latest.before.groups if isinstance(latest.before, GaleraClusterReading) else ()
    known = frozenset(name for group in before for name in group.aliases)
    at = {host: reading.answered.at for host, reading in readings.items() if reading.answered is not None}
    said = galera_views.words(nodes, at, (word for group in before for word in group.words))
    found = [_group(names, nodes, said, latest.inventory, known) for names in _clusters(nodes, latest.inventory)]
    groups = _with_missing(found, before, latest.inventory, nodes.keys() | alone)
    asked = found_last.keys() | failed
    return GaleraClusterReading(tuple(_excusing(group, latest.inventory, asked) for group in groups))


def _clusters(nodes: Mapping[str, GaleraNode], inventory: Inventory) -> list[set[str]]:
    """Hosts that have a token in common, directly or by way of others."""
    clusters: list[tuple[set[str], set[Token]]] = []
    for host, node in sorted(nodes.items()):
        names, tokens = {host}, _tokens(node, inventory.get(host))
        apart = []
        for other_names, other_tokens in clusters:
            if tokens.isdisjoint(other_tokens):
                apart.append((other_names, other_tokens))
            else:
                names |= other_names
                tokens |= other_tokens
        clusters = [*apart, (names, tokens)]
    return [names for names, _ in clusters]


def _tokens(node: GaleraNode, host: Host | None) -> set[Token]:
    """Not the name alone: many clusters have the default one. Parts of a split one have the same data's uuid."""
    addresses = set(node.addresses) | (_addresses(host) if host else set())
    tokens = {("address", node.name, address) for address in addresses}
    return tokens | ({("uuid", node.name, node.uuid)} if node.uuid else set())


def _addresses(host: Host) -> set[str]:
    return {standard(text) for text in (host.name, host.address, *host.addresses.values())}


def _group(
    names: set[str],
    nodes: Mapping[str, GaleraNode],
    said: Iterable[Word],
    inventory: Inventory,
    known: frozenset[str],
) -> Group:
    listed = {address for name in names for address in nodes[name].addresses}
    configured = {
        host.name for host in inventory if Role.DATABASE in host.roles and not listed.isdisjoint(_addresses(host))
    }
    answering = {name: nodes[name] for name in names}
    aliases = _aliases(answering, configured, known)
    own = _once({name: node for name, node in answering.items() if name not in aliases}, configured) or answering
    members = frozenset({*own} - aliases | configured or names)
    return Group(
        min(node.name for node in answering.values()),
        members,
        frozenset(names),
        tuple(word for word in said if word.member in own and not _in_maintenance(inventory.get(word.member))),
        aliases,
        listed=max(len(node.addresses) for node in answering.values()),
    )


def _aliases(answering: Mapping[str, GaleraNode], configured: set[str], known: frozenset[str]) -> frozenset[str]:
    """Hosts at which a node has answered that is listed as a member under another one's address: floating ones."""
    listed = {node.number for name, node in answering.items() if name in configured and node.number}
    return frozenset(
        name for name, node in answering.items() if name not in configured and (name in known or node.number in listed)
    )


def _once(nodes: Mapping[str, GaleraNode], configured: set[str]) -> dict[str, GaleraNode]:
    """Each node under one name; where the configuration does not tell which is its own, the first."""
    found: dict[str, str] = {}
    for name, node in sorted(nodes.items(), reverse=True):
        found[name if name in configured else node.number or name] = name
    return {name: nodes[name] for name in found.values()}


def _with_missing(
    groups: list[Group], before: Iterable[Group], inventory: Inventory, speaking: Iterable[str]
) -> tuple[Group, ...]:
    """The groups with members that they had before and that say nothing now; what has left the inventory is gone."""
    heard = frozenset(speaking)
    for old in before:
        members = frozenset(name for name in old.members if _still_database(inventory.get(name)))
        aliases = frozenset(name for name in old.aliases if _still_database(inventory.get(name)))
        missing = members - heard
        same = [group for group in groups if group.name == old.name and not group.members.isdisjoint(members)]
        if same:
            kept = same[0]
            groups = [group for group in groups if group is not kept]
            groups.append(replace(kept, members=kept.members | missing, aliases=kept.aliases | aliases))
        elif missing:
            groups.append(Group(old.name, missing, frozenset(), aliases=aliases))
    return tuple(sorted(groups, key=lambda group: (group.name, min(group.members))))


def _excusing(group: Group, inventory: Inventory, asked: Iterable[str]) -> Group:
    """The group without a claim on members whose silence is planned work, or which nobody has asked."""
    silent = group.members - group.answering
    hosts = {name: inventory.get(name) for name in silent}
    excused = frozenset(name for name, host in hosts.items() if _in_maintenance(host))
    return replace(group, excused=excused, unasked=silent - excused - frozenset(asked))


def _in_maintenance(host: Host | None) -> bool:
    return host is not None and host.maintenance


def _still_database(host: Host | None) -> bool:
    return host is not None and Role.DATABASE in host.roles


def _compared(reading: GaleraClusterReading) -> Iterable[tuple[Group, str]]:
    """Groups of which somebody answers: where nobody does, nothing is known of who is missing."""
    return [(group, label) for group, label in reading.labels.items() if group.answering]


def _up(reading: GaleraClusterReading) -> Iterable[Sample]:
    for group, label in _compared(reading):
        asked = sorted(group.expected - group.unasked)
        yield from (Sample(float(name in group.answering), (label,), host=name) for name in asked)


def _expected(reading: GaleraClusterReading) -> Iterable[Sample]:
    for group, _ in _compared(reading):
        yield from (Sample(float(group.expected_size), host=name) for name in sorted(group.expected))


def _views(reading: GaleraClusterReading) -> Iterable[Sample]:
    return [Sample(float(group.views), (label,)) for group, label in _compared(reading)]


METRICS: tuple[Metric[GaleraClusterReading], ...] = (
    rows(
        "cs_galera_member_up",
        "1 if a member of the cluster answers with its view of it, 0 if it does not while others do, absent if it does "
        "not in maintenance or was never asked; as known from what members say, said before, or list in "
        "wsrep_cluster_address.",
        ("group",),
        _up,
    ),
    rows(
        "cs_galera_expected_size",
        "Members that this one's cluster should have: hosts of the inventory by what members say, said before, or list "
        "in wsrep_cluster_address, or all that the longest such list names, if they are more; without those in "
        "maintenance that say nothing, and each node once, though it answers at a balancer's address too (by "
        "wsrep_gcomm_uuid).",
        (),
        _expected,
    ),
    Metric(
        "cs_galera_views",
        "Parts of a cluster, by the different views (wsrep_cluster_conf_id, _size, _status, _state_uuid) of members "
        "that answer, and where more agree than their view has room for; by what was said about the same time, and "
        "without members in maintenance. More than 1 is a split, or an old view.",
        _views,
        labels=("group",),
        per_host=False,
    ),
)

SPEC: DerivedSpec[GaleraClusterReading] = DerivedSpec(
    name="galera_cluster",
    question="Do the members of a Galera cluster agree, and who is missing?",
    inputs=("mysql_connections",),
    reading=GaleraClusterReading,
    derive=derive,
    metrics=METRICS,
    symptoms=CLUSTER_SYMPTOMS,
)
