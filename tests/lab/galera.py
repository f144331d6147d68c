"""A real Galera cluster of MariaDB servers, one on each host, whose members notice each other's silence in seconds.

A joiner is given no copy of the data, which would need more programs: it is told that it has everything up to the last
change but its own, because all data directories were made alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pymysql

from tests.lab.host import LabHost
from tests.lab.mariadb import DATA, MariaDb
from tests.lab.wait import WaitedInVain, wait_until

PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
TIMES = {
    "evs.keepalive_period": "PT0.5S",
    "evs.inactive_check_period": "PT0.5S",
    "evs.suspect_timeout": "PT2S",
    "evs.inactive_timeout": "PT4S",
}


ALONE = 60.0
"""Seconds within which a member knows that it is alone, or again is not, on a machine with much else to do."""

SAVED = """# GALERA saved state
version: 2.1
uuid:    {uuid}
seqno:   {number}
safe_to_bootstrap: 0
"""


class GaleraNode(MariaDb):
    """One member: without a founder it founds the cluster."""

    def __init__(self, host: LabHost, founder: GaleraNode | None, **options: str | int) -> None:
        self.founder = founder
        provider = {**TIMES, "gcache.size": "1M", "gcache.dir": DATA}
        settings: dict[str, str | int] = {
            "wsrep_on": "ON",
            "wsrep_provider": str(PROVIDER),
            "wsrep_cluster_address": f"gcomm://{founder.address if founder else ''}",
            "wsrep_node_address": host.address,
            "wsrep_node_name": host.name,
            "wsrep_sst_method": "skip",
            "wsrep_provider_options": ";".join(f"{name}={value}" for name, value in provider.items()),
            "binlog_format": "ROW",
            "innodb_autoinc_lock_mode": 2,
        }
        super().__init__(host, **{**settings, **options})

    def initialise(self) -> None:
        """See MysqlServer."""
        super().initialise()
        if self.founder is not None:
            ask = self.founder.cluster_status
            state = SAVED.format(uuid=ask("wsrep_cluster_state_uuid"), number=ask("wsrep_last_committed"))
            self.host.write(f"{DATA}/grastate.dat", state, mode=0o600)

    def cluster_status(self, name: str) -> str:
        """A status variable of Galera, such as wsrep_cluster_status."""
        return str(self.sql(f"SHOW GLOBAL STATUS LIKE '{name}'")[0]["Value"])

    def _answers(self) -> bool:
        try:
            return super()._answers() and self.cluster_status("wsrep_ready") == "ON"
        except pymysql.err.OperationalError:
            return False


def galera_cluster(hosts: Sequence[LabHost], **options: str | int) -> list[GaleraNode]:
    """Start a member on each host, one after the other; all are in the cluster when this returns."""
    nodes: list[GaleraNode] = []
    for host in hosts:
        node = GaleraNode(host, nodes[0] if nodes else None, **options)
        node.start()
        nodes.append(node)
    return nodes


def together(nodes: Sequence[GaleraNode]) -> None:
    """Wait until all are in one cluster; those that lost each other may need what a DBA does then."""

    def agree() -> bool:
        views = {(node.cluster_status("wsrep_cluster_size"), node.cluster_status("wsrep_ready")) for node in nodes}
        return {(str(len(nodes)), "ON")} == views

    try:
        wait_until(agree, ALONE / 4)
    except WaitedInVain:
        wait_until(lambda: agree() or any(map(_begun, nodes)), ALONE, "a member to begin the cluster anew")
        wait_until(agree, ALONE, "all members to be in one cluster")


def _begun(node: GaleraNode) -> bool:
    """Whether the node is in the majority, if need be because it was told so; it refuses while members come or go."""
    if node.cluster_status("wsrep_cluster_status") == "Primary":
        return True
    try:
        node.sql("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'")
    except pymysql.err.OperationalError:
        return False
    return True
