"""The lab's Galera cluster is a real one: its members agree, one that is alone knows it, and all are together again."""

from __future__ import annotations

import pytest

from tests.lab.galera import ALONE, GaleraNode, apart, frozen
from tests.lab.wait import HANGS, wait_until

pytestmark = pytest.mark.lab


def test_members_come_and_go(galera: list[GaleraNode]) -> None:
    """A change by one is seen by the other; one that is alone is no cluster; both are, when the other is back."""
    first, second = galera
    first.sql("CREATE DATABASE IF NOT EXISTS shared")
    wait_until(lambda: second.sql("SHOW DATABASES LIKE 'shared'"), HANGS, "a change to arrive")

    def seen(node: GaleraNode) -> tuple[str, str]:
        return node.cluster_status("wsrep_cluster_size"), node.cluster_status("wsrep_cluster_status")

    with frozen(galera):
        wait_until(lambda: ("1", "non-Primary") == seen(first), ALONE, "the first to know that it is alone")
    assert [("2", "Primary")] * 2 == [seen(node) for node in galera]
    with apart(galera):
        wait_until(lambda: [("1", "non-Primary")] * 2 == [seen(node) for node in galera], ALONE, "both to know it")
    assert [("2", "Primary")] * 2 == [seen(node) for node in galera]
    first.sql("DROP DATABASE shared")
    wait_until(lambda: not second.sql("SHOW DATABASES LIKE 'shared'"), HANGS, "another change to arrive")
