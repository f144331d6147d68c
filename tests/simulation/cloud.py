"""The simulated cloud: its machines, what each of them says when it is asked, and what happens to it by and by.

Two management servers, a database, an NFS server and twenty hypervisors, five of them 5 ms away. By a seed, every hour
is the same hour again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.probes.nfs.nfs_stand import FIRST, SECOND
from tests.simulation import logs
from tests.simulation.carrier import Delays, Loss, Said
from tests.simulation.mounts import Mounts
from tests.simulation.ntp import Ntp
from tests.simulation.paths import LINKS, Paths
from tests.simulation.sessions import Agent, Session
from tests.simulation.virtual_time import VirtualClock

HYPERVISORS = 20
FAR = 5
"""Of them, as many are 5 ms away."""

LOST_POLLS = 1 / 200
"""Share of requests to a host that get lost, half of them with the connection."""

SLOW_STARTS = 1 / 100
"""Share of requests that a host's shell comes to only 0.3 s later."""

NO_MOUNTS = ""
"""What the section nfs_proc says on a host without any."""

NO_BLOCK_PATHS = ""
"""What the section block_paths says on a host with neither iSCSI nor multipath."""

SERVERS = {"ms1": "10.0.0.11", "ms2": "10.0.0.12"}


@dataclass
class Machine:
    """A host; `round_trip` from the exporter, in seconds."""

    name: str
    address: str
    role: str
    clock_: VirtualClock
    rng: Random
    round_trip: float
    ntp: Ntp
    paths: Paths
    cloud: Cloud
    agent: Agent | None = None
    mounts: Mounts | None = None

    def clock(self) -> float:
        """See carrier.Machine."""
        now = self.clock_.true()
        return now + self.ntp.wrong_by(now)

    def delays(self) -> Delays:
        """See carrier.Machine."""
        way = self.round_trip / 2 * self.rng.lognormvariate(0, 0.25) + 1e-4
        shell = 0.3 if self.rng.random() < SLOW_STARTS else self.rng.uniform(0.001, 0.006)
        lost = self.rng.choice(tuple(Loss)) if self.rng.random() < LOST_POLLS else None
        return Delays(way, shell, lost)

    def handshake(self) -> float:
        """See carrier.Machine."""
        return self.rng.uniform(0.15, 0.5) + 6 * self.round_trip

    def says(self, name: str, arguments: tuple[str, ...]) -> Said:
        """See carrier.Machine."""
        now = self.clock_.true()
        sections: dict[str, Callable[[], Said]] = {
            "ntp": lambda: Said(self.ntp.says(now), 0, round(self.rng.uniform(0.01, 0.05), 3)),
            "agent_sessions": lambda: Said(self._sessions(now, arguments)),
            "followed_log": lambda: Said(self._log(now, arguments), 0, 0.02),
            "listeners": lambda: Said(self._listeners(arguments)),
            "path": lambda: self.paths.says(arguments),
            "links": lambda: Said(LINKS),
            "certificate_dates": lambda: Said("".join(f"missing {file}\n" for file in arguments)),
            "block_paths": lambda: Said(NO_BLOCK_PATHS),
            "agent_properties": lambda: Said("readable\n"),
            "nfs_proc": lambda: Said(self.mounts.proc(now) if self.mounts else NO_MOUNTS),
            "statfs": lambda: self._touch(arguments[0], now, "nfs\n"),
            "heartbeat_file": lambda: self._touch(arguments[0], now, self._stamp(arguments[0], now)),
        }
        return sections[name]()

    def _touch(self, point: str, now: float, output: str) -> Said:
        assert self.mounts is not None
        return self.mounts.mounts[point].touch(now, output)

    def _stamp(self, point: str, now: float) -> str:
        """The heartbeat file, as `date +%s` wrote it."""
        assert self.mounts is not None
        written = self.mounts.stamp(point, now)
        return f"{int(written + self.ntp.wrong_by(written))}\n"

    def _sessions(self, now: float, arguments: tuple[str, ...]) -> str:
        text = ""
        if "s8250" in arguments:
            text += "LISTEN 0 100 *:8250 *:*\n" + self.cloud.at_server(self.name, now)
        if self.agent is not None:
            session = self.agent.session(now)
            text += self.agent.at_agent(now, SERVERS[session.server] if session else "", self.address)
        return text

    def _log(self, now: float, arguments: tuple[str, ...]) -> str:
        """A management server's, or an agent's, in which there is never anything."""
        if self.role == "management":
            return logs.says(self.cloud.agents(), self.name, now, arguments)
        return logs.nothing_new(now)

    def _listeners(self, arguments: tuple[str, ...]) -> str:
        text = ""
        for argument in arguments:
            port = argument.removesuffix("+")
            waiting = 1 if self.rng.random() < 1 / 500 else 0
            text += f"LISTEN {waiting} 128 *:{port} *:*\n"
            if argument.endswith("+"):
                text += f"sessions {port} {HYPERVISORS} {int(self.rng.random() < 1 / 500)}\n"
        return text


class Cloud:
    """All machines, by name."""

    def __init__(self, clock: VirtualClock, seed: int) -> None:
        self.clock = clock
        self.seed = seed
        self.machines: dict[str, Machine] = {}
        for name, address in SERVERS.items():
            self._add(name, address, "management", 0.0005)
        self._add("db1", "10.0.0.21", "database", 0.0005)
        self._add("nfs1", "10.0.0.31", "storage", 0.0005)
        for number in range(1, HYPERVISORS + 1):
            far = number > HYPERVISORS - FAR
            self._add(f"kvm{number:02}", f"10.0.0.{100 + number}", "hypervisor", 0.005 if far else 0.0005)

    def rng(self, what: str) -> Random:
        """Chance of its own for everything, so that nothing depends on the order in which it is drawn."""
        return Random(f"{self.seed} {what}")  # noqa: S311 (weather, not a secret)

    def _add(self, name: str, address: str, role: str, round_trip: float) -> None:
        begin, rng = self.clock.true(), self.rng(name)
        kind = rng.choice(("chrony", "chrony", "chrony", "timesyncd", "ntpsec"))
        machine = Machine(
            name, address, role, self.clock, rng, round_trip,
            Ntp(self.rng(f"{name} ntp"), kind, round_trip, begin), Paths(self.rng(f"{name} path"), round_trip), self,
        )  # fmt: skip
        if role == "hypervisor":
            session = Session(rng.choice(list(SERVERS)), rng.randint(32768, 60000), begin - 86400)
            machine.agent = Agent(self.rng(f"{name} agent"), round_trip, begin, [session])
            machine.mounts = Mounts(self.rng(f"{name} mounts"), begin, idle=rng.random() < 0.2)
        self.machines[name] = machine

    def agents(self) -> dict[int, tuple[str, Agent]]:
        """The number that the cloud gives a host -> its name and its agent."""
        found = [(one.name, one.agent) for one in self.machines.values() if one.agent is not None]
        return dict(enumerate(found, 1))

    def at_server(self, server: str, now: float) -> str:
        """The server's ends of all sessions, and of that of the other server, by which servers know each other."""
        [fellow] = SERVERS.keys() - {server}
        own, other = SERVERS[server], SERVERS[fellow]
        text = f"ESTAB 0 0 [::ffff:{own}]:8250 [::ffff:{other}]:40000 rtt:0.210/0.018 mss:1448 lastrcv:812\n"
        for machine in self.machines.values():
            session = machine.agent.session(now) if machine.agent else None
            if machine.agent is not None and session is not None and session.server == server:
                text += machine.agent.at_server(now, SERVERS[server], machine.address)
        return text

    def configuration(self) -> dict[str, Any]:
        """What an operator writes of it: nothing but hosts, all settings are the defaults."""
        mounts = [
            {"mountpoint": FIRST, "server": "nfs1", "export": "/export/primary", "version": "3"},
            {"mountpoint": SECOND, "server": "nfs1", "export": "/export/primary2", "version": "4.2"},
        ]
        return {
            "defaults": {"cloud_zone": "zone1"},
            "hosts": [self._block(machine, mounts) for machine in self.machines.values()],
        }

    @staticmethod
    def _block(machine: Machine, mounts: list[dict[str, str]]) -> dict[str, Any]:
        last = machine.address.rpartition(".")[2]
        block: dict[str, Any] = {"name": machine.name, "address": machine.address, "roles": [machine.role]}
        if machine.role == "hypervisor":
            networks = {"storage": f"10.1.0.{last}", "overlay": f"10.2.0.{last}"}
            cluster = "cluster1" if int(last) <= 100 + HYPERVISORS // 2 else "cluster2"
            block |= {"addresses": networks, "hypervisor": "KVM", "cloud_cluster": cluster, "mounts": mounts}
            block |= {"secured": True}
        if machine.role == "storage":
            block["addresses"] = {"storage": f"10.1.0.{last}"}
        return block
