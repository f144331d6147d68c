"""The reading of the probe `path_mtu`, and its metrics.

Apart from the sheet only because of their length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cs_exporter.probes.paths.links import Devices
from cs_exporter.probes.paths.verdicts import PathRow, PathState
from cs_exporter.spec import Metric, Sample, rows


@dataclass(frozen=True, slots=True)
class PathMtuReading:
    """A host's paths, one row per peer, and its devices (None where they are not known)."""

    paths: tuple[PathRow, ...] = ()
    devices: Devices | None = None


_PATH_LABELS = ("peer", "traffic")


def _of_paths(
    name: str,
    help_text: str,
    value: Callable[[PathRow], float | None],
    more: Callable[[PathRow], tuple[str, ...]] = lambda _row: (),
    labels: tuple[str, ...] = (),
) -> Metric[PathMtuReading]:
    """A metric with a sample per path that has a value."""

    def read(reading: PathMtuReading) -> Iterable[Sample]:
        values = ((row, value(row)) for row in reading.paths)
        return [
            Sample(float(number), (row.peer.name, row.peer.traffic.value, *more(row)))
            for row, number in values
            if number is not None
        ]

    return rows(name, help_text, (*_PATH_LABELS, *labels), read)


def _while(state: PathState) -> Callable[[PathRow], float | None]:
    return lambda row: 1.0 if row.state is state else None


def _of_devices(name: str, help_text: str, values: Callable[[Devices], Mapping[str, float]]) -> Metric[PathMtuReading]:
    """A metric with a sample per device."""

    def read(reading: PathMtuReading) -> Iterable[Sample]:
        found = values(reading.devices) if reading.devices is not None else {}
        return [Sample(float(number), (device,)) for device, number in found.items()]

    return rows(name, help_text, ("device",), read)


def _expected(reading: PathMtuReading) -> Iterable[Sample]:
    found: dict[str, int] = {}
    for row in reading.paths:
        if row.expected is not None:
            traffic = row.peer.traffic.value
            found[traffic] = max(row.expected, found.get(traffic, 0))
    return [Sample(float(size), (traffic,)) for traffic, size in found.items()]


def _unmeasured(reading: PathMtuReading) -> Iterable[Sample]:
    return [Sample(1.0)] if reading.paths and all(row.way is None for row in reading.paths) else []


METRICS: tuple[Metric[PathMtuReading], ...] = (
    _of_paths(
        "cs_path_mtu_bytes",
        "The largest packet that passes to the peer and back, up to the expected size, by ping with the bit set that "
        "forbids fragments.",
        lambda row: row.mtu,
    ),
    rows(
        "cs_path_mtu_expected_bytes",
        "What the network should carry: as declared, else the MTU of the device towards the peers by ip route get.",
        ("traffic",),
        _expected,
    ),
    _of_paths(
        "cs_path_mtu_blackhole",
        "1 while small packets pass to the peer and large ones vanish in silence, by ping.",
        _while(PathState.BLACK_HOLE),
    ),
    _of_paths(
        "cs_path_mtu_reduced",
        "1 while a router (its address, by ICMP) or the host's own device refuses packets of the expected size.",
        _while(PathState.REDUCED),
        more=lambda row: (row.by,),
        labels=("by",),
    ),
    _of_paths(
        "cs_path_mtu_cached",
        "1 while the host refuses packets of the expected size by a path MTU that it learnt earlier, by ping.",
        _while(PathState.CACHED),
    ),
    _of_paths(
        "cs_path_unreachable",
        "1 while the peer answers no packet, not even small ones, by ping, each lost one repeated at once.",
        _while(PathState.UNREACHABLE),
    ),
    _of_paths(
        "cs_path_unjudged",
        "1 while nothing can be said of the path, as where the expected size is not known or no packet could be sent.",
        _while(PathState.UNKNOWN),
    ),
    _of_paths(
        "cs_path_loss_ratio",
        "Share of the last 10 small packets that were lost, by ping; those not sent yet count as answered; 1 while the "
        "peer is unreachable.",
        lambda row: row.loss,
    ),
    _of_paths(
        "cs_path_rtt_seconds",
        "Round trip to the peer, the shortest of the round, by ping.",
        lambda row: row.rtt,
    ),
    rows(
        "cs_path_unmeasured",
        "1 while the host can send no packets that would tell a path's MTU (no usable ping), as its collector says.",
        (),
        _unmeasured,
    ),
    _of_devices(
        "cs_interface_mtu_bytes",
        "MTU of hardware, bonds, declared bridges and all devices on the way to a peer, by ip link.",
        lambda devices: devices.mtus,
    ),
    _of_devices(
        "cs_vxlan_headroom_bytes",
        "MTU of the device below, minus the largest MTU of the VXLANs on it, minus 50 (IPv6: 70) of encapsulation, by "
        "ip -d link.",
        lambda devices: devices.headroom,
    ),
    _of_devices(
        "cs_guest_interfaces",
        "Interfaces of guests (tap, veth, macvtap), counted by the bridge or underlay they lie upon, by ip link.",
        lambda devices: {name: guests.count for name, guests in devices.guests.items()},
    ),
    _of_devices(
        "cs_guest_mtu_min_bytes",
        "The least MTU of these interfaces, by ip link.",
        lambda devices: {name: guests.least_mtu for name, guests in devices.guests.items()},
    ),
)
