"""The small cloud as a fixture, on either server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.cloud_database import CloudDatabase
from tests.lab.mysql import MysqlServer
from tests.platforms.cloudstack.database.cloud_stand import SmallCloud, account


@pytest.fixture
def small(database: MysqlServer) -> Iterator[SmallCloud]:
    """A small cloud of the newest version, its account with the documented grants."""
    cloud = CloudDatabase(database)
    cloud.create()
    account(cloud)
    yield SmallCloud(cloud)
    cloud.drop()
