"""How quickly the small cloud lives: a real one takes minutes to give a host up, a demo and a test take seconds.

Everything is shrunk together, so that what is late in the one is late in the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cs_exporter.probes import PROBES

USUAL_LIMIT, USUAL_SILENT, USUAL_CRITICAL = 140.0, 50.0, 35.0
"""Of CloudStack's defaults: an agent's silence, and what is left of it when the symptoms hold."""

TRIES = 5
TICK = 10.0
"""Of the clock by which CloudStack judges silence, at every pace: it is set so rarely, and lags by up to that."""

USUAL_PING, USUAL_GONE = 60.0, 150.0
"""CloudStack's ping.interval, and the silence of a management server that makes its peers call it Down."""


@dataclass(frozen=True)
class Pace:
    """Seconds. `interval`: of every probe, but `path_interval` of path_mtu, and `slow_interval` of slow hosts.

    `ping`: between an agent's pings, but `chatty` between those of agents that always have something to say. `limit`:
    an agent's silence after which the cloud gives its host up. `heartbeat`: between writes to KVMHA files.
    """

    interval: float
    path_interval: float
    slow_interval: float
    ping: float
    chatty: float
    limit: float
    heartbeat: float

    @property
    def slowness(self) -> float:
        """How much longer two intervals of a slow host are than those of another."""
        return 2 * (self.slow_interval - self.interval)

    @property
    def ping_timeout(self) -> float:
        """CloudStack's setting, in ping intervals, by which `limit` is the least silence after which it acts."""
        return (self.limit + TICK) / self.ping

    @property
    def gone_after(self) -> float:
        """Silence of a management server after which its peers call it Down."""
        return USUAL_GONE * self.ping / USUAL_PING

    def cloud_settings(self) -> dict[str, str]:
        """CloudStack's own settings, as its database has them."""
        return {
            "ping.interval": f"{self.ping:g}",
            "ping.timeout": f"{self.ping_timeout:g}",
            "cluster.heartbeat.threshold": f"{self.gone_after * 1000:.0f}",
        }

    @property
    def silent(self) -> float:
        """An agent's silence after which the first symptom holds."""
        return self.limit * (1 - USUAL_SILENT / USUAL_LIMIT)

    @property
    def late(self) -> float:
        """Age of a storage heartbeat that is late: one write was missed, and a busy machine has had its time."""
        return 2 * self.heartbeat + 3

    @property
    def patience(self) -> float:
        """Seconds from a write to the earliest forced reboot."""
        return self.heartbeat + TRIES * self._retry_sleep

    @property
    def _retry_sleep(self) -> float:
        return 2 + self.heartbeat / 4

    def agent_properties(self) -> dict[str, str]:
        """What the hypervisors' agent.properties say of the storage heartbeat besides: the forced reboot is armed."""
        return {
            "reboot.host.and.alert.management.on.heartbeat.timeout": "true",
            "kvm.heartbeat.update.max.tries": str(TRIES),
            "kvm.heartbeat.update.retry.sleep": f"{self._retry_sleep * 1000:.0f}",
        }

    def slow_host(self) -> dict[str, Any]:
        """The `probes` of a User-Mode-Linux host. Each ping is a process, and those are dear there: it sends none.

        Nor is it asked for what it does not have, and seldom for its agent's log.
        """
        waits: dict[str, dict[str, float]] = {
            "time_drift": {"section_limit": 3},
            "nfs_mounts": {"slow_after": 2, "statfs_limit": 3},
            "agent_heartbeat": {},
            "storage_heartbeat": {"read_limit": 3},
            "port_reachability": {},
        }
        often = {"interval": self.slow_interval, "timeout": self.slow_interval}
        never = {name: {"enabled": False} for name in ("path_mtu", "block_storage", "agent_certificates")}
        # Not so seldom that alerts, which last for some runs of whatever is slowest, would never end.
        seldom = {"agent_log": {"interval": 2 * self.slow_interval, "timeout": 2 * self.slow_interval}}
        return {**{name: often | wait for name, wait in waits.items()}, **seldom, **never}

    def sections(self) -> dict[str, Any]:
        """The configuration's `global`, `probes` and `defaults` at this pace: nothing may make a run wait for long."""
        interval = self.interval
        waits: dict[str, dict[str, Any]] = {
            "time_drift": {"section_limit": 2},
            "nfs_mounts": {"slow_after": 1, "statfs_limit": 2},
            "nfs_server": {"deadline": 1},
            "mysql_connections": {"answer_limit": 2, "clients_every": interval},
            "cloudstack_states": {"answer_limit": 2},
            "storage_heartbeat": {"read_limit": 2},
            "path_mtu": {"interval": self.path_interval, "timeout": 5, "search_limit": 4},
            "port_reachability": {"deadline": 1, "first_byte": 1, "shell_deadline": 2, "tls_every": 2},
        }
        # All of them, also those that this cloud has no use for: what mutes what lasts for runs of the slowest.
        each = {spec.name: {"interval": interval, **waits.get(spec.name, {})} for spec in PROBES}
        limits: dict[str, float] = {
            "CsHostAlertImminent": self.limit - self.silent,
            "CsHostAlertImminentCritical": self.limit * USUAL_CRITICAL / USUAL_LIMIT,
            "CsStorageHeartbeatLate": self.late,
            "CsHostRebootNear": self.patience / 3,
        }
        return {"global": {"interval": interval, "timeout": interval}, "probes": each, "defaults": {"limits": limits}}


DEMO = Pace(interval=5, path_interval=10, slow_interval=5, ping=4, chatty=4, limit=20, heartbeat=4)
"""A fault shows within ten seconds, a silent agent within the time that it takes to read about it."""

TEST = Pace(interval=5, path_interval=5, slow_interval=5, ping=60, chatty=1, limit=140, heartbeat=5)
"""What is promised at an interval of 5 s; agents are silent in real time, as CloudStack's are by default."""
