"""What is exported of paths: the size that passes whenever anything does, and each fault by a name of its own."""

from __future__ import annotations

import pytest

from cs_exporter.model import Peer, Traffic
from cs_exporter.parsers.ping import Way
from cs_exporter.probes.paths.links import Devices, Guests
from cs_exporter.probes.paths.metrics import METRICS, PathMtuReading
from cs_exporter.probes.paths.verdicts import PathRow, PathState

STORAGE = Peer("nfs1", "10.0.0.9", Traffic.STORAGE)
LABELS: tuple[str, ...] = ("nfs1", "storage")
WHOLE = {"cs_path_mtu_bytes": 1400.0, "cs_path_loss_ratio": 0.1, "cs_path_rtt_seconds": 0.001}


def exported(reading: PathMtuReading) -> dict[tuple[str, tuple[str, ...]], float]:
    """(metric, label values) -> value."""
    return {(metric.name, sample.labels): sample.value for metric in METRICS for sample in metric.read(reading)}


def path(state: PathState, *, mtu: int | None = 1400, by: str = "") -> PathRow:
    """A path on which one of four small packets was lost."""
    answered = (True, True, False, True)
    rtt = None if mtu is None else 0.001
    return PathRow(STORAGE, state, "why", mtu, 9000, by, rtt, answered, Way.DO)


@pytest.mark.parametrize(
    ("row", "fault", "value_of"),
    [
        (path(PathState.OK), None, WHOLE),
        (path(PathState.BLACK_HOLE), ("cs_path_mtu_blackhole", LABELS), WHOLE),
        (path(PathState.REDUCED, by="10.0.1.1"), ("cs_path_mtu_reduced", (*LABELS, "10.0.1.1")), WHOLE),
        (path(PathState.CACHED), ("cs_path_mtu_cached", LABELS), WHOLE),
        (path(PathState.UNREACHABLE, mtu=None), ("cs_path_unreachable", LABELS), {"cs_path_loss_ratio": 1.0}),
        (path(PathState.UNKNOWN, mtu=None), ("cs_path_unjudged", LABELS), {"cs_path_loss_ratio": 0.1}),
    ],
    ids=lambda value: value.state if isinstance(value, PathRow) else "",
)
def test_each_state_has_its_series(
    row: PathRow, fault: tuple[str, tuple[str, ...]] | None, value_of: dict[str, float]
) -> None:
    """One series says what is wrong, and only while it is; the values stay as far as they are known."""
    expected: dict[tuple[str, tuple[str, ...]], float] = {(name, LABELS): value for name, value in value_of.items()}
    expected["cs_path_mtu_expected_bytes", ("storage",)] = 9000.0
    if fault is not None:
        expected[fault] = 1.0
    assert expected == exported(PathMtuReading((row,)))


def test_devices() -> None:
    """One sample each; where the host does not tell, none."""
    devices = Devices({"eth0": 1500}, {"eth0": -50}, {"eth0": Guests(7, 1400)})
    assert {
        ("cs_interface_mtu_bytes", ("eth0",)): 1500.0,
        ("cs_vxlan_headroom_bytes", ("eth0",)): -50.0,
        ("cs_guest_interfaces", ("eth0",)): 7.0,
        ("cs_guest_mtu_min_bytes", ("eth0",)): 1400.0,
    } == exported(PathMtuReading(devices=devices))
    assert {} == exported(PathMtuReading())


def test_a_host_that_can_send_nothing_says_so() -> None:
    """Only where that is so of all its paths."""
    dumb = PathRow(STORAGE, PathState.UNKNOWN)
    assert 1.0 == exported(PathMtuReading((dumb,)))["cs_path_unmeasured", ()]
    assert ("cs_path_unmeasured", ()) not in exported(PathMtuReading((dumb, path(PathState.OK))))
