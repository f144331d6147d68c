"""A cloud without hosts in the lab's database, for tests of hosts that are found.

Here, because whoever is to be found there stands in `found`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.cloud_database import CloudDatabase
from tests.lab.mysql import MysqlServer


@pytest.fixture
def cloud(mariadb: MysqlServer) -> Iterator[CloudDatabase]:
    """An empty cloud, and the right to read it."""
    made = CloudDatabase(mariadb)
    made.create()
    made.grant(["SELECT ON cloud.*"])
    made.pod("pod1", made.zone("zone1"))
    made.cluster("cluster1", 1)
    yield made
    made.drop()
