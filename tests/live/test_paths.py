"""Every way in which a path fails, at once on different paths of real hosts: told apart, and all of them heal.

Hypervisors with peers of each kind: storage behind the router and on the segment, and each other's VTEPs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cs_exporter.model import Traffic
from cs_exporter.probes.paths.metrics import PathMtuReading
from cs_exporter.probes.paths.verdicts import PathRow, PathState
from tests.lab import faults
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.netns import TEST
from tests.lab.wait import wait_until_async
from tests.live.watch import QUICK, Address, Watch

pytestmark = pytest.mark.lab

TWO_INTERVALS = 2 * QUICK["probes"]["path_mtu"]["interval"] + 8
"""Seconds after which a fault must show, with the time that a derived probe and a busy machine take."""

FAR, NEAR, DEAD = "nfs-far", "nfs-near", "nfs-dead"
TOLD, UNTOLD, SHRUNK, HERE = "kvm-told", "kvm-untold", "kvm-shrunk", "here"
MOUNTS = {TOLD: (FAR, NEAR, DEAD), UNTOLD: (FAR,), SHRUNK: (), HERE: (FAR,)}
"""Hypervisor, the machine of this test among them -> the storage servers that it should have mounts of.

What is mounted plays no part here.
"""

EXPECTED = {
    (TOLD, "CsPathMtuReduced", FAR),
    (HERE, "CsPathMtuReduced", FAR),
    (UNTOLD, "CsPathMtuBlackhole", FAR),
    (TOLD, "CsPathMtuBlackhole", NEAR),
    (TOLD, "CsPathUnreachable", DEAD),
    (TOLD, "CsPathLoss", DEAD),
    (SHRUNK, "CsVxlanHeadroomNegative", "eth0"),
    *((host, name, SHRUNK) for host in (TOLD, UNTOLD, HERE) for name in ("CsPathMtuBlackhole", "CsPathAsymmetric")),
}
"""(host, symptom, peer or device) while everything is broken"""


@dataclass(frozen=True)
class Here:
    """The machine of this test, by its address on the segment: no SSH, and its own sockets instead of ping."""

    address: str
    name: str = HERE


@pytest.fixture(scope="module")
def hosts(lab: Lab) -> Iterator[dict[str, LabHost]]:
    """Three hypervisors besides this machine, and three storage servers, one of them behind the router."""
    specs = [
        HostSpec(name, sh="busybox" if name == UNTOLD else "dash") for name in (*MOUNTS, NEAR, DEAD) if name != HERE
    ]
    added = lab.add_hosts([*specs, HostSpec(FAR, segment="far")])
    yield {host.name: host for host in added}
    for host in added:
        lab.remove_host(host)


def _blocks(lab: Lab, hosts: dict[str, LabHost]) -> dict[Address, dict[str, Any]]:
    """All of them as the configuration has them."""
    here = Here(lab.network.lan.address(TEST))
    blocks: dict[Address, dict[str, Any]] = {hosts[name]: {"roles": ["storage"]} for name in (FAR, NEAR, DEAD)}
    for name, servers in MOUNTS.items():
        mounts = [
            {"mountpoint": f"/mnt/{server}", "server": hosts[server].address, "export": "/export"} for server in servers
        ]
        host = here if name == HERE else hosts[name]
        more = {"connection": "local"} if name == HERE else {}
        blocks[host] = {"roles": ["hypervisor"], "addresses": {"overlay": host.address}, "mounts": mounts, **more}
    return blocks


def _red(watch: Watch) -> set[tuple[str, str, str]]:
    """What holds about paths and devices."""
    return {
        (held.host, held.symptom.name, held.labels.get("peer") or held.labels.get("device", ""))
        for held in watch.red()
        if held.symptom.name.startswith(("CsPath", "CsVxlan"))
    }


def _storage(watch: Watch, host: str, peer: str) -> PathRow:
    """The path to a storage server as the latest run of its host saw it."""
    reading = watch.reading("path_mtu", host, PathMtuReading)
    assert reading is not None
    (row,) = [row for row in reading.paths if (row.peer.name, row.peer.traffic) == (peer, Traffic.STORAGE)]
    return row


async def _shows(watch: Watch, expected: set[tuple[str, str, str]], what: str) -> None:
    await wait_until_async(lambda: expected == _red(watch), TWO_INTERVALS, f"{what}: {expected}")


@contextmanager
def _cut_off(host: LabHost) -> Iterator[None]:
    """The host answers no echo, and nothing else; SSH goes on."""
    with faults.filtered(host.namespace, "input", "meta l4proto icmp drop"):
        yield


@contextmanager
def _vxlan(host: LabHost, mtu: int) -> Iterator[None]:
    """A VXLAN on the host's eth0, whose MTU then becomes another one."""
    host.namespace.ip(
        f"link add vxlan100 type vxlan id 100 local {host.address} group 239.1.1.1 dev eth0 dstport 8472",
        "link set vxlan100 up",
        f"link set eth0 mtu {mtu}",
    )
    try:
        yield
    finally:
        host.namespace.ip("link set eth0 mtu 1500", "link del vxlan100")


def _break(broken: ExitStack, lab: Lab, hosts: dict[str, LabHost]) -> None:
    """A router's leg carries 1400, told to one host and not to the other; a port of the switch carries 1350."""
    broken.enter_context(faults.small_route(hosts[FAR], silent=False))
    unheard = f"ip daddr {hosts[UNTOLD].address} icmp type destination-unreachable icmp code frag-needed drop"
    broken.enter_context(faults.filtered(lab.network.router, "output", unheard))
    broken.enter_context(faults.small_path(hosts[NEAR], 1350))
    broken.enter_context(_cut_off(hosts[DEAD]))
    broken.enter_context(_vxlan(hosts[SHRUNK], 1400))


async def test_each_is_told_apart_and_heals(tmp_path: Path, lab: Lab, hosts: dict[str, LabHost]) -> None:
    """A router that says so, one that does not, a switch's port, a mute peer, an underlay that shrank below its VXLAN.

    Healed at once, though the kernel of the host that was told remembers the small path for ten minutes.
    """
    async with Watch(tmp_path, lab, _blocks(lab, hosts)) as watch:
        await watch.swept()
        await _shows(watch, set(), "all paths are well")
        well = _storage(watch, TOLD, FAR)
        assert (PathState.OK, 1500, 1500, 0.0) == (well.state, well.mtu, well.expected, well.loss)
        with ExitStack() as broken:
            _break(broken, lab, hosts)
            await _shows(watch, EXPECTED, "broken")
            told = _storage(watch, TOLD, FAR)
            assert (PathState.REDUCED, 1400, lab.network.lan.address(1)) == (told.state, told.mtu, told.by)
            assert (PathState.BLACK_HOLE, 1400) == _judged(_storage(watch, UNTOLD, FAR))
            assert (PathState.UNREACHABLE, None) == _judged(_storage(watch, TOLD, DEAD))
            state, size = _judged(_storage(watch, TOLD, NEAR))
            assert (PathState.BLACK_HOLE, True) == (state, size is not None and 1280 <= size <= 1350)
            reading = watch.reading("path_mtu", SHRUNK, PathMtuReading)
            assert reading is not None
            assert reading.devices is not None
            assert ({"eth0": 1400}, {"eth0": -100}) == (reading.devices.mtus, reading.devices.headroom)
        await _shows(watch, set(), "mended")


def _judged(row: PathRow) -> tuple[PathState, int | None]:
    return row.state, row.mtu
