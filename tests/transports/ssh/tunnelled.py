"""Hosts for looking at ports through them: where from, where to, and what is there of our connections.

What the tests of the tunnel share.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from cs_exporter.ports import Talk
from cs_exporter.transports.ssh.tunnel import HostTunnel
from tests.lab import peers
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.wait import wait_until
from tests.transports.ssh.hosts import FORCED, SCRIPT, Exporter, exporter

CONNECT, LISTEN = Talk(), Talk(b"\r\n", listen=True)
PORTS = {"mute": 8001, "web_server": 8002, "hang_up": 8004}
NOBODY = 8005


@contextmanager
def destination(lab: Lab) -> Iterator[LabHost]:
    """A host on which peers of every manner listen."""
    (made,) = lab.add_hosts([HostSpec("there")])
    for manner, port in PORTS.items():
        made.spawn([sys.executable, "-S", peers.__file__, manner, made.address, str(port)], manner)
    wait_until(lambda: all(map(made.listens, PORTS.values())), what="the peers to listen")
    yield made
    lab.remove_host(made)


@contextmanager
def vantages(lab: Lab, there: LabHost) -> Iterator[dict[str, LabHost]]:
    """A host that forwards, one that does not, and one that forwards to one destination only."""
    only = HostSpec("only", force_command="sh /etc/collector", permit_open=[f"{there.address}:8001"])
    no = HostSpec("no", sshd_options=["AllowTcpForwarding no"])
    made = lab.add_hosts([HostSpec("from"), no, only])
    made[2].write("/etc/collector", SCRIPT.text)
    yield {host.name: host for host in made}
    for host in made:
        lab.remove_host(host)


@asynccontextmanager
async def tunnels(lab: Lab, host: LabHost) -> AsyncIterator[tuple[Exporter, HostTunnel]]:
    """The way through a host, as an exporter has it that is there only for that."""
    async with exporter(lab) as one:
        shell = one.add(host, one.target(mode=FORCED) if host.spec.force_command else None)
        yield one, HostTunnel(shell, time, one.counters)


def sockets(host: LabHost, port: int | None = None) -> list[str]:
    """The connections of a host's own making, to that port if it is given."""
    lines = [line.split() for line in host.sockets()]
    made = [
        " ".join(line) for line in lines if line[0] == "tcp" and not line[4].endswith(":22") and line[1] != "LISTEN"
    ]
    found = [line for line in made if not line.split()[5].endswith(":*")]
    return [line for line in found if port is None or line.split()[5].endswith(f":{port}")]


def asking(host: LabHost) -> list[str]:
    """The connection requests of a host that have no answer."""
    return host.run(["ss", "-Htn", "state", "syn-sent"], check=True).stdout.splitlines()
