"""Places by their ids."""

from __future__ import annotations

from cs_exporter.model import Place
from cs_exporter.platforms.cloudstack.database.places import Places


def test_places() -> None:
    """Names by ids; what is not known is empty."""
    places = Places({"1": "zone1"}, {"2": "pod1"}, {"3": "cluster1"})
    assert Place("zone1", "pod1", "cluster1", "KVM") == places.place("1", "2", "3", "KVM")
    assert Place("zone1") == places.place("1", "9")
    assert Place() == Places().place("1", "2", "3")
