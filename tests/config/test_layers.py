"""Layers are merged key by key, none of them is changed, and a mistake is blamed on the narrowest that gave a value."""

from __future__ import annotations

from cs_exporter.config.hosts import HostFields
from cs_exporter.config.layers import Layer, blamed, given, hashable, merged

BROAD = Layer(("defaults",), {"ssh": {"user": "a", "port": 1}, "roles": (), "mounts": ({"mountpoint": "/a"},)})
NARROW = Layer(("hosts", 0), {"ssh": {"port": 2}, "roles": ("storage",), "mounts": ({"mountpoint": "/b"},)})


def test_a_later_layer_lies_over_those_before() -> None:
    """Mappings and named rows are merged, everything else is replaced."""
    expected = {
        "ssh": {"user": "a", "port": 2},
        "roles": ("storage",),
        "mounts": ({"mountpoint": "/a"}, {"mountpoint": "/b"}),
    }
    assert expected == merged((BROAD, NARROW))
    assert {"user": "a", "port": 1} == BROAD.values["ssh"]


def test_blame_falls_on_the_narrowest_layer_that_said_most_of_it() -> None:
    """A path that nobody gave is blamed as it is."""
    assert ("hosts", 0, "ssh", "port") == blamed((BROAD, NARROW), ("ssh", "port"))
    assert ("defaults", "ssh", "user") == blamed((BROAD, NARROW), ("ssh", "user", "first"))
    assert ("limits",) == blamed((BROAD, NARROW), ("limits",))


def test_only_what_somebody_said_is_given() -> None:
    """Neither defaults nor nothing."""
    assert {"secured": False} == given(HostFields.model_validate({"secured": False, "roles": None}))


def test_equal_values_have_one_key() -> None:
    """Whatever the order of their keys; other values have another."""
    assert hashable({"a": [1], "b": {"c": 2}}) == hashable({"b": {"c": 2}, "a": (1,)})
    assert hashable({"a": [1]}) != hashable({"a": [2]})
