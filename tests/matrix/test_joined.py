"""Labels that alerts get from what is recorded, asked of promtool: who suffers from whom, and where a host stands.

Two replicas behind a ServiceMonitor that do not agree, clients that are forgotten with their database, no place at all.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from cs_exporter.matrix.rules import files
from cs_exporter.matrix.whole import usual_matrix

pytestmark = pytest.mark.debian

Labels = Mapping[str, str]
PLACE = {"platform": "cloudstack", "cloud_zone": "z1", "cloud_pod": "p1", "cloud_cluster": "c1"}
AGENT = {"host": "kvm1", "agent": "cloudstack-agent"}
MOUNT = {"host": "kvm1", "mountpoint": "/mnt/primary"}
PORT = {"vantage": "exporter", "state": "filtered"}
WEB = {"host": "ms1", "port": "8080", "port_name": "management-http"}
SSH = {"host": "kvm1", "port": "22", "port_name": "ssh"}


def target(replica: str) -> dict[str, str]:
    """Labels that a ServiceMonitor gives."""
    pod = f"cs-{replica}"
    return {"instance": replica, "pod": pod, "namespace": "mon", "service": "cs", "cluster": "k8s", "job": "cs"}


def series(metric: str, labels: Labels, values: str, *replicas: str) -> dict[str, str]:
    """The same from each of the replicas, from both unless they are named."""
    found = {}
    for replica in replicas or ("a", "b"):
        written = ", ".join(f"{name}={json.dumps(value)}" for name, value in {**labels, **target(replica)}.items())
        found[f"{metric}{{{written}}}"] = values
    return found


def info(host: str, roles: str, *replicas: str, **place: str) -> dict[str, str]:
    """That there is such a host."""
    address = {"address": "192.0.2.1", "roles": roles, "hypervisor": "KVM"}
    return series("cs_host_info", {"host": host, **address, **PLACE, **place}, "1x99", *replicas)


@dataclass(frozen=True)
class Case:
    """`series`: selector -> values, one every 15 s. `alerts`: the labels of those that fire at the end."""

    name: str
    alert: str
    series: Mapping[str, str]
    alerts: Sequence[Labels]


KVM1 = info("kvm1", "hypervisor")
CLOUD = {**info("db1", "database"), **info("ms1", "management"), **info("ms2", "hypervisor,management"), **KVM1}
CLIENTS = {
    selector: values
    for client in ("ms1", "ms2", "kvm1", "other")
    for selector, values in series(
        "cs_mysql_client_connections", {"host": "db1", "client": client}, "9x20 stale"
    ).items()
}
REFUSED = {"host": "db1", "state": "refused"}
DEAD = series("cs_mysql_state", REFUSED, "_x21 1x78")
DATABASE = {**REFUSED, "severity": "critical", "cause": "database"}
NO_SESSION = series("cs_agent_connected", AGENT, "1x20 0x79")
GONE = {**AGENT, "severity": "critical", "cause": "agent"}
HEARD = {
    **series("cs_agent_info", {**AGENT, "management_server": "ms1"}, "1x20 stale", "a"),
    **series("cs_agent_info", {**AGENT, "management_server": "ms2"}, "_x5 1x15 stale", "b"),
}
SILENT = {
    **series("cs_agent_seconds_to_alert", AGENT, "20x99", "a"),
    **series("cs_agent_seconds_to_alert", AGENT, "90x99", "b"),
    **series("cs_agent_very_late_seconds_to_alert", AGENT, "35x99"),
}
LATE = series("cs_storage_heartbeat_age_seconds", MOUNT, "100x99")
STORED = series("cs_nfs_mount_up", {**MOUNT, "server": "nfs1", "export": "/primary"}, "0x99")
FILTERED = {
    **series("cs_port_failing", {**WEB, **PORT, "severity": "critical"}, "1x99"),
    **series("cs_port_failing", {**SSH, **PORT, "severity": "critical"}, "1x99"),
}
PORTS = {**PORT, "severity": "critical", "cause": "port"}
CMP1 = info("cmp1", "hypervisor")
COMPUTE = {"host": "cmp1", "agent": "nova-compute"}
DOWN = series("cs_host_state", {"host": "cmp1", "state": "down"}, "1x99")
COMPUTE_DOWN = {"host": "cmp1", "state": "down", "severity": "critical", "cause": "agent", **PLACE}
EAST, DOUBTFUL = {"cell": "east", "verdict": ""}, {"cell": "", "verdict": "doubtful"}
SILENT_COMPUTE = {
    **series("cs_openstack_agent_dead", {**COMPUTE, "backend": "", "outage": "silent"}, "1x99"),
    **series("cs_openstack_agent_info", {**COMPUTE, "agent": "neutron-l3-agent", **DOUBTFUL}, "1x99"),
}

CASES = (
    Case(
        "a database's management servers, though it tells of no clients any more",
        "CsMysqlDown",
        {**CLOUD, **CLIENTS, **DEAD},
        [{**DATABASE, **PLACE, "management_server": name} for name in ("ms1", "ms2")],
    ),
    Case("clients that nobody ever knew", "CsMysqlDown", {**CLOUD, **DEAD}, [{**DATABASE, **PLACE}]),
    Case("a database without a place", "CsMysqlDown", {**CLIENTS, **DEAD}, [DATABASE]),
    Case(
        "the server that heard an agent last, of two that replicas name the first",
        "CsAgentSessionGone",
        {**KVM1, **HEARD, **NO_SESSION},
        [{**GONE, **PLACE, "management_server": "ms1"}],
    ),
    Case("an agent that no server heard", "CsAgentSessionGone", {**KVM1, **NO_SESSION}, [{**GONE, **PLACE}]),
    Case(
        "without a state of the cloud it pages", "CsHostAlertImminentCritical", {**KVM1, **SILENT}, [{**GONE, **PLACE}]
    ),
    Case(
        "while the cloud says Up it pages",
        "CsHostAlertImminentCritical",
        {**KVM1, **SILENT, **series("cs_host_state", {"host": "kvm1", "state": "Up"}, "1x99")},
        [{**GONE, **PLACE}],
    ),
    Case(
        "once the cloud gave the host up there is nothing to foretell",
        "CsHostAlertImminentCritical",
        {**KVM1, **SILENT, **series("cs_host_state", {"host": "kvm1", "state": "Alert"}, "1x99")},
        [],
    ),
    Case(
        "a hypervisor's cell, and not what is doubtful of another agent there",
        "CsComputeDown",
        {
            **CMP1,
            **DOWN,
            **series("cs_openstack_agent_info", {**COMPUTE, **EAST}, "1x99"),
            **series("cs_openstack_agent_info", {**COMPUTE, "agent": "neutron-l3-agent", **DOUBTFUL}, "1x99"),
        },
        [{**COMPUTE_DOWN, "cell": "east"}],
    ),
    Case("a cloud without cells", "CsComputeDown", {**CMP1, **DOWN}, [COMPUTE_DOWN]),
    Case(
        "a verdict that is doubtful for one replica",
        "CsComputeDown",
        {
            **CMP1,
            **DOWN,
            **series("cs_openstack_agent_info", {**COMPUTE, **EAST}, "1x20 stale", "a"),
            **series("cs_openstack_agent_info", {**COMPUTE, **EAST, "verdict": "doubtful"}, "_x21 1x78", "a"),
            **series("cs_openstack_agent_info", {**COMPUTE, **EAST, "verdict": "doubtful"}, "1x99", "b"),
        },
        [{**COMPUTE_DOWN, "cell": "east", "verdict": "doubtful"}],
    ),
    Case(
        "one that is doubtful no more",
        "CsComputeDown",
        {**CMP1, **DOWN, **series("cs_openstack_agent_info", {**COMPUTE, **DOUBTFUL}, "1x20 stale")},
        [COMPUTE_DOWN],
    ),
    Case(
        "an agent's own cell",
        "CsOpenStackAgentSilent",
        {**CMP1, **SILENT_COMPUTE, **series("cs_openstack_agent_info", {**COMPUTE, **EAST}, "1x99")},
        [{**COMPUTE, **PLACE, "outage": "silent", "cell": "east", "severity": "warning", "cause": "agent"}],
    ),
    Case(
        "the file server of a heartbeat's mount",
        "CsStorageHeartbeatLate",
        {**KVM1, **LATE, **STORED},
        [{**MOUNT, **PLACE, "server": "nfs1", "severity": "warning", "cause": "storage"}],
    ),
    Case(
        "of a file server on which work is planned nothing is told elsewhere",
        "CsStorageHeartbeatLate",
        {**KVM1, **LATE, **STORED, **series("cs_host_maintenance", {"host": "nfs1"}, "1x99")},
        [],
    ),
    Case(
        "ports of management servers name these, others nobody",
        "CsPortDown",
        {**CLOUD, **FILTERED},
        [{**WEB, **PORTS, **PLACE, "management_server": "ms1"}, {**SSH, **PORTS, **PLACE}],
    ),
    Case(
        "a file server names itself",
        "CsNfsServerDown",
        series("cs_nfs_server_up", {"host": "nfs1", "program": "nfs", "version": "3"}, "0x99"),
        [
            {"host": "nfs1", "server": "nfs1", "program": "nfs", "version": "3"}
            | {"severity": "critical", "cause": "storage"}
        ],
    ),
    Case(
        "an exporter's clock by its instance, that of the other is right",
        "CsExporterClockWrong",
        series("cs_clock_fleet_skew_seconds", {}, "3x99", "a") | series("cs_clock_fleet_skew_seconds", {}, "0x99", "b"),
        [{"instance": "a", "severity": "warning", "cause": "exporter"}],
    ),
    Case(
        "a host that one replica has in another zone has one alert",
        "CsAgentSessionGone",
        {**info("kvm1", "hypervisor", "a"), **info("kvm1", "hypervisor", "b", address="192.0.2.9"), **NO_SESSION},
        [{**GONE, **PLACE}],
    ),
)


MATRIX = usual_matrix()
FILES = {Path(path).name: text for path, text in files(MATRIX).items()}
PROBES = {row.name: row.probe for row in MATRIX.rows}


def firing(alert: str, labels: Labels) -> dict[str, object]:
    """What Prometheus has of an alert that fires."""
    names = {"alertname": alert, "alertstate": "firing", **labels}
    return {
        "labels": "ALERTS{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in names.items()) + "}",
        "value": 1,
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_alert_has_the_labels_that_it_should(case: Case, tmp_path: Path) -> None:
    """Exactly these alerts, and no label of a target."""
    rule_files = ["cs_records.yml", f"cs_{PROBES[case.alert]}.yml"]
    for name in rule_files:
        (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    asked = {
        "expr": f'ALERTS{{alertname="{case.alert}", alertstate="firing"}}',
        "eval_time": "20m",
        "exp_samples": [firing(case.alert, labels) for labels in case.alerts],
    }
    inputs = [{"series": selector, "values": values} for selector, values in case.series.items()]
    test = {"interval": "15s", "input_series": inputs, "promql_expr_test": [asked]}
    file = tmp_path / "test.json"
    file.write_text(json.dumps({"rule_files": rule_files, "evaluation_interval": "15s", "tests": [test]}), "utf-8")
    done = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr), done.stdout
