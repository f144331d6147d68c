"""The lab's Galera cluster is a real one: its members agree, one that is alone knows it, and find together again."""

from __future__ import annotations

import pytest

from tests.lab import faults
from tests.lab.galera import ALONE, GaleraNode
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab


def test_members_come_and_go(galera: list[GaleraNode]) -> None:
    """A change by one is seen by the other; one that is alone is no cluster; both are, when the other is back."""
    first, second = galera
    first.sql("CREATE DATABASE IF NOT EXISTS shared")
    wait_until(lambda: second.sql("SHOW DATABASES LIKE 'shared'"), what="a change to arrive")

    def seen(node: GaleraNode) -> tuple[str, str]:
        return node.cluster_status("wsrep_cluster_size"), node.cluster_status("wsrep_cluster_status")

    with faults.frozen(first):
        wait_until(lambda: ("1", "non-Primary") == seen(second), ALONE, "the second to know that it is alone")
    wait_until(lambda: [("2", "Primary")] * 2 == [seen(node) for node in galera], ALONE, "them to find together")
