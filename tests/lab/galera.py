"""A real Galera cluster of MariaDB servers, one on each host, whose members notice each other's silence in seconds.

A joiner is given no copy of the data, which would need more programs: it is told that it has everything up to the last
change but its own, because all data directories were made alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

import pymysql

from tests.lab import faults
from tests.lab.host import LabHost
from tests.lab.mariadb import DATA, MariaDb
from tests.lab.wait import wait_until

PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
TIMES = {
    "evs.keepalive_period": "PT0.5S",
    "evs.inactive_check_period": "PT0.5S",
    "evs.suspect_timeout": "PT3S",
    "evs.inactive_timeout": "PT6S",
}


ALONE = 60.0
"""Seconds within which a member knows that it is alone, or again is not, on a machine with much else to do."""

ASKED = 0.5
"""Seconds between two looks, and words, to a member that goes on alone: asked more often it does nothing else."""

VIEW = ("wsrep_cluster_size", "wsrep_ready", "wsrep_last_committed")

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
            # What is committed outlives the process.
            "innodb_flush_log_at_trx_commit": 2,
        }
        super().__init__(host, **{**settings, **options})

    def initialise(self) -> None:
        """See MysqlServer."""
        super().initialise()
        if self.founder is not None:
            self._has_all_of(self.founder)

    def rejoin(self) -> None:
        """Start it, after it was ended, as one that joins its founder anew; it must have all that the founder has."""
        assert self.founder is not None
        self._has_all_of(self.founder)
        self.start()

    def goes_on_alone(self) -> bool:
        """Whether it serves all by itself; until then it is told to. It refuses while members come or go."""
        size, ready, status = map(self.cluster_status, ("wsrep_cluster_size", "wsrep_ready", "wsrep_cluster_status"))
        if size == "1" and status != "Primary":
            with suppress(pymysql.err.OperationalError):
                self.sql("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'")
        return (size, ready, status) == ("1", "ON", "Primary")

    def cluster_status(self, name: str) -> str:
        """A status variable of Galera, such as wsrep_cluster_status."""
        return str(self.sql(f"SHOW GLOBAL STATUS LIKE '{name}'")[0]["Value"])

    def _has_all_of(self, founder: GaleraNode) -> None:
        uuid, number = (founder.cluster_status(f"wsrep_{name}") for name in ("cluster_state_uuid", "last_committed"))
        self.host.write(f"{DATA}/grastate.dat", SAVED.format(uuid=uuid, number=number), mode=0o600)

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


def frozen(nodes: Sequence[GaleraNode]) -> AbstractContextManager[None]:
    """The last member does not run (SIGSTOP): with two of them the first is alone then, which it knows in seconds."""
    return _lost(nodes, faults.frozen(nodes[-1]))


def apart(nodes: Sequence[GaleraNode]) -> AbstractContextManager[None]:
    """Nothing that the founder sends reaches the others, nor they it; everybody else reaches all of them."""
    return _lost(nodes, _cut(nodes[0], nodes[1:]))


@contextmanager
def _lost(nodes: Sequence[GaleraNode], fault: AbstractContextManager[None]) -> Iterator[None]:
    """Members lose each other by that fault, before which all have everything; then all but the founder join it anew.

    They would find together by themselves, nearly always. But at times they undo each other's memberships a thousand
    times a second, and one that lacks no more than the number of such a change waits for a copy of the data.
    """
    founder, *others = nodes
    wait_until(lambda: _agree(nodes), ALONE, "all members to agree")
    try:
        with fault:
            try:
                yield
            finally:
                for node in others:
                    node.kill()
    finally:
        wait_until(founder.goes_on_alone, ALONE, "the founder to go on alone", ASKED)
        for node in others:
            node.rejoin()
        wait_until(lambda: _agree(nodes), ALONE, "all members to agree")


def _agree(nodes: Sequence[GaleraNode]) -> bool:
    """Whether all are in one cluster, and all have what any has."""
    views = {tuple(map(node.cluster_status, VIEW)) for node in nodes}
    return len(views) == 1 and views.pop()[:2] == (str(len(nodes)), "ON")


@contextmanager
def _cut(founder: GaleraNode, others: Sequence[GaleraNode]) -> Iterator[None]:
    with ExitStack() as cut:
        for node in others:
            for here, there in ((founder, node), (node, founder)):
                cut.enter_context(faults.filtered(here.host.namespace, "input", f"ip saddr {there.address} drop"))
        yield
