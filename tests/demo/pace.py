"""How quickly the small cloud lives: a real one takes minutes to give a host up, a demo and a test take seconds.

Everything is shrunk together, so that what is late in the one is late in the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Pace:
    """Seconds. `interval`: of every probe, but `path_interval` of path_mtu. `ping`: between an agent's pings.

    `limit`: an agent's silence after which the cloud gives its host up. `heartbeat`: between writes to KVMHA files.
    """

    interval: float
    path_interval: float
    ping: float
    limit: float
    heartbeat: float

    def sections(self) -> dict[str, Any]:
        """The configuration's `global` and `probes` at this pace: nothing may make a run wait for long."""
        interval = self.interval
        each: dict[str, dict[str, Any]] = {
            "time_drift": {"interval": interval, "section_limit": 2},
            "nfs_mounts": {"interval": interval, "slow_after": 1, "statfs_limit": 2},
            "nfs_server": {"interval": interval, "deadline": 1},
            "mysql_connections": {"interval": interval, "answer_limit": 2, "clients_every": interval},
            "agent_heartbeat": {"interval": interval, "limit": self.limit},
            "storage_heartbeat": {"interval": interval, "read_limit": 2},
            "path_mtu": {"interval": self.path_interval, "timeout": 5, "search_limit": 4},
            "port_reachability": {"interval": interval, "deadline": 1, "first_byte": 1, "shell_deadline": 2},
        }
        return {"global": {"interval": interval, "timeout": interval}, "probes": each}


DEMO = Pace(interval=5, path_interval=10, ping=4, limit=20, heartbeat=4)
"""A fault shows within ten seconds, a silent agent within the time that it takes to read about it."""

TEST = Pace(interval=3, path_interval=6, ping=1, limit=9, heartbeat=1)
