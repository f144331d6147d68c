"""The sheet of the derived probe `path_directions`: paths that two hosts measure both ways, and find different.

Large packets that pass one way and not the other accuse one end: a device, a bond or a switch port that was forgotten
when the MTU was raised, and not the network in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cs_exporter.model import Peer
from cs_exporter.probes.paths.metrics import PathMtuReading
from cs_exporter.probes.paths.verdicts import PathRow, PathState
from cs_exporter.spec import Cause, DerivedSpec, Latest, Limit, Metric, Op, Sample, Severity, Symptom, rows

_JUDGED = frozenset({PathState.OK, PathState.REDUCED, PathState.BLACK_HOLE})


@dataclass(frozen=True, slots=True)
class Direction:
    """One way of a pair that two hosts of the inventory measure on the same network."""

    host: str
    peer: Peer
    worse: bool  # full packets do not pass from here to there, and they do the other way


@dataclass(frozen=True, slots=True)
class PathDirectionsReading:
    """Both ways of every such pair, where both have a verdict."""

    directions: tuple[Direction, ...]


def derive(latest: Latest, now: float) -> PathDirectionsReading:  # noqa: ARG001 (the board leaves out what is not fresh)
    """Compare both ways. A peer goes by its name in the inventory; what has no verdict is compared with nothing."""
    known = {
        (host, row.peer.name, row.peer.traffic): row
        for host, reading in latest.of("path_mtu", PathMtuReading).items()
        for row in reading.paths
        if row.state in _JUDGED
    }
    found = []
    for (host, name, traffic), row in known.items():
        back = known.get((name, host, traffic))
        if back is not None:
            found.append(Direction(host, row.peer, _is_worse(row, back)))
    return PathDirectionsReading(tuple(found))


def _is_worse(row: PathRow, back: PathRow) -> bool:
    """Whether full packets pass on the way back only.

    Two hosts whose devices differ expect different sizes, and each of them may be content: the sizes are not compared.
    """
    return row.state is not PathState.OK and back.state is PathState.OK


def _asymmetric(reading: PathDirectionsReading) -> Iterable[Sample]:
    return [
        Sample(1.0, (direction.peer.name, direction.peer.traffic.value), host=direction.host)
        for direction in reading.directions
        if direction.worse
    ]


def _compared(reading: PathDirectionsReading) -> Iterable[Sample]:
    return [Sample(float(len(reading.directions)))]


METRICS: tuple[Metric[PathDirectionsReading], ...] = (
    rows(
        "cs_path_asymmetric",
        "1 while packets of the expected size do not pass from the host to the peer, and do from the peer to the host, "
        "by both hosts' path_mtu.",
        ("peer", "traffic"),
        _asymmetric,
    ),
    Metric(
        "cs_path_directions_compared",
        "Paths that are measured from both ends, with a verdict of each, by path_mtu.",
        _compared,
        per_host=False,
    ),
)

SYMPTOMS = (
    Symptom(
        name="CsPathAsymmetric",
        sees="Full packets pass from the peer to the host, and not from the host to the peer.",
        metric="cs_path_asymmetric",
        limit=Limit(Op.EQUALS, 1, step=1),
        runs=2,
        cause=Cause.PATH,
        severity=Severity.WARNING,
        unit="boolean",
        means="The two ends have different MTUs, or the two ways are different ones: one host was forgotten when jumbo "
        "frames came, or one leg of a redundant network carries less. CsPathMtuBlackhole or CsPathMtuReduced says how "
        "the worse way fails.",
        look=(
            "ip link show, on the host and on the peer",
            "ip route get PEER, and on the peer: ip route get HOST",
            "tracepath -n PEER, and back",
        ),
        fix="Compare cs_interface_mtu_bytes of both: where they differ, give both the network's MTU. Where they agree, "
        "look at the switch ports and bonds of the one that this alert names.",
    ),
)

SPEC: DerivedSpec[PathDirectionsReading] = DerivedSpec(
    name="path_directions",
    question="Do full packets pass in both directions of a path?",
    inputs=("path_mtu",),
    reading=PathDirectionsReading,
    derive=derive,
    metrics=METRICS,
    symptoms=SYMPTOMS,
)
