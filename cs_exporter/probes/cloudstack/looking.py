"""Where to look when CloudStack and a host are at odds: commands that runbooks of several sheets name.

In the commands, words in capitals stand for the alert's labels.
"""

from __future__ import annotations

STATE = (
    "mariadb -e \"SELECT id, status, resource_state, mgmt_server_id, update_count FROM cloud.host WHERE name = 'HOST'\""
)
SERVER_LOG = (
    "grep -i 'HOST' /var/log/cloudstack/management/management-server.log | tail -n 50, on each management server"
)
AGENT = "systemctl status cloudstack-agent; tail -n 50 /var/log/cloudstack/agent/agent.log, on the host"
SESSION = "ss -tin 'dport = :8250', on the host"
POOLS = "mariadb -e \"SELECT name, status FROM cloud.storage_pool WHERE removed IS NULL AND status <> 'Up'\""
