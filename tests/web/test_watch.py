"""Since when a symptom has been there, and when it is due; one judgement of the board for each look."""

from __future__ import annotations

import pytest

from cs_exporter.web import watch
from cs_exporter.web.watch import Watch
from tests.web.clouds import clock, hypervisor, mounts, well
from tests.web.planted import INTERVAL, NOW, WALL, Cloud, derived, probes

(HUNG,) = (one for sheet in probes() for one in sheet.symptoms if one.name == "CsNfsMountHung")


def cloud(**readings: object) -> Cloud:
    """One host."""
    made = Cloud()
    made.add(hypervisor(1), {**well(), **readings})  # type: ignore[dict-item]  # readings by name
    return made


def names(looks: Watch, made: Cloud, wall: float) -> dict[str, tuple[float, bool]]:
    """Symptom -> how long it has been there, and whether it is due."""
    found = looks.look(made.board().snapshot(NOW), wall)
    return {one.held.symptom.name: (wall - one.since, one.due(wall)) for one in found}


def test_it_waits_as_long_as_its_alert() -> None:
    """As many runs in a row as its sheet says, at the interval that the probe has on this board."""
    looks, broken = Watch(probes(), derived()), cloud(nfs_mounts=mounts("hung"))
    wait = HUNG.wait(INTERVAL)
    told = [names(looks, broken, WALL + after)["CsNfsMountHung"] for after in (0, wait - 1, wait)]
    assert wait > INTERVAL
    assert [(0, False), (wait - 1, False), (wait, True)] == told


def test_what_was_gone_meanwhile_begins_anew() -> None:
    """As in Prometheus: an alert's wait starts over."""
    looks, broken = Watch(probes(), derived()), cloud(nfs_mounts=mounts("hung"))
    names(looks, broken, WALL)
    assert {} == names(looks, cloud(), WALL + 600)
    assert (0, False) == names(looks, broken, WALL + 700)["CsNfsMountHung"]


def test_another_mount_is_another_matter() -> None:
    """Each series waits for itself."""
    looks = Watch(probes(), derived())
    names(looks, cloud(nfs_mounts=mounts("hung", pool=0)), WALL)
    assert (0, False) == names(looks, cloud(nfs_mounts=mounts("hung", pool=1)), WALL + 600)["CsNfsMountHung"]


def test_a_clock_set_back_makes_nothing_last_for_ever() -> None:
    """Nothing has been there since a moment that is still to come."""
    looks, wrong = Watch(probes(), derived()), cloud(time_drift=clock(9.0))
    names(looks, wrong, WALL)
    assert 0 == names(looks, wrong, WALL - 3600)["CsClockOffsetCritical"][0]
    assert 600 == names(looks, wrong, WALL - 3000)["CsClockOffsetCritical"][0]


def test_a_look_judges_the_board_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And reads only those metrics that a symptom asks for."""
    judged = []

    def counted(*arguments: object) -> tuple[()]:
        judged.append(arguments)
        return ()

    monkeypatch.setattr(watch, "holding", counted)
    Watch(probes(), derived()).look(cloud().board().snapshot(NOW), WALL)
    ((_, sheets, _),) = judged
    metrics = {metric.name for sheet in sheets for metric in sheet.metrics}  # type: ignore[attr-defined]  # sheets
    assert "cs_nfs_mount_state" in metrics
    assert not metrics & {"cs_nfs_mount_up", "cs_port_up", "cs_clock_stratum"}
