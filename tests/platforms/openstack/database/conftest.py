"""The small OpenStack as a fixture, on either server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.mysql import MysqlServer
from tests.lab.openstack_database import OpenStackDatabase
from tests.platforms.openstack.database.openstack_stand import SmallCloud, account


@pytest.fixture
def small(database: MysqlServer) -> Iterator[SmallCloud]:
    """A small cloud, its account with the documented grants."""
    made = OpenStackDatabase(database, heat="heat")
    made.create()
    account(made)
    yield SmallCloud(made)
    made.drop()
