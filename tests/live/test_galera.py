"""A real Galera cluster under watch: a member that is frozen, members that lose each other, one held by a backup."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.parsers.mysql_galera import NodeState
from cs_exporter.probes.mysql.reading import MysqlConnectionsReading, State
from cs_exporter.probes.mysql.trail import ORDINARY
from tests.lab.galera import ALONE, GaleraNode, apart, frozen
from tests.lab.lab import Lab
from tests.lab.wait import wait_until_async
from tests.live.watch import Watch

pytestmark = pytest.mark.lab

FROZEN = {("galera2", name) for name in ("CsMysqlMute", "CsMysqlUnavailable", "CsGaleraMemberSilent")}
SPLIT = {("", "CsGaleraSplit")}


def refusing(name: str) -> set[tuple[str, str]]:
    """What tells of a member without a majority."""
    return {(name, symptom) for symptom in ("CsGaleraNotPrimary", "CsGaleraNotReady", "CsGaleraTooSmall")}


class Cluster:
    """A daemon that watches both members."""

    def __init__(self, directory: Path, lab: Lab, nodes: list[GaleraNode]) -> None:
        block = {"roles": ["database"], "mysql": {"password_file": str(nodes[0].password_file)}}
        self.watch = Watch(directory, lab, {node.host: block for node in nodes})

    def reading(self, node: GaleraNode) -> MysqlConnectionsReading | None:
        """What it said last."""
        return self.watch.reading("mysql_connections", node.host.name, MysqlConnectionsReading)

    async def show(self, expected: set[tuple[str, str]]) -> None:
        """Wait until just these symptoms of databases hold."""

        def seen() -> bool:
            red = {row for row in self.watch.red_names() if row[1].startswith(("CsMysql", "CsGalera"))}
            asked = all(self.watch.works("mysql_connections", name) for name in ("galera1", "galera2"))
            return asked and expected == red

        await wait_until_async(seen, ALONE, f"just {sorted(expected)} to hold")


async def test_a_frozen_member_is_mute_and_the_other_says_that_it_is_alone(
    tmp_path: Path, lab: Lab, galera: list[GaleraNode]
) -> None:
    """No error comes from it, only silence; the one that is left lets in, and is known to serve nothing."""
    cluster = Cluster(tmp_path, lab, galera)
    async with cluster.watch:
        await cluster.show(set())
        with frozen(galera):
            await cluster.show(FROZEN | refusing("galera1"))
            alone, mute = map(cluster.reading, galera)
            assert (State.MUTE, State.OK) == (mute and mute.state, alone and alone.state)
            assert (None, False) == (mute and mute.ready, alone and alone.ready)
        await cluster.show(set())


async def test_members_that_lose_each_other(tmp_path: Path, lab: Lab, galera: list[GaleraNode]) -> None:
    """Both answer, and both say the same, and yet they are in two parts: neither alone could tell."""
    cluster = Cluster(tmp_path, lab, galera)
    async with cluster.watch:
        await cluster.show(set())
        with apart(galera):
            await cluster.show(SPLIT | refusing("galera1") | refusing("galera2"))
            seen = [found.galera for node in galera if (found := cluster.reading(node))]
            assert [(1, False, True)] * 2 == [(node.size, node.primary, node.connected) for node in seen if node]
        await cluster.show(set())


async def test_a_member_held_by_a_backup(tmp_path: Path, lab: Lab, galera: list[GaleraNode]) -> None:
    """It is a donor and its queue grows, which is known look by look and is no symptom yet; then it is done with it."""
    first, second = galera
    first.sql("CREATE DATABASE IF NOT EXISTS held")
    first.sql("CREATE TABLE IF NOT EXISTS held.written (number INT PRIMARY KEY AUTO_INCREMENT)")
    cluster = Cluster(tmp_path, lab, galera)
    async with cluster.watch:
        await cluster.show(set())
        second.sql("FLUSH TABLES WITH READ LOCK")
        try:

            def grows() -> bool:
                first.sql("INSERT INTO held.written () VALUES ()")
                found = cluster.reading(second)
                node, trail = (found.galera, found.trail) if found else (None, None)
                return bool(
                    node
                    and trail
                    and NodeState.DONOR is node.state
                    and node.queue > ORDINARY
                    and trail.unshrunk_seconds
                )

            await wait_until_async(grows, ALONE, "the queue of the donor to grow")
            await cluster.show(set())
        finally:
            second.sql("UNLOCK TABLES")

        def synced() -> bool:
            found = cluster.reading(second)
            node = found.galera if found else None
            return node is not None and (NodeState.SYNCED, 0) == (node.state, node.queue)

        await wait_until_async(synced, ALONE, "the member to have done with its queue")
        await cluster.show(set())
    first.sql("DROP DATABASE held")
