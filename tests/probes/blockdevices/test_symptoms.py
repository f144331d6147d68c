"""One path less is a ticket, none left is a page."""

from __future__ import annotations

from cs_exporter.probes.blockdevices.symptoms import SYMPTOMS
from cs_exporter.spec import Severity


def test_who_is_woken() -> None:
    """Storage that still answers over another path can wait for the morning."""
    assert {"CsMultipathLost"} == {one.name for one in SYMPTOMS if one.severity is Severity.CRITICAL}
