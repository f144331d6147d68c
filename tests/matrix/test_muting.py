"""Matchers and inhibitions: they mean what Alertmanager means by them, and rows' alerts have the labels we think."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cs_exporter.matrix.muting import UNKNOWN, Inhibition, Labels, Matcher, carried
from cs_exporter.matrix.records import records
from cs_exporter.matrix.whole import usual_matrix
from tests.lab.one_page import free_address, serving
from tests.lab.prometheus import Prometheus
from tests.lab.wait import wait_until

MATRIX = usual_matrix()
ROWS = {row.name: row for row in MATRIX.rows}


@pytest.mark.parametrize(
    ("operator", "value", "labels", "expected"),
    [
        ("=", "kvm1", {"host": "kvm1"}, True),
        ("=", "kvm1", {"host": "kvm10"}, False),
        ("=", "kvm1", {}, False),
        ("=", "", {}, True),
        ("!=", "", {}, False),
        ("!=", "kvm1", {"host": "kvm2"}, True),
        ("!=", "kvm1", {}, True),
        ("=~", "kvm1|kvm2", {"host": "kvm2"}, True),
        ("=~", "kvm1|kvm2", {"host": "kvm21"}, False),
        ("=~", ".+", {}, False),
        ("!~", "kvm.+", {"host": "kvm1"}, False),
        ("!~", "kvm.+", {"host": "ms1"}, True),
        ("=", "kvm1", {"host": UNKNOWN}, True),
        ("!=", "", {"host": UNKNOWN}, True),
        ("=", "", {"host": UNKNOWN}, False),
    ],
)
def test_a_matcher(operator: str, value: str, labels: Labels, *, expected: bool) -> None:
    """Regular expressions match all of a value, a missing label is empty, one not known here may be anything."""
    assert expected is Matcher("host", operator, value).may_match(labels)


def test_an_inhibition() -> None:
    """Both sides must match and be equal where they must; an empty label makes nothing equal."""
    muting = Inhibition("why", (Matcher("a", "=", "cause"),), (Matcher("a", "=", "symptom"),), ("host",))
    assert muting.may_mute({"a": "cause", "host": "kvm1"})
    assert not muting.may_mute({"a": "cause"})
    assert not muting.may_mute({"a": "symptom", "host": "kvm1"})
    assert muting.may_be_muted({"a": "symptom", "host": UNKNOWN})
    assert not muting.may_be_muted({"a": "symptom", "host": ""})
    assert muting.may_equal({"host": "kvm1"}, {"host": UNKNOWN})
    assert not muting.may_equal({"host": "kvm1"}, {"host": "kvm2"})


PLACE = {"platform": "cloudstack", "cloud_zone": "z1", "cloud_pod": "p1", "cloud_cluster": "c1"}
INFO = (
    'cs_host_info{{host="{0}",address="a",roles="{1}",hypervisor="KVM",'
    + ",".join(f'{name}="{value}"' for name, value in PLACE.items())
    + "}} 1"
)
PAGE = "\n".join(
    (
        INFO.format("kvm1", "hypervisor"),
        INFO.format("ms1", "management"),
        INFO.format("nfs1", "storage"),
        INFO.format("db1", "database"),
        INFO.format("cmp1", "hypervisor"),
        'cs_agent_info{host="kvm1",agent="cloudstack-agent",management_server="ms1"} 1',
        'cs_agent_seconds_to_alert{host="kvm1",agent="cloudstack-agent"} 5',
        'cs_agent_very_late_seconds_to_alert{host="kvm1",agent="cloudstack-agent"} 35',
        'cs_openstack_agent_info{host="kvm1",agent="cloudstack-agent",cell="east",verdict="doubtful"} 1',
        'cs_openstack_agent_info{host="cmp1",agent="nova-compute",cell="east",verdict="doubtful"} 1',
        'cs_host_state{host="cmp1",state="down"} 1',
        'cs_nfs_mount_up{host="kvm1",mountpoint="/m",server="nfs1",export="/e"} 0',
        'cs_nfs_mount_state{host="kvm1",mountpoint="/m",server="nfs1",export="/e",state="hung"} 1',
        'cs_storage_heartbeat_age_seconds{host="kvm1",mountpoint="/m"} 100',
        'cs_nfs_server_up{host="nfs1",program="nfs",version="3"} 0',
        'cs_management_agent_port_listening{host="ms1",agent="cloudstack-agent"} 0',
        (
            'cs_port_failing{host="ms1",port="1",port_name="management-agent",vantage="v",'
            'state="filtered",severity="critical"} 1'
        ),
        'cs_mysql_client_connections{host="db1",client="ms1"} 5',
        'cs_mysql_state{host="db1",state="refused"} 1',
        'cs_path_unreachable{host="kvm1",peer="nfs1",traffic="storage"} 1',
        'cs_probe_supported{host="kvm1",probe="nfs_mounts"} 0',
    )
)
FOUND = {
    "CsHostAlertImminentCritical": {"host": "kvm1", "management_server": "ms1"},
    "CsComputeDown": {"host": "cmp1", "cell": "east", "verdict": "doubtful"},
    "CsNfsMountHung": {"host": "kvm1", "server": "nfs1"},
    "CsStorageHeartbeatLate": {"host": "kvm1", "server": "nfs1"},
    "CsNfsServerDown": {"host": "nfs1", "server": "nfs1", "program": "nfs"},
    "CsManagementAgentPortClosed": {"host": "ms1", "management_server": "ms1"},
    "CsPortDown": {"host": "ms1", "port_name": "management-agent", "vantage": "v", "management_server": "ms1"},
    "CsMysqlDown": {"host": "db1", "management_server": "ms1"},
    "CsPathUnreachable": {"host": "kvm1", "peer": "nfs1", "traffic": "storage"},
}
"""Alert -> some of the labels that it must have when PAGE is scraped."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> object:
    """One that scrapes that page, and records what alerts are joined with."""
    folder = tmp_path_factory.mktemp("labels")
    rules = folder / "records.yml"
    rules.write_text(_records(), encoding="utf-8")
    with (
        serving(f"{PAGE}\n".encode()) as target,
        Prometheus(folder, target, listen=free_address(), every=0.2, rules=[rules]) as started,
    ):
        yield started


def _records() -> str:
    lines = ["groups:", "- name: records", "  rules:"]
    for record in records(MATRIX.rendering):
        lines += [
            f"  - record: {record.name}",
            "    expr: |-",
            *(f"      {line}" for line in record.expression.splitlines()),
        ]
    return "\n".join(lines) + "\n"


@pytest.mark.debian
@pytest.mark.parametrize(("name", "some"), FOUND.items(), ids=FOUND)
def test_alerts_carry_the_labels_that_they_are_matched_by(
    prometheus: Prometheus, name: str, some: Mapping[str, str]
) -> None:
    """Asked of a real Prometheus: all that it finds, and no label more."""
    row = ROWS[name]
    expected = {label for label, value in carried(row).items() if value is UNKNOWN or label in row.keys}

    def all_joined() -> bool:
        return {frozenset(one.labels) for one in prometheus.query(row.expression)} == {frozenset(expected)}

    wait_until(all_joined, 10, f"{name} to have {sorted(expected)}")
    (found,) = prometheus.query(row.expression)
    assert {**some, **PLACE}.items() <= found.labels.items()
