"""A cloud that is polled again and again: what the probe makes of its word, and what the matrix says to that.

Without a database or an API: the test writes the rows that both of them come to, whichever is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cs_exporter.board import FLEET, Board
from cs_exporter.model import CloudKind, CloudTarget, Connection, Host, Inventory, Outcome
from cs_exporter.platforms.cloudstack.states import HostState, Source, States
from cs_exporter.probes.clouds import cloud_hosts
from cs_exporter.probes.clouds.cloud_hosts import CloudHostsReading
from cs_exporter.probes.cloudstack.cloudstack_states import SPEC
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading, compared
from cs_exporter.spec import Latest
from cs_exporter.symptoms import holding
from tests.probes.cloudstack.states_stand import MS1, NAMES, PING, WALL

CLOUD = "endpoint:cs"
ENDPOINT = Host(
    CLOUD,
    "192.0.2.9",
    platform="cs",
    connection=Connection.NONE,
    names=NAMES,
    cloud=CloudTarget(CloudKind.CLOUDSTACK, "cloud"),
)


@dataclass
class Stand:
    """A cloud that is polled every `interval` seconds. `reading`: the latest one."""

    interval: float = 15.0
    now: float = 1000.0
    reading: CloudStackStatesReading | None = None
    red: list[set[tuple[str, str]]] = field(default_factory=list)  # (host, symptom) of each poll

    def poll(self, *rows: HostState, states: States | None = None, times: int = 1) -> CloudStackStatesReading:
        """Polls that see these hosts, or all of `states`; gives the last reading."""
        said = states or States(Source.DATABASE, rows, (MS1,))
        for _ in range(times):
            found = compared(said, NAMES, self.reading, self.now, PING)
            self.reading = replace(found, wall=WALL + self.now)
            self.red.append(red(self.reading, self.now))
            self.now += self.interval
        assert self.reading is not None
        return self.reading

    def told(self) -> set[tuple[str, str]]:
        """All that any poll saw."""
        return {one for poll in self.red for one in poll}


def verdicts(reading: CloudStackStatesReading) -> CloudHostsReading:
    """What cloud_hosts makes of it."""
    return cloud_hosts.derive(Latest(Inventory({CLOUD: ENDPOINT}), {SPEC.name: {CLOUD: reading}}), reading.now)


def red(reading: CloudStackStatesReading, now: float = 0.0) -> set[tuple[str, str]]:
    """(host, symptom without Cs) of what holds."""
    board = Board(Inventory({CLOUD: ENDPOINT}))
    board.land(Outcome(SPEC.name, CLOUD, reading.wall, now, 0.1, reading), 15.0)
    board.land(Outcome(cloud_hosts.SPEC.name, FLEET, reading.wall, now, 0.0, verdicts(reading)), 15.0)
    return {
        (found.host, found.symptom.name.removeprefix("Cs"))
        for found in holding(board.snapshot(now), (SPEC, cloud_hosts.SPEC), reading.wall)
    }


def samples(reading: CloudStackStatesReading, name: str) -> dict[tuple[str, ...], float]:
    """(host, label values) -> value, of one metric."""
    found = [sample for metric in SPEC.metrics if metric.name == name for sample in metric.read(reading)]
    found += [
        sample for metric in cloud_hosts.METRICS if metric.name == name for sample in metric.read(verdicts(reading))
    ]
    return {(one.host or CLOUD, *one.labels): one.value for one in found}
