"""The recording rules: what alerts and panels join with, so that replicas and targets' labels play no part there.

Each is one series per host (or agent, or mount) whatever is scraped how often: a join can't fail on doubles.
"""

from __future__ import annotations

from dataclasses import dataclass

from cs_exporter.matrix.promql import selector
from cs_exporter.matrix.rendering import Rendering

HOST = "host:cs_host_info:max"
MAINTENANCE = "host:cs_host_maintenance:max"
MUTED = f"({MAINTENANCE} == 1)"
STATE = "host:cs_host_state:max"
LEFT = "host:cs_host_seconds_to_alert:min"
AGENT = "agent:cs_agent_info:max"
MOUNT = "mount:cs_nfs_mount_up:count"


@dataclass(frozen=True)
class Record:
    """One recording rule; `tells`: what the series is, for the reference."""

    name: str
    expression: str
    tells: str


def records(rendering: Rendering) -> tuple[Record, ...]:
    """All of them, in the order in which they are worked out."""

    def of(metric: str, *matchers: str) -> str:
        return selector(metric, *matchers, also=rendering.selector)

    place = "host, address, platform, roles, cloud_zone, cloud_pod, cloud_cluster, hypervisor"
    return (
        Record(
            HOST, f"topk by (host) (1, max by ({place}) ({of('cs_host_info')}))", "1 for every host, with its place."
        ),
        Record(
            MAINTENANCE,
            f"max by (host) ({of('cs_host_maintenance')})",
            "1 while planned work is declared on the host: no alert fires for it.",
        ),
        Record(
            STATE, f"max by (host, state) ({of('cs_host_state')})", "1 for the state that the cloud has the host in."
        ),
        Record(
            LEFT,
            f"min by (host) ({of('cs_host_seconds_to_alert')})",
            "Seconds until the cloud can give the host up, by the replica that believes the least.",
        ),
        Record(
            AGENT,
            # An agent that is lost is heard by no server any more: the last one that heard it is what matters then.
            f"topk by (host, agent) (1, max by (host, agent, management_server) ({of('cs_agent_info')}))\n"
            f"or on (host, agent) ({AGENT} and on (host) {HOST})",
            "1 for every agent, with the management server that last heard it.",
        ),
        Record(
            MOUNT,
            f"topk by (host, mountpoint) (1, count by (host, mountpoint, server) ({of('cs_nfs_mount_up')}))",
            "Every mount with its server; the value is how many exporters see it.",
        ),
    )
