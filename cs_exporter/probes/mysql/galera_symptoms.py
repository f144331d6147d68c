"""The rows of the troubleshooting matrix about Galera: what one node says, and what shows only when all are compared.

A node that gives its state to another (donor) is at work and no symptom; only a queue that does not shrink is one.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_TRUE = Limit(Op.EQUALS, 1, step=1)
_FALSE = Limit(Op.EQUALS, 0, step=1)
_WSREP = "mariadb -e \"SHOW GLOBAL STATUS LIKE 'wsrep_%'\""
_LOG = "journalctl -u mariadb -u mysql -n 200 | grep -i wsrep"
_PORTS = "ss -tn '( sport = :4567 or dport = :4567 )'"

NODE_SYMPTOMS = (
    Symptom(
        name="CsGaleraNotPrimary",
        sees="A Galera node says that it is not in the part of its cluster that has the majority.",
        metric="cs_galera_primary",
        limit=_FALSE,
        runs=3,
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        victims="clients",
        unit="boolean",
        means="It refuses every statement on tables (error 1047), though it lets clients in: whoever is sent to it by "
        "a balancer that only connects gets errors, and an OpenStack API answers 503.",
        look=(_WSREP, _PORTS, _LOG),
        fix="Bring the other nodes and the network between them back; it rejoins by itself. Only if no node is Primary "
        "and the others are gone for good: SET GLOBAL wsrep_provider_options = 'pc.bootstrap=1' on the newest one. "
        "With kolla-ansible, if no node is Primary: kolla-ansible mariadb-recovery (older releases: mariadb_recovery), "
        "on the machine that deploys, stops all of them and begins anew with the newest one.",
    ),
    Symptom(
        name="CsGaleraNotReady",
        sees="A Galera node does not answer statements on tables.",
        metric="cs_galera_ready",
        limit=_FALSE,
        runs=4,
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        victims="clients",
        unit="boolean",
        means="It refuses them with error 1047 (WSREP has not yet prepared node): it has lost its cluster, or is "
        "receiving the whole state from another node, which can take an hour.",
        look=(_WSREP, _LOG, "ps -C mariabackup,rsync -o pid,etime,args"),
        fix="While a transfer runs, wait. Else see CsGaleraNotPrimary, and the log for why it could not join.",
    ),
    Symptom(
        name="CsGaleraQueueGrows",
        sees="A Galera node's receive queue has not become shorter for a minute.",
        metric="cs_galera_receive_queue_unshrunk_seconds",
        limit=Limit(Op.ABOVE, 60, step=1),
        runs=4,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="seconds",
        means="The node does not apply what it receives: a lock for a backup that does not end, or storage too slow. "
        "While it is a donor nobody waits for it, and it falls behind; after that flow control holds every writer of "
        "the cluster.",
        look=(_WSREP, "mariadb -e 'SHOW FULL PROCESSLIST'", "iostat -x 1 5"),
        fix="End the backup or the lock (FLUSH TABLES WITH READ LOCK) that holds it, or mend its storage.",
    ),
    Symptom(
        name="CsGaleraFlowControl",
        sees="Flow control holds all writes of the Galera cluster for more than a tenth of the time.",
        metric="cs_galera_flow_control_paused_ratio",
        limit=Limit(Op.ABOVE, 0.1, step=0.01),
        runs=6,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="ratio",
        means="One node is too slow for what is written, and the whole cluster waits for it.",
        look=(_WSREP, "iostat -x 1 5"),
        fix="The node whose wsrep_flow_control_sent grows is the slow one: mend its storage, or take it out.",
    ),
)

CLUSTER_SYMPTOMS = (
    Symptom(
        name="CsGaleraMemberSilent",
        sees="A member of a Galera cluster says nothing while others answer.",
        metric="cs_galera_member_up",
        limit=_FALSE,
        runs=3,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="boolean",
        means="It is down, frozen (then it gives no error, only silence), or unreachable. For some seconds the others "
        "still count it as a member, and all writes may wait for it.",
        look=("systemctl status mariadb mysql", "ps -o pid,stat,wchan:30,args -C mariadbd,mysqld", _LOG),
        fix="See CsMysqlDown and CsMysqlMute; a member that was frozen rejoins by itself when it runs again.",
    ),
    Symptom(
        name="CsGaleraTooSmall",
        sees="A Galera cluster is smaller than it is known or configured to be, as a node sees it.",
        metric="cs_galera_cluster_size",
        limit=Limit(Op.BELOW, "cs_galera_expected_size", step=1),
        runs=3,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="nodes",
        means="The cluster has lost members, and is one failure closer to having no majority: then it stops.",
        look=(_WSREP, _PORTS, _LOG),
        fix="Bring the missing members back. One that was removed on purpose: take it out of the inventory, and out of "
        "wsrep_cluster_address on the others, which counts from their next start.",
    ),
    Symptom(
        name="CsGaleraSplit",
        sees="A Galera cluster is split: its members do not agree on what the cluster is.",
        metric="cs_galera_views",
        limit=Limit(Op.ABOVE, 1, step=1),
        runs=3,
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        unit="views",
        means="It has fallen into parts that do not see each other, or a node that was frozen or cut off goes on with "
        "an old view and may serve old data: it says `Primary` and `Synced` and is neither. No node's own word tells.",
        look=tuple(f"{command}, on every node of the group" for command in (_WSREP, _PORTS, _LOG)),
        fix="Send clients to one part only, the one with the majority or, of two that both say `Primary`, the one with "
        "the higher wsrep_last_committed: what the others take in is lost. Mend the network on port 4567, then restart "
        "mysqld on nodes that do not rejoin within a minute.",
    ),
)
