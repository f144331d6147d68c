"""The recording rules: what alerts and panels join with, so that replicas and targets' labels play no part there.

Each is one series per host (or agent, or mount) whatever is scraped how often: a join can't fail on doubles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cs_exporter.matrix.intervals import by_interval, reaching, span
from cs_exporter.matrix.promql import either, indented, selector
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.probes import PROBES
from cs_exporter.reachability import WITHIN_REACH
from cs_exporter.spec import AnySpec

HOST = "host:cs_host_info:max"
MAINTENANCE = "host:cs_host_maintenance:max"
MUTED = f"({MAINTENANCE} == 1)"
STATE = "host:cs_host_state:max"
LEFT = "host:cs_host_seconds_to_alert:min"
SUSPECT = "host:cs_host_suspect:max"
AGENT = "agent:cs_agent_info:max"
REPORTER = "agent:cs_openstack_agent_info:max"
MOUNT = "mount:cs_nfs_mount_up:group"
CLIENTS = "host_management_server:cs_mysql_client_connections:group"
ANSWERED = "host_probe:cs_probe_success:max"
ANSWERED_LATELY = "host_probe:cs_probe_success:max_over_runs"
REACHED = "instance_host:cs_probe_success:max"
LOST = "instance_host:cs_probe_success:lost"
HEARD = "host_probe:cs_probe_success:last"
SEEN = "symptom:cs_seen:held"
DEPLOYED = "symptom:cs_symptom_limit:deployed"

KEPT = "10m"
"""For so long it counts what a host was while nothing is scraped of it: longer than any usual interval."""

LATELY_RUNS = 3
"""So many runs in a row without an answer make a probe blind: two may be chance."""


@dataclass(frozen=True)
class Record:
    """One recording rule; `tells`: what the series is, for the reference."""

    name: str
    expression: str
    tells: str


def records(rendering: Rendering, probes: Sequence[AnySpec] = PROBES) -> tuple[Record, ...]:
    """All of them, in the order in which they are worked out: what another one is made from comes first."""
    return (*_of_hosts(rendering), *_of_causes(rendering), *_of_runs(rendering, probes))


def muted(rendering: Rendering) -> str:
    """Finds hosts on which work is planned.

    As scraped, too: until the rules are evaluated a second time nothing need be recorded, and what fires at once would.
    """
    return f"({MAINTENANCE} == 1 or {selector('cs_host_maintenance', also=rendering.selector)} == 1)"


def given_up(rendering: Rendering) -> str:
    """Finds hosts of which the cloud says something else than that they are up; one without a state is not there."""
    other = 'state!~"Up|up"'
    scraped = selector("cs_host_state", other, also=rendering.selector)
    return f"({STATE}{{{other}}} == 1 or {scraped} == 1)"


def _sticky(name: str, keys: Iterable[str], labels: Iterable[str], now: str) -> str:
    """One series per `keys` out of `now`, which may have several: the one of before while it is there.

    Replicas may disagree for a while, and a label that changes ends an alert and begins another one.
    """
    one, all_labels = ", ".join(keys), ", ".join((*keys, *labels))
    return f"({name} and on ({all_labels}) {now})\nor on ({one}) topk by ({one}) (1, {now})"


def _kept(by: str, metric: str, rendering: Rendering) -> str:
    """The metric `by` its labels; while nothing is scraped of a host, what it was lately.

    Alerts may be judged before this is recorded anew: after a scrape that failed, a host would have lost its place, and
    would page although work on it is planned.
    """
    series, host = (selector(name, also=rendering.selector) for name in (metric, "cs_host_info"))
    return f"({by} ({series})\nor {by} (last_over_time({series}[{KEPT}])) unless on (host) {host})"


def _of_hosts(rendering: Rendering) -> Iterable[Record]:
    where = ("address", "platform", "roles", "cloud_zone", "cloud_pod", "cloud_cluster", "hypervisor")
    info = _kept(f"group by (host, {', '.join(where)})", "cs_host_info", rendering)
    yield Record(HOST, _sticky(HOST, ("host",), where, info), "1 for every host, with its place.")
    yield Record(
        MAINTENANCE,
        _kept("max by (host)", "cs_host_maintenance", rendering),
        "1 while planned work is declared on the host: no alert fires for it.",
    )
    yield Record(
        STATE,
        _kept("max by (host, state)", "cs_host_state", rendering),
        "1 for the state that the cloud has the host in.",
    )
    yield Record(
        LEFT,
        f"min by (host) ({selector('cs_host_seconds_to_alert', also=rendering.selector)})",
        "Seconds until the cloud can give the host up, by the replica that believes the least.",
    )
    yield Record(
        SUSPECT,
        f"max by (host, cause) ({selector('cs_host_suspect', also=rendering.selector)})",
        "1 for every cause that is found on the host.",
    )


def _of_causes(rendering: Rendering) -> Iterable[Record]:
    """Who suffers from whom."""
    agents = _kept("group by (host, agent, management_server)", "cs_agent_info", rendering)
    yield Record(
        AGENT,
        # An agent that is lost is heard by no server any more: the last one that heard it is what matters then.
        f"{_sticky(AGENT, ('host', 'agent'), ('management_server',), agents)}\n"
        f"or on (host, agent) ({AGENT} and on (host) {HOST})",
        "1 for every agent, with the management server that last heard it.",
    )
    reporters = _kept("group by (host, agent, cell, verdict)", "cs_openstack_agent_info", rendering)
    yield Record(
        REPORTER,
        _sticky(REPORTER, ("host", "agent"), ("cell", "verdict"), reporters),
        "1 for every agent of OpenStack that has a cell, or of which the cloud's verdict is doubtful.",
    )
    mounts = _kept("group by (host, mountpoint, server)", "cs_nfs_mount_up", rendering)
    yield Record(
        MOUNT,
        _sticky(MOUNT, ("host", "mountpoint"), ("server",), mounts),
        "1 for every mount, with its server.",
    )
    held = selector("cs_mysql_client_connections", also=rendering.selector)
    servers = f'label_replace({HOST}{{roles=~"(.+,)?management(,.+)?"}}, "client", "$1", "host", "(.+)")'
    clients = f"group by (host, client) ({held} > 0)\nand on (client) {servers}"
    named = f'label_replace(\n{indented(clients)},\n  "management_server", "$1", "client", "(.+)"\n)'
    yield Record(
        CLIENTS,
        # A database that is down tells of no clients: those that it had are the ones that suffer.
        f"group by (host, management_server) (\n{indented(named)}\n)\n"
        f"or (({CLIENTS} and on (host) {HOST}) unless on (host) {held})",
        "1 for every database and each management server that has, or last had, connections to it.",
    )


def _of_runs(rendering: Rendering, probes: Sequence[AnySpec]) -> Iterable[Record]:
    """What came of asking."""
    yield Record(
        ANSWERED,
        f"max by (host, probe) ({selector('cs_probe_success', _HOSTS, also=rendering.selector)})",
        "1 if the latest run of the probe, by any exporter, found an answer, else 0.",
    )
    yield Record(
        HEARD,
        f"({ANSWERED} == 1) * time()\nor on (host, probe) ({HEARD} and on (host) {HOST})",
        "When a run of the probe, by any exporter, last found an answer on the host (Unix time).",
    )
    windows = (
        f'max_over_time({ANSWERED}{{probe=~"{"|".join(names)}"}}[{span(LATELY_RUNS, interval)}])'
        for interval, names in by_interval(rendering, probes)
    )
    yield Record(
        ANSWERED_LATELY,
        either(windows),
        f"1 if any of the probe's last {LATELY_RUNS} runs, by any exporter, found an answer, else 0.",
    )
    tiers = (_reached(rendering, names) for _, names in by_interval(rendering, reaching(probes)))
    yield Record(
        REACHED,
        "\nor on (instance, host) ".join(tiers),
        "1 if the exporter reached the host over SSH, by the latest runs of the probes that run most often, else 0.",
    )
    yield Record(
        LOST,
        f"({REACHED} == bool 0) * on (host) group_left () (max by (host) ({REACHED}) == bool 0)\n"
        f"unless on (host) {MUTED}",
        "1 if neither the exporter nor any other one reached the host, else 0; without hosts in maintenance.",
    )


_HOSTS = 'host!=""'
_WITHIN_REACH = "|".join(WITHIN_REACH)


def _reached(rendering: Rendering, names: Iterable[str]) -> str:
    probe = f'probe=~"{"|".join(names)}"'
    answered = selector("cs_probe_success", probe, also=rendering.selector)
    failed = selector("cs_probe_failing", probe, f'reason=~"{_WITHIN_REACH}"', also=rendering.selector)
    return f"max by (instance, host) ({answered} or {failed})"
