"""Names of places come from clusters where a machine has only their ids."""

from __future__ import annotations

from cs_exporter.model import Place
from cs_exporter.platforms.cloudstack.api.places import places

CLUSTERS = [{"id": "c1", "name": "cluster1", "podid": "p1", "podname": "pod1", "zoneid": "z1", "zonename": "zone1"}]


def test_ids_become_names() -> None:
    """A system VM has no cluster, and its pod's name comes all the same."""
    known = places(CLUSTERS)
    hypervisor = {"zoneid": "z1", "podid": "p1", "clusterid": "c1", "hypervisor": "KVM"}
    assert Place("zone1", "pod1", "cluster1", "KVM") == known.of(hypervisor)
    assert Place("zone1", "pod1") == known.of({"zoneid": "z1", "podid": "p1"})


def test_what_a_row_tells_itself_goes_first() -> None:
    """And what nobody knows is empty."""
    assert Place("other", "") == places(CLUSTERS).of({"zoneid": "z1", "zonename": "other", "podid": "p9"})
