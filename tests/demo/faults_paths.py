"""Faults of the ways between hosts: too small for full packets, told or not, and peers that answer no echo.

Small packets pass in all of them but the last, which is why nothing else of a cloud shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cs_exporter.spec import Cause, Severity
from tests.demo.cloud import MANAGEMENT, NAMESPACED, OWN_KERNEL, Cloud
from tests.demo.fault import HERE, UNREACHABLE, Fault, Page, Row
from tests.demo.faults_nfs import HEARTBEAT
from tests.demo.ways import all_of
from tests.lab import faults
from tests.lab.faults import MTU
from tests.lab.netns import ROUTER

NEAR, FAR = ("kvm3", "kvm4"), ("kvm5", "kvm6")
LOOKING = (*NAMESPACED, *MANAGEMENT)
"""Hosts that look at their paths."""

SMALL = 1350
BEHIND = Page(Severity.CRITICAL, Cause.PORT)
SIZES = ("CsPathMtuBlackhole", "CsPathMtuReduced", "CsPathMtuCached", "CsPathAsymmetric", "CsPathNotMeasured")


def _at(hosts: tuple[str, ...], *symptoms: str) -> tuple[Row, ...]:
    return tuple(Row(host, symptom) for host in hosts for symptom in symptoms)


@contextmanager
def routed_small(cloud: Cloud, *, silent: bool) -> Iterator[None]:
    """The router forwards 1400 bytes at most, both ways; it says so by ICMP, or tells nobody."""
    network = cloud.lab.network

    def carry(mtu: str) -> None:
        for segment in (network.lan, network.far):
            route = f"{segment.network} dev {segment.bridge} proto kernel scope link src {segment.address(ROUTER)}"
            network.router.ip(f"route replace {route} {mtu}")

    carry("mtu lock 1400")
    try:
        if silent:
            with faults.filtered(network.router, "output", "icmp type destination-unreachable icmp code 4 drop"):
                yield
        else:
            yield
    finally:
        carry("")


@contextmanager
def device_shrunk(cloud: Cloud, host: str) -> Iterator[None]:
    """The device beneath the host's VXLAN no longer carries what that wraps into a packet."""
    namespace = cloud.host(host).namespace
    namespace.ip("link set eth0 mtu 1400")
    try:
        yield
    finally:
        namespace.ip(f"link set eth0 mtu {MTU}", "link set vxlan100 mtu 1450")


PATHS = (
    Fault(
        name="path-reduced",
        tells="the router forwards 1400 bytes at most, and says so",
        hosts=FAR,
        breaks=lambda cloud, _host: routed_small(cloud, silent=False),
        probe="path_mtu",
        rows=_at(NAMESPACED, "CsPathMtuReduced"),
        also=_at(LOOKING, *SIZES),
        part="router",
    ),
    Fault(
        name="path-blackhole",
        tells="the router forwards 1400 bytes at most, and tells nobody",
        hosts=FAR,
        breaks=lambda cloud, _host: routed_small(cloud, silent=True),
        probe="path_mtu",
        rows=_at(NEAR, "CsPathMtuBlackhole"),
        also=(
            *_at(LOOKING, *SIZES),
            *_at(tuple(OWN_KERNEL), "CsNfsMountHung", "CsNfsMountSlow", "CsNfsRequestsOutstanding", *HEARTBEAT),
            *_at((*FAR, "nfs1"), "CsPortDown", "CsPortMute"),
        ),
        blind=(*FAR, "nfs1"),
        part="router",
        besides=(BEHIND, Page(Severity.CRITICAL, Cause.STORAGE), UNREACHABLE),
        because="mounts, ports and sessions across the router hang, and nothing says which of them a path is behind",
    ),
    Fault(
        name="path-port",
        tells=f"the host's port on the switch carries {SMALL} bytes: a black hole both ways",
        hosts=(*MANAGEMENT,),
        breaks=lambda cloud, host: faults.small_path(cloud.host(host), SMALL),
        probe="path_mtu",
        rows=_at(NEAR, "CsPathMtuBlackhole"),
        also=(*_at(LOOKING, *SIZES), *_at((HERE,), "CsPortDown", "CsPortMute")),
        blind=(HERE,),
        part="switch port of $host",
        besides=(BEHIND, UNREACHABLE),
        because="sessions with that host hang, and nothing says that a path is behind it",
    ),
    Fault(
        name="path-vxlan",
        tells="the device beneath the host's VXLAN became too small for it",
        hosts=NAMESPACED,
        breaks=device_shrunk,
        probe="path_mtu",
        rows=_at((HERE,), "CsVxlanHeadroomNegative"),
        also=_at(LOOKING, *SIZES),
        part="device of $host",
    ),
    Fault(
        name="path-icmp",
        tells="no ICMP gets in or out of the host; all else goes on",
        hosts=MANAGEMENT,
        breaks=lambda cloud, host: all_of(
            *(faults.filtered(cloud.host(host).namespace, way, "meta l4proto icmp drop") for way in ("input", "output"))
        ),
        probe="path_mtu",
        # A far host that remembers a smaller path asks by UDP instead, which is answered, and tells of loss only.
        rows=_at(NEAR, "CsPathUnreachable", "CsPathLoss"),
        also=_at((*FAR, *MANAGEMENT), "CsPathUnreachable", "CsPathLoss"),
        part="echoes of $host",
    ),
)
