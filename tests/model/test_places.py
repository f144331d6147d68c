"""Roles are spelt as the configuration and the labels spell them."""

from __future__ import annotations

from cs_exporter.model import Place, Role


def test_roles_and_places_as_users_write_them() -> None:
    """The configuration's words are the enumeration's values; a place that is not known is empty."""
    assert (Role.HYPERVISOR, "") == (Role("hypervisor"), Place().cloud_zone)
