"""What one run of each probe costs the host that is asked, and the database: `make bench ARGS=costs`, as root.

Processor time is that of the polling account's processes on the host, sshd's included, children and all.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path

import yaml

from cs_exporter.config import load
from cs_exporter.daemon import collector, pace_of
from cs_exporter.inventory import build_inventory
from cs_exporter.model import Host
from cs_exporter.ports import Counters, Last, R
from cs_exporter.probes import PROBES
from cs_exporter.runner import run_once
from cs_exporter.spec import AnySpec
from cs_exporter.transports.world import World
from tests.lab.agents import Agent, ManagementServer
from tests.lab.host import LabHost
from tests.lab.lab import USER, Lab
from tests.lab.mariadb import MariaDb

RUNS = 20
TICK = os.sysconf("SC_CLK_TCK")


def seconds(host: LabHost) -> float:
    """Processor time of the account's processes and of their children that have ended."""
    total = 0
    for process in host.pids():
        stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        total += sum(map(int, stat[11:15]))
    return total / TICK


@contextmanager
def cloud() -> Iterator[tuple[Lab, MariaDb]]:
    """Hypervisors, a management server with an agent's session, a database."""
    with Lab() as lab, ExitStack() as stack:
        database = MariaDb(lab.hosts["srv"])
        database.start()
        stack.callback(database.kill)
        for program in (ManagementServer(lab.hosts["h2"]), Agent(lab.hosts["h1"], [lab.hosts["h2"]])):
            program.start()
            stack.callback(program.stop)
        yield lab, database


def configuration(lab: Lab, database: MariaDb, directory: Path) -> Path:
    """Four hypervisors, so that the first has neighbours."""
    roles = {"h1": "hypervisor", "h4": "hypervisor", "h5": "hypervisor", "h6": "hypervisor", "h2": "management"}
    hosts = [{"name": name, "address": lab.hosts[name].address, "roles": [role]} for name, role in roles.items()]
    hosts.append({"name": "srv", "address": lab.hosts["srv"].address, "roles": ["database"]})
    ssh = {"user": USER, "key_file": str(lab.client_key_file), "known_hosts": str(lab.known_hosts_file)}
    text = {"ssh": ssh, "mysql": {"password_file": str(database.password_file)}, "hosts": hosts}
    file = directory / "cs_exporter.yml"
    file.write_text(yaml.safe_dump(text), encoding="utf-8")
    return file


async def measured(world: World, counters: Counters, spec: AnySpec, host: Host, machine: LabHost) -> str:
    """A line of the table; empty where the question does not apply."""
    last: Last[object] | None = None

    def previous(kind: type[R], /) -> Last[R] | None:
        return Last(last.reading, last.monotonic) if last is not None and isinstance(last.reading, kind) else None

    began, work, moment = 0.0, Counters(), time.monotonic()
    for turn in range(RUNS + 2):
        if turn == 2:  # the first runs log in, start the collector, and learn what the others only confirm
            began, moment = seconds(machine), time.monotonic()
            work = Counters(*(getattr(counters, field.name) for field in fields(Counters)))
        outcome = await run_once(spec, host, world.io(host, previous), 20.0)
        if outcome.reading is None:
            return f"{spec.name:18} {host.name:5} {outcome.result}"
        last = Last(outcome.reading, outcome.finished_monotonic)
    took = (time.monotonic() - moment) / RUNS
    spent = (seconds(machine) - began) / RUNS
    did = {field.name: (getattr(counters, field.name) - getattr(work, field.name)) / RUNS for field in fields(Counters)}
    shown = "  ".join(f"{name} {number:g}" for name, number in did.items() if number)
    return f"{spec.name:18} {host.name:5} host CPU {spent * 1000:5.1f} ms  took {took * 1000:5.0f} ms  {shown}"


async def main(file: Path, lab: Lab) -> None:
    """Print the table."""
    config = load(file)
    inventory = build_inventory(config)
    counters = Counters()
    world = World(collector(), pace_of(config), time, counters)
    try:
        for spec in PROBES:
            for host in inventory:
                if host.name in {"h1", "h2", "srv"} and spec.applies(host):
                    sys.stdout.write(await measured(world, counters, spec, host, lab.hosts[host.name]) + "\n")
    finally:
        await world.close()


def show() -> None:
    """Make the cloud, measure, print."""
    with cloud() as (made, server), tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(configuration(made, server, Path(folder)), made))


if __name__ == "__main__":
    show()
