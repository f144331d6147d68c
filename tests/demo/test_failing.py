"""Hosts whose runs fail are a line each: once it lasts, when the reasons change, and when it is over."""

from __future__ import annotations

from tests.demo.failing import Failing

PATIENCE = 8.0


def rows(**reasons: str) -> list[dict[str, str]]:
    """Labels as Prometheus gives them: the probes of kvm3 that fail, and why."""
    return [{"host": "kvm3", "probe": probe, "reason": reason} for probe, reason in reasons.items()]


def test_a_host_whose_runs_fail() -> None:
    """A line for all its probes, once; another one when the reasons are others, not for the time between the two."""
    said: list[str] = []
    failing = Failing(PATIENCE, said.append)
    assert not failing.look(rows(time_drift="mute"), 0)
    assert not failing.look(rows(time_drift="mute", path_mtu="mute"), 6)
    assert ["failing   kvm3   2 probes: mute"] == failing.holding
    assert failing.look(rows(time_drift="mute", path_mtu="mute"), 8)
    assert not failing.look(rows(time_drift="refused", path_mtu="mute"), 10)
    assert not failing.look(rows(time_drift="refused", path_mtu="refused"), 12)
    assert not failing.look(rows(time_drift="refused", path_mtu="refused"), 18)
    assert failing.look(rows(time_drift="refused", path_mtu="refused"), 20)
    assert failing.look([], 31)
    expected = ["failing   kvm3   2 probes: mute", "failing   kvm3   2 probes: refused"]
    assert [*expected, "gone      kvm3   runs that fail (for 31 s)"] == said
    assert [] == failing.holding


def test_one_run_in_vain() -> None:
    """It is no news, neither when it comes nor when it goes."""
    said: list[str] = []
    failing = Failing(PATIENCE, said.append)
    for now, found in ((0, rows(time_drift="mute")), (7, rows(time_drift="mute")), (9, []), (11, [])):
        assert not failing.look(found, now)
    assert [] == said


def test_several_reasons_and_a_single_probe() -> None:
    """The most frequent reason is first; a probe that fails alone is named."""
    said: list[str] = []
    failing = Failing(0, said.append)
    failing.look(rows(nfs_mounts="denied", time_drift="mute", path_mtu="mute"), 0)
    failing.look(rows(nfs_mounts="denied"), 1)
    assert ["failing   kvm3   3 probes: mute (2), denied (1)", "failing   kvm3   nfs_mounts: denied"] == said
