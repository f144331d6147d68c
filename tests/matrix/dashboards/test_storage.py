"""The storage dashboard: mounts as they are, and the time to a forced reboot with its limit."""

from __future__ import annotations

from cs_exporter.matrix.dashboards.storage import dashboard
from tests.matrix.dashboards.stubs import FLEET, titled

FOUND = dashboard(FLEET)


def test_mounts_in_words() -> None:
    """A line per mount, whatever state it is in."""
    panel = titled(FOUND, "Mounts")
    assert "{{host}} {{mountpoint}} {{server}} {{export}}" == panel.queries[0].legend
    assert "hung" in {word.text for word in panel.words}


def test_the_time_to_a_reboot_has_its_limit() -> None:
    """Low is bad."""
    panel = titled(FOUND, "Time to forced reboot")
    assert panel.queries[0].expression.startswith("bottomk(25, min by (host) (cs_host_seconds_to_reboot{")
    assert ["CsHostRebootNear"] == [row.name for row in panel.rows]
