"""A captured course of a Galera cluster, replayed second by second: three nodes that are asked in turn, and judged.

The nodes' answers are the captured ones, the probe, the comparison and the judge of symptoms are the real ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cs_exporter.board import FLEET, Board
from cs_exporter.derive import latest_of
from cs_exporter.model import Host, Inventory, Outcome, Role
from cs_exporter.probes.mysql import galera_cluster, mysql_connections
from cs_exporter.symptoms import holding
from tests.parsers.mysql_rows import CAPTURES
from tests.probes.mysql.mysql_stand import MUTE, NO_CLUSTER, FakeClock, Server, changed, galera

Said = Mapping[str, str]
Red = frozenset[tuple[str, str]]
"""(host, symptom without its first word); of the cluster itself the host is empty."""

NODES = ("db1", "db2", "db3")
ADDRESSES = {name: f"127.0.0.{number}" for number, name in enumerate(NODES, 1)}
INTERVAL = 15
_SPECS = (mysql_connections.SPEC, galera_cluster.SPEC)
_LOOK = re.compile(r"(db\d)\[(.*?)\]")
_EPOCH = 1.8e9


def timeline(part: str) -> dict[int, Mapping[str, Said]]:
    """Second -> node -> what it said, of one part of the captured course; who said nothing is left out."""
    text = (CAPTURES / "timeline-galera.txt").read_text(encoding="utf-8")
    [lines] = [found for found in text.split("=== ") if found.startswith(part)]
    looks = [line for line in lines.splitlines() if line.startswith("t=")]
    return {
        int(look.split()[0].removeprefix("t=+").removesuffix("s")): {
            name: dict(word.split("=", 1) for word in said.split()) for name, said in _LOOK.findall(look) if said
        }
        for look in looks
    }


def course(**begins: int) -> dict[int, Mapping[str, Said]]:
    """Parts of the captured course one after the other: part -> the second at which it begins."""
    return {begin + second: views for part, begin in begins.items() for second, views in timeline(part).items()}


@dataclass
class Cluster:
    """The three nodes under watch."""

    clock: FakeClock = field(default_factory=FakeClock)
    board: Board = field(init=False)
    servers: dict[str, Server] = field(init=False)

    def __post_init__(self) -> None:
        database = frozenset({Role.DATABASE})
        self.board = Board(Inventory({name: Host(name, ADDRESSES[name], roles=database) for name in NODES}))
        self.servers = {name: Server(galera(), clock=self.clock) for name in NODES}
        for server in self.servers.values():
            server.sql.answers["clients"] = ()

    async def ask(self, name: str, said: Said | None) -> None:
        """Run the probe on a node that says this; None: it is frozen."""
        server = self.servers[name]
        server.sql.once["status"] = [MUTE] if said is None else []
        if said is not None:
            server.sql.answers["status"] = changed(server.sql.answers["status"], **variables(said))
            server.sql.answers["clients"] = () if said["ready"] == "ON" else NO_CLUSTER
        reading = await server.poll(after=0)
        self._land(mysql_connections.SPEC.name, name, reading)

    def red(self) -> Red:
        """Compare the nodes, and judge everything."""
        now = self.clock.monotonic()
        latest = latest_of(self.board, galera_cluster.SPEC, now, _EPOCH)
        self._land(galera_cluster.SPEC.name, FLEET, galera_cluster.derive(latest, now))
        held = holding(self.board.snapshot(now), _SPECS, _EPOCH)
        return frozenset((found.host, found.symptom.name.removeprefix("Cs")) for found in held)

    def _land(self, probe: str, host: str, reading: object) -> None:
        self.board.land(Outcome(probe, host, _EPOCH, self.clock.monotonic(), 0.0, reading), INTERVAL)


async def replay(looks: Mapping[int, Mapping[str, Said]], turns: Mapping[str, int]) -> dict[int, Red]:
    """Second -> what is red from then on, wherever that changes.

    Each node is asked every INTERVAL seconds, beginning in the second `turns` has for it; between two looks of the
    captured course it says what it said at the first of them.
    """
    cluster, found = Cluster(), {-INTERVAL: frozenset[tuple[str, str]]()}
    began = cluster.clock.now
    for second in range(-INTERVAL, max(looks) + 1):
        cluster.clock.now = began + second
        views = looks[max((moment for moment in looks if moment <= second), default=min(looks))]
        due = [name for name in NODES if (second - turns[name]) % INTERVAL == 0]
        for name in due:
            await cluster.ask(name, views.get(name))
        if due and (red := cluster.red()) != found[max(found)]:
            found[second] = red
    return found


def variables(said: Said) -> dict[str, str | int]:
    """The status variables that the course shows; of the last change it does not: the comparison must do without."""
    return {
        "wsrep_cluster_size": said["c_size"],
        "wsrep_cluster_status": said["c_status"],
        "wsrep_connected": said["connected"],
        "wsrep_ready": said["ready"],
        "wsrep_local_state": said["local_state"],
        "wsrep_local_state_comment": said["local_state_comment"],
        "wsrep_local_recv_queue": said["local_recv_queue"],
        "wsrep_cluster_conf_id": 0,
    }
