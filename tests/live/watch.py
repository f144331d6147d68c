"""A daemon inside the test that watches hosts of the lab at a quick pace, and what it says of them.

In the same process, so that a test can look at readings and not only at numbers on a page.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from cs_exporter.config import load
from cs_exporter.daemon import Daemon
from cs_exporter.model import Failure, Reason
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.symptoms import Holding, holding
from tests.lab.lab import USER, Lab
from tests.lab.wait import wait_until_async

R = TypeVar("R")

INTERVAL = 3
QUICK: dict[str, Any] = {
    "global": {"interval": INTERVAL, "timeout": INTERVAL},
    "probes": {
        **{spec.name: {"interval": INTERVAL} for spec in PROBES},
        "time_drift": {"interval": INTERVAL, "section_limit": 2},
        "mysql_connections": {"interval": INTERVAL, "answer_limit": 2, "clients_every": INTERVAL},
        "nfs_mounts": {"interval": INTERVAL, "slow_after": 1, "statfs_limit": 2},
        "nfs_server": {"interval": INTERVAL, "deadline": 1},
        "cloudstack_states": {"interval": INTERVAL, "answer_limit": 1},
        "openstack_agents": {"interval": INTERVAL, "answer_limit": 1},
        "openstack_endpoints": {"interval": INTERVAL, "deadline": 1, "catalog_limit": 1},
        "rabbitmq": {"interval": INTERVAL, "answer_limit": 2},
        "path_mtu": {"interval": 2 * INTERVAL, "timeout": 5, "search_limit": 4},
        "storage_heartbeat": {"interval": INTERVAL, "read_limit": 2},
        "port_reachability": {"interval": INTERVAL, "deadline": 1, "first_byte": 1, "shell_deadline": 2},
    },
}
"""Every probe each three seconds, and nothing may make it wait longer than two."""


class Address(Protocol):
    """What a watched host needs: LabHost and UmlHost have it."""

    @property
    def name(self) -> str:
        """The name it is watched under."""

    @property
    def address(self) -> str:
        """Where its sshd listens."""


def configuration(lab: Lab, blocks: Sequence[Mapping[str, Any]], **sections: Mapping[str, Any]) -> str:
    """A configuration of hosts' blocks at the quick pace, with what its sections have besides."""
    ssh = {
        "user": USER,
        "key_file": str(lab.client_key_file),
        "known_hosts": str(lab.known_hosts_file),
        "connect_timeout": INTERVAL / 2,
        "retry_max": INTERVAL,
    }
    text: dict[str, Any] = {**QUICK, "ssh": ssh, "hosts": blocks}
    for name, more in sections.items():
        text[name] = {**text.get(name, {}), **more}
    return json.dumps(text)  # JSON is YAML


class Watch:
    """`async with Watch(...)`: the daemon runs. `hosts` are watched hosts with what their blocks have besides."""

    def __init__(
        self, directory: Path, lab: Lab, hosts: Mapping[Address, Mapping[str, Any]], **sections: Mapping[str, Any]
    ) -> None:
        self.file = directory / "cs_exporter.yml"
        self._lab = lab
        self._sections = sections
        self.write(hosts)
        self.daemon = Daemon(lambda: load(self.file))

    def write(self, hosts: Mapping[Address, Mapping[str, Any]]) -> None:
        """Write the configuration anew; `daemon.reload()` takes it in."""
        blocks = [{"name": host.name, "address": host.address, **more} for host, more in hosts.items()]
        self.file.write_text(configuration(self._lab, blocks, **self._sections), encoding="utf-8")

    async def __aenter__(self) -> Self:
        await self.daemon.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.daemon.stop()

    def red(self) -> list[Holding]:
        """The symptoms that hold now."""
        return list(holding(self.daemon.snapshot(), (*PROBES, *DERIVED), time.time()))

    def red_names(self) -> set[tuple[str, str]]:
        """(host, symptom) of those."""
        return {(held.host, held.symptom.name) for held in self.red()}

    def failure(self, probe: str, host: str) -> Failure | None:
        """Why a probe fails on a host now."""
        entry = self.daemon.board.entry(probe, host)
        return None if entry is None else entry.failure

    def reason(self, probe: str, host: str) -> Reason | None:
        """The reason of that."""
        failure = self.failure(probe, host)
        return None if failure is None else failure.reason

    def works(self, probe: str, host: str) -> bool:
        """Whether a probe has had an outcome on a host, and does not fail now."""
        return self.daemon.board.entry(probe, host) is not None and self.failure(probe, host) is None

    def reading(self, probe: str, host: str, kind: type[R]) -> R | None:
        """The latest reading, if the latest run gave one."""
        entry = self.daemon.board.entry(probe, host)
        found = None if entry is None else entry.latest.reading
        return found if isinstance(found, kind) else None

    async def swept(self) -> None:
        """Wait for the first outcome of everything."""
        await wait_until_async(lambda: self.daemon.board.health.first_sweep_done, 4 * INTERVAL, "first sweep")
