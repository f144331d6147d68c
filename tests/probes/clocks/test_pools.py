"""Clocks of hosts that share a pool: who is apart, by how much at least, and who is to blame."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import Host, Mount, Role
from cs_exporter.probes.clocks.pools import Measured, apart, pools

EXACT = 0.001


def host(name: str, *mounts: Mount, role: Role = Role.HYPERVISOR) -> Host:
    """A hypervisor, unless another role is given, with these mounts."""
    return Host(name, "192.0.2.1", roles=frozenset({role}), mounts=mounts)


def mount(export: str = "/export/a", server: str = "nfs1", *, readonly: bool = False) -> Mount:
    """A mount of that pool."""
    return Mount(f"/mnt{export}", server, "192.0.2.9", export, readonly=readonly)


def found(right: float, *clocks: float | tuple[float, float]) -> dict[str, float]:
    """What is shown of h0, h1, ..., all of one pool: (skew, uncertainty) of each, or a skew that is known exactly."""
    measured = [Measured(f"h{n}", *(one if isinstance(one, tuple) else (one, 0.0))) for n, one in enumerate(clocks)]
    hosts = [host(clock.host, mount()) for clock in measured]
    return {name: round(value, 9) for name, value in apart(hosts, {m.host: m for m in measured}, right).items()}


@pytest.mark.parametrize(
    ("clocks", "expected"),
    [
        ((0.0, 0.0, 6.0), {"h0": 0.0, "h1": 0.0, "h2": 6.0}),
        ((0.0, -1.0, 6.0), {"h0": 0.0, "h1": 1.0, "h2": 7.0}),
        ((0.0, 6.0), {"h0": 0.0, "h1": 6.0}),
        ((3.0, -3.0), {"h0": 6.0, "h1": 6.0}),
        ((4.0, -3.0, 0.0), {"h0": 7.0, "h1": 3.0, "h2": 0.0}),
        ((6.0, 6.0, 0.0), {"h0": 6.0, "h1": 6.0, "h2": 0.0}),
        ((-6.0, 0.0), {"h0": 6.0, "h1": 0.0}),
        (((6.0, 0.25), (0.0, 0.5)), {"h0": 5.25, "h1": 0.0}),
        (((0.5, 1.0), (0.0, 1.0)), {"h0": 0.0, "h1": 0.0}),
        (((3.0, 0.25), (-2.75, 0.25)), {"h0": 5.25, "h1": 5.25}),
        ((6.0,), {}),
        ((), {}),
    ],
)
def test_the_one_that_is_farther_off_is_shown(
    clocks: tuple[float | tuple[float, float], ...], expected: dict[str, float]
) -> None:
    """With the difference that is beyond doubt; both, where either may be the wrong one; nobody alone."""
    assert expected == found(0.0, *clocks)


def test_what_is_right_is_the_fleets_time_and_not_the_exporters() -> None:
    """An exporter that is wrong by 6 s accuses nobody, and the host that agrees with it is the one that is wrong."""
    assert {"h0": 0.0, "h1": 0.0} == found(-6.0, -6.0, -6.0)
    assert {"h0": 6.0, "h1": 0.0} == found(-6.0, 0.0, -6.0)


def test_only_hypervisors_of_the_same_pool_are_compared() -> None:
    """Same server and export, written with or without a slash at its end; a read-only mount has no heartbeats."""
    hosts = [
        host("a", mount()),
        host("b", mount("/export/a/"), mount("/export/b")),
        host("c", mount("/export/b")),
        host("other-server", mount(server="nfs2")),
        host("reads", mount(readonly=True)),
        host("server", mount(), role=Role.MANAGEMENT),
        host("none"),
    ]
    assert {
        ("nfs1", "/export/a"): ["a", "b"],
        ("nfs1", "/export/b"): ["b", "c"],
        ("nfs2", "/export/a"): ["other-server"],
    } == pools(hosts)
    clocks = {
        one.name: Measured(one.name, skew, 0.0)
        for one, skew in zip(hosts, (1.0, 4.0, 9.0, 99, 99, 99, 99), strict=True)
    }
    assert {"a": 0.0, "b": 3.0, "c": 5.0} == apart(hosts, clocks, 0.0)


def test_two_mounts_of_one_pool_are_one() -> None:
    """A host is not compared with itself."""
    assert {("nfs1", "/export/a"): ["a"]} == pools([host("a", mount(), mount("/export/a/"))])


_CLOCKS = st.lists(st.tuples(st.floats(-100, 100), st.floats(0, 2)), min_size=2, max_size=8)


@given(_CLOCKS, st.floats(-10, 10))
def test_one_pass_finds_what_all_pairs_would(clocks: list[tuple[float, float]], right: float) -> None:
    """Each with each, as the definition says."""

    def shown(own: tuple[float, float]) -> float:
        rivals = [
            abs(own[0] - skew) - own[1] - other
            for skew, other in clocks
            if abs(skew - right) - other <= abs(own[0] - right) + own[1]
        ]
        return max(0.0, *rivals)

    hosts = [host(f"h{n}", mount()) for n in range(len(clocks))]
    measured = {f"h{n}": Measured(f"h{n}", *clock) for n, clock in enumerate(clocks)}
    values = apart(hosts, measured, right)
    assert pytest.approx({f"h{n}": shown(clock) for n, clock in enumerate(clocks)}) == values


def test_a_pool_of_thousands_is_compared_at_once() -> None:
    """In time that grows with it, not with its square; the order of hosts does not matter."""
    rng = random.Random(1)  # noqa: S311 (no secret)
    clocks = {f"h{n}": Measured(f"h{n}", rng.gauss(0, EXACT), EXACT) for n in range(20_000)}
    clocks["h7"] = Measured("h7", 6.0, EXACT)
    hosts = [host(name, mount()) for name in clocks]
    values = apart(hosts, clocks, 0.0)
    assert ["h7"] == [name for name, value in values.items() if value > 1]
    assert values == apart(hosts[::-1], clocks, 0.0)
