"""The series of a row's proof: its metric beyond and inside the limit, and what else an exporter shows of a host.

As a Prometheus has them that finds exporters by ServiceMonitors: with a target's labels on each, from two replicas.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cs_exporter.matrix import records
from cs_exporter.matrix.proofs_timing import BEYOND, INSIDE, Pace, Stretch, written
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import REPORTED, Row
from cs_exporter.matrix.selectors import matchers
from cs_exporter.spec import Limit, Op, Symptom

PLACE = {"platform": "cloudstack", "cloud_zone": "zone1", "cloud_pod": "pod1", "cloud_cluster": "cluster1"}
INFO = {"address": "192.0.2.1", "roles": "hypervisor", "hypervisor": "KVM"}
SERVER, MANAGEMENT_SERVER = "nfs1", "management1"
LEFT = 100.0
"""Seconds until the cloud can give the host up, where a case says so."""

LIMIT_SERIES = 3.0
"""What a limit is that is a metric."""

MANAGEMENT_PORT = "management-agent"
USUAL = {
    "agent": "cloudstack-agent",
    "export": "/export/primary",
    "mountpoint": "/mnt/primary",
    "port_name": MANAGEMENT_PORT,
    "server": SERVER,
}
"""Label values; any other label has its own name for a value."""


@dataclass(frozen=True)
class Join:
    """A series of the host that its alert is joined with, by its labels besides host, and what that gives the alert."""

    metric: str
    labels: Mapping[str, str]
    gives: Mapping[str, str]


def target(rendering: Rendering, replica: str = "a") -> dict[str, str]:
    """Labels that a ServiceMonitor gives a target, and such that the operator's own selector takes it."""
    labels = {"cluster": "k8s", "container": "exporter", "endpoint": "http", "instance": f"{replica}:10595"}
    labels |= {"job": "cs", "namespace": "mon", "pod": f"cs-{replica}", "service": "cs"}
    return labels | selected(rendering)


def selected(rendering: Rendering) -> dict[str, str]:
    """Labels that the operator's selector takes: of alternatives the first."""
    wanted = [matcher for matcher in matchers(rendering.selector) if not matcher.op.startswith("!")]
    return {matcher.name: matcher.example() for matcher in wanted}


def written_series(metric: str, *labels: Mapping[str, str]) -> str:
    """A series' name; where two say the same label, the first is right."""
    merged: dict[str, str] = {}
    for group in labels:
        merged = {**merged, **{key: value for key, value in group.items() if key not in merged}}
    return metric + "{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in merged.items()) + "}"


@dataclass(frozen=True)
class World:
    """What is scraped in the proof of one row that a symptom stands behind."""

    row: Row
    symptom: Symptom
    limit: Limit
    rendering: Rendering
    pace: Pace
    replicas: Mapping[str, Mapping[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        """Two exporters that watch the same hosts."""
        object.__setattr__(self, "replicas", {name: target(self.rendering, name) for name in "ab"})

    @property
    def limit_series(self) -> str:
        """The metric that is the limit; empty where that is a number."""
        limit = self.rendering.limit(self.symptom)
        return limit if isinstance(limit, str) else ""

    @property
    def foretells(self) -> bool:
        """Whether the alert names what is suspected on the host."""
        return bool(self.row.more) and not self.symptom.told

    @property
    def bound(self) -> float:
        """The limit as a number."""
        limit = self.rendering.limit(self.symptom)
        return LIMIT_SERIES if isinstance(limit, str) else limit

    def beyond(self, bound: float | None = None) -> float:
        """Just beyond the limit."""
        bound = self.bound if bound is None else bound
        return bound + {Op.ABOVE: self.limit.step, Op.BELOW: -self.limit.step, Op.EQUALS: 0}[self.limit.op]

    def inside(self, bound: float | None = None) -> float:
        """Just inside; what is true or false is the other one then, and nothing gets less than nothing."""
        bound = self.bound if bound is None else bound
        if self.limit.op is Op.EQUALS and self.symptom.unit == "boolean":
            return 1 - bound
        if self.limit.op is not Op.ABOVE:
            return bound + self.limit.step
        return max(0, bound - self.limit.step) if bound >= 0 else bound - self.limit.step

    def values(
        self, stretches: tuple[Stretch, ...], *, sign: int = 1, bound: float | None = None, at: float | None = None
    ) -> str:
        """The metric's values; those of an age are moments that move on with the clock, which starts at 0.

        `at`: what it is inside, where that is not one step from the limit.
        """
        places = {BEYOND: sign * self.beyond(bound), INSIDE: sign * (self.inside(bound) if at is None else at)}
        if not self.limit.age:
            return written(stretches, places)
        return written(stretches, {where: -age for where, age in places.items()}, self.pace.interval)

    def labels(self, name: str) -> dict[str, str]:
        """What tells the metric's series of that case from all others."""
        keys = (*self.row.keys, *self.symptom.told)
        found = {key: USUAL.get(key, key) for key in keys} | dict(self.symptom.labels)
        return found | {self.row.keys[0]: name}

    def metric(
        self,
        name: str,
        values: str,
        replica: str = "a",
        others: Mapping[str, str] | None = None,
        *,
        bounded: bool = True,
    ) -> dict[str, str]:
        """The metric's series, and that of its limit if it has one and is `bounded`."""
        at = self.replicas[replica]
        found = {written_series(self.symptom.metric, self.labels(name) | dict(others or {}), at): values}
        if self.limit_series and bounded:
            always = written(self.pace.throughout(INSIDE), {INSIDE: LIMIT_SERIES})
            found[written_series(self.limit_series, self.labels(name), at)] = always
        return found

    def told(self, name: str) -> dict[str, str]:
        """What an alert looks at besides: the state that the cloud has the host in, and the time that is left."""
        found: dict[str, tuple[dict[str, str], float]] = {}
        found["cs_host_seconds_to_alert"] = {}, LEFT
        found["cs_host_maintenance"] = {}, 0.0
        if records.STATE in self.row.expression:
            found["cs_host_state"] = {"state": "Up"}, 1.0
        if self.foretells:
            found["cs_host_suspect"] = {"cause": "storage"}, 1.0
        if self.symptom.victims == "clients":
            found["cs_host_info"] = {"host": MANAGEMENT_SERVER, "roles": "management"}, 1.0
        return {
            written_series(metric, labels, {"host": name}, self.replicas["a"]): written(
                self.pace.throughout(INSIDE), {INSIDE: value}
            )
            for metric, (labels, value) in found.items()
            if metric != self.symptom.metric
        }

    def around(self, name: str, stretches: tuple[Stretch, ...], replica: str = "a", **info: str) -> dict[str, str]:
        """What else there is of a host: its place, that no work is planned on it, and what the alert joins with."""
        at, ones = self.replicas[replica], written(stretches, {BEYOND: 1, INSIDE: 1})
        found = {written_series("cs_host_info", {"host": name}, PLACE, INFO | info, at): ones}
        return found | self.joined(name, stretches, replica)

    def joined(self, name: str, stretches: tuple[Stretch, ...], replica: str = "a") -> dict[str, str]:
        """What the alert is joined with besides."""
        at, ones = self.replicas[replica], written(stretches, {BEYOND: 1, INSIDE: 1})
        return {written_series(join.metric, {"host": name}, join.labels, at): ones for join in self.joins()}

    def joins(self) -> Iterator[Join]:
        """What tells on which server the host depends, and an agent of OpenStack on which cell."""
        keys, victims = self.row.keys, self.symptom.victims
        if self.symptom.reporter:
            agent = USUAL["agent"] if self.symptom.reporter == "agent" else self.symptom.reporter
            reported = {label: label for label in REPORTED}
            yield Join("cs_openstack_agent_info", {"agent": agent, **reported}, reported)
        server = {"management_server": MANAGEMENT_SERVER}
        if victims == "clients":
            yield Join("cs_mysql_client_connections", {"client": MANAGEMENT_SERVER}, server)
        elif "agent" in keys and "management_server" not in keys and not victims:
            yield Join("cs_agent_info", {"agent": USUAL["agent"], **server}, server)
        elif "mountpoint" in keys and "server" not in keys and not victims:
            mount = {key: USUAL[key] for key in ("mountpoint", "server", "export")}
            yield Join("cs_nfs_mount_up", mount, {"server": SERVER})

    def alert(self, name: str, others: Mapping[str, str] | None = None, *, placed: bool) -> dict[str, str]:
        """The labels of a case's alert. `placed`: whether there is anything to join with."""
        found = self.labels(name) | dict(others or {})
        kept = self.symptom.told
        found = {key: value for key, value in found.items() if key not in kept or kept[key] == value}
        if placed:
            found = PLACE | found
            for join in self.joins():
                found |= join.gives
        victims = self.symptom.victims
        if victims not in ("", "clients") and found.get("port_name", MANAGEMENT_PORT).startswith("management-"):
            found[victims] = name
        return {**found, "severity": self.row.severity.value, "cause": self.row.cause.value, **self.row.labels}
