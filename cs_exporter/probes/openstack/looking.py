"""Where to look when OpenStack and its agents are at odds: commands that runbooks of several sheets name.

In the commands, words in capitals stand for the alert's labels. SQL is quoted once, and has nothing in it that a shell
would read: `binary` is a reserved word, and needs no quotes behind a table's name.
"""

from __future__ import annotations

NOVA_ROWS = (
    "mariadb -e 'SELECT s.host, s.binary, report_count, disabled, forced_down, TIMESTAMPDIFF(SECOND, last_seen_up, "
    "UTC_TIMESTAMP()) AS age FROM nova.services s WHERE deleted = 0 AND topic IS NOT NULL ORDER BY age', on the "
    "cloud's database server (of a cell: on its own, in the schema that the configuration names)"
)
NEUTRON_ROWS = (
    "mariadb -e 'SELECT a.host, a.binary, admin_state_up, started_at, TIMESTAMPDIFF(SECOND, heartbeat_timestamp, "
    "UTC_TIMESTAMP()) AS age FROM neutron.agents a ORDER BY age', on the cloud's database server"
)
CINDER_ROWS = (
    "mariadb -e 'SELECT s.host, s.binary, report_count, created_at, TIMESTAMPDIFF(SECOND, updated_at, UTC_TIMESTAMP()) "
    "AS age FROM cinder.services s WHERE deleted = 0 ORDER BY age', on the cloud's database server"
)
AGENTS = "cs-exporter probe openstack_agents HOST, on the exporter's machine"
CHECKLIST = "cs-exporter checklist, on the exporter's machine"
_PAGE = "curl -sS http://localhost:10595/metrics | grep ^{}, on the exporter's machine"
_PROCESS = "systemctl status {0}; ps -eo pid,stat,wchan:32,etime,args | grep {0}"
_QUEUES = (
    "rabbitmqctl list_queues -p / name messages_ready messages_unacknowledged consumers | grep {}, on a node of the "
    "message bus (-p: the virtual host that transport_url ends with): {}"
)


def series(metric: str) -> str:
    """The step that shows what the exporter serves itself: Prometheus may be behind a password, or hard to find."""
    return _PAGE.format(metric)


def process(service: str, place: str) -> str:
    """The step that shows whether a service runs, and what it waits for."""
    return f"{_PROCESS.format(service)}, on {place}"


def queues(pattern: str, what: str) -> str:
    """The step that shows queues of the message bus; `what` is to be looked for."""
    return _QUEUES.format(pattern, what)
