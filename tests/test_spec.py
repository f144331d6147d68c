"""How a sheet declares itself: limits compare in their direction, metrics give samples, settings are closed."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cs_exporter.model import Inventory
from cs_exporter.spec import Cause, Latest, Limit, Metric, Op, ProbeSettings, Sample, gauge, rows
from tests.lab.control import PROJECT


def test_causes_are_documented() -> None:
    """All of them, in their order: whoever routes pages by the label needs the closed list."""
    text = " ".join((PROJECT / "alerts/README.md").read_text(encoding="utf-8").split())
    assert f"- `cause`: {', '.join(Cause)}. " in text


@pytest.mark.parametrize(
    ("beyond", "inside", "limit"),
    [
        (0.51, 0.50, Limit(Op.ABOVE, 0.5, 0.01)),
        (0.49, 0.50, Limit(Op.BELOW, 0.5, 0.01)),
        (1.0, 0.0, Limit(Op.EQUALS, 1.0, 1.0)),
        (-0.51, -0.49, Limit(Op.ABOVE, 0.5, 0.01, absolute=True)),
        (-0.51, 0.51, Limit(Op.BELOW, -0.5, 0.01)),
    ],
)
def test_a_limit_holds_beyond_it_only(beyond: float, inside: float, limit: Limit) -> None:
    """At the limit itself nothing is wrong yet, save where the limit is the wrong value."""
    value = float(limit.value)
    assert (True, False) == (limit.holds(beyond, value), limit.holds(inside, value))


def test_a_gauge_has_one_sample_or_none() -> None:
    """What a reading does not know is not exported as some number."""
    metric: Metric[float | None] = gauge("cs_a_seconds", "Seconds, from the test.", lambda reading: reading)
    assert ((Sample(0.0),), ()) == (metric.read(0.0), metric.read(None))


def test_rows_give_a_sample_each() -> None:
    """A row may be about another host than the one that was asked."""
    samples = (Sample(1.0, ("a",)), Sample(0.0, ("b",), host="kvm2"))
    metric: Metric[None] = rows("cs_row_up", "Rows, from the test.", ("row",), lambda _reading: samples)
    assert (samples, ("row",), "gauge") == (metric.read(None), metric.labels, metric.kind)


def test_durations_in_settings_are_text_or_seconds() -> None:
    """Every probe's section has an interval, a time limit and a switch."""
    settings = ProbeSettings.model_validate({"interval": "1m30s", "timeout": 5})
    assert (90.0, 5.0, True) == (settings.interval, settings.timeout, settings.enabled)


@pytest.mark.parametrize("section", [{"intervall": "30s"}, {"interval": "0s"}, {"interval": "often"}, {"timeout": -1}])
def test_bad_settings_are_refused(section: dict[str, object]) -> None:
    """A misspelt key or an impossible time is an error, not a default."""
    with pytest.raises(ValidationError):
        ProbeSettings.model_validate(section)


def test_latest_gives_the_readings_of_one_kind() -> None:
    """A derived probe never sees a reading of a type it does not expect."""
    latest = Latest(Inventory(), {"time_drift": {"kvm1": 1.5, "kvm2": "old"}})
    assert ({"kvm1": 1.5}, {}) == (latest.of("time_drift", float), latest.of("nfs_mounts", float))
