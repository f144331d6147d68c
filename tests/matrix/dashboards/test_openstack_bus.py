"""The message bus on OpenStack's dashboard: alarms first, details folded."""

from __future__ import annotations

from cs_exporter.matrix.dashboards.openstack_bus import sections
from tests.matrix.dashboards.stubs import FLEET


def test_alarms_are_in_sight() -> None:
    """Beside the state of the node."""
    first, second = sections(FLEET)
    assert ["State", "Alarms: nobody may publish"] == [panel.title for panel in first.panels[:2]]
    assert (False, True) == (first.folded, second.folded)
