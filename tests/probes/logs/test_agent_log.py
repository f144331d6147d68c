"""The sheet of agent_log: what is followed in a real file, on which hosts, and what an account needs for it."""

from __future__ import annotations

from pathlib import Path

from cs_exporter.model import Host, Place, Role
from cs_exporter.ports import Last
from cs_exporter.probes.logs import agent_log
from cs_exporter.probes.logs.agent_log import NEEDS, PATH, SPEC, AgentLogSettings
from cs_exporter.probes.logs.reading import LogReading
from tests import world
from tests.probes.logs.log_stand import LogStand, log_stand

HOST = Host("kvm1", "192.0.2.1", roles=frozenset({Role.HYPERVISOR}))
WRITE = (
    "2026-07-29 07:35:03,055 WARN  [kvm.resource.KVMHAMonitor] (Thread-5:[]) (logid:) Write heartbeat for pool "
    "[5f2c7e64] failed: timeout; try: {} of 5.\n"
)


async def look(stand: LogStand, before: LogReading | None) -> LogReading:
    """Run the probe a quarter of a minute after the run before."""
    stand.now += 15.0
    last = None if before is None else Last(before, before.at)
    io = world.io(shell=stand, clock=stand, previous=lambda kind: last if kind is LogReading else None)  # type: ignore[arg-type]  # of that kind
    return await agent_log.probe(HOST, io, AgentLogSettings(path=str(stand.path)))


async def test_tries_to_write_a_heartbeat_are_counted(tmp_path: Path) -> None:
    """From the first one on; what was there before the first look is past."""
    async with log_stand(tmp_path) as stand:
        stand.write(WRITE.format(5))
        first = await look(stand, None)
        assert {} == first.events
        stand.write(WRITE.format(1), "2026-07-29 INFO nothing\n", WRITE.format(2))
        second = await look(stand, first)
        assert [("heartbeat_write", 2, stand.now)] == [(name, one.count, one.at) for name, one in second.events.items()]


def test_hosts_with_an_agent_are_asked() -> None:
    """Hypervisors that CloudStack has an agent on."""
    hosts = {
        "kvm": HOST,
        "xen": Host("x", "x", roles=frozenset({Role.HYPERVISOR}), place=Place(hypervisor="XenServer")),
        "server": Host("m", "m", roles=frozenset({Role.MANAGEMENT})),
    }
    assert {"kvm"} == {name for name, host in hosts.items() if SPEC.applies(host)}


def test_the_checklist_looks_at_the_usual_place() -> None:
    """A log elsewhere is looked for by the probe alone."""
    (need,) = NEEDS
    assert PATH in need.check
    assert need.applies(HOST)
    elsewhere = Host("k", "k", roles=HOST.roles, settings={"agent_log": AgentLogSettings(path="/var/log/agent.log")})
    assert not need.applies(elsewhere)
