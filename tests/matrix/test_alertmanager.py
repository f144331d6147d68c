"""The example for Alertmanager: amtool takes it, and a real Alertmanager tells and mutes as the matrix says.

Alerts are posted with the labels that the rows give them; judged by what reaches a receiver, and by its own word.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cs_exporter.matrix.alertmanager import NAMES, AlertmanagerTimings, Pace, configuration, files
from cs_exporter.matrix.muting import UNKNOWN, carried
from cs_exporter.matrix.whole import usual_matrix
from tests.lab.alertmanager import Alertmanager
from tests.lab.one_page import free_address
from tests.lab.receiver import Receiver, receiving
from tests.lab.wait import wait_until

pytestmark = pytest.mark.debian

MATRIX = usual_matrix()
ROWS = {row.name: row for row in MATRIX.rows}
QUICK = Pace(wait=0.2, interval=0.1, repeat=3600)
Alert = Mapping[str, str]


def alert(name: str, **labels: str) -> Alert:
    """An alert of that row: what the row says of itself, and what else is given; nothing that no such alert has."""
    known = carried(ROWS[name])
    assert set() == labels.keys() - known.keys(), f"{name} has no such label"
    return {**{label: value for label, value in known.items() if value is not UNKNOWN}, **labels}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One that has got nothing yet."""
    with receiving() as found:
        yield found


@pytest.fixture
def alertmanager(tmp_path: Path, receiver: Receiver) -> Iterator[Alertmanager]:
    """The example's routes and inhibitions, with less patience."""
    text = configuration(AlertmanagerTimings(QUICK, QUICK, QUICK), dict.fromkeys(NAMES, receiver.url))
    with Alertmanager(tmp_path, text, listen=free_address()) as started:
        yield started


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example, as it is written."""
    ((_, text),) = files(MATRIX).items()
    path = tmp_path / "alertmanager.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_amtool_takes_the_example(example: Path) -> None:
    """As it is; placeholders included."""
    done = subprocess.run(["amtool", "check-config", str(example)], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    assert "4 receivers" in done.stdout


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (alert("CsMysqlDown"), "page"),
        (alert("CsMysqlConnectionsHigh"), "ticket"),
        (alert("CsClockNoClient"), "nobody"),
        (alert("CsDeadMansSwitch"), "dead-man"),
        (alert("CsExporterIsolated"), "page"),
        ({"alertname": "NodeDown", "severity": "critical"}, "nobody"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["alertname"],
)
def test_where_alerts_go(example: Path, labels: Alert, expected: str) -> None:
    """Critical ones page, warnings are tickets, what is not ours is left alone."""
    pairs = [f"{name}={value}" for name, value in labels.items()]
    argv = ["amtool", "config", "routes", "test", f"--config.file={example}", *pairs]
    assert expected == subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def test_every_row_goes_by_its_severity(example: Path) -> None:
    """A page's summary of all: the configuration knows no single one, but the dead man's."""
    assert {"critical", "warning", "info"} == {row.severity.value for row in MATRIX.rows}
    text = example.read_text(encoding="utf-8")
    route = text[text.index("\nroute:") : text.index("\ninhibit_rules:")]
    assert ["CsDeadMansSwitch"] == [name for name in ROWS if name in route]


KVM1, KVM2 = {"host": "kvm1", "cloud_zone": "z1"}, {"host": "kvm2", "cloud_zone": "z1"}
MS1, MS2 = {"management_server": "ms1"}, {"management_server": "ms2"}
AGENT = {"agent": "cloudstack-agent"}
MOUNT = {"mountpoint": "/m", "export": "/e"}
PORT = {"port": "1", "vantage": "exporter", "state": "filtered"}
NFS_DOWN = alert("CsNfsServerDown", host="nfs1", server="nfs1", program="nfs", version="3")
MS_DOWN = alert("CsManagementAgentPortClosed", host="ms1", **AGENT, **MS1)
CASES: Mapping[str, tuple[Alert, tuple[Alert, ...], tuple[Alert, ...]]] = {
    "a page is no ticket": (
        alert("CsClockOffsetCritical", **KVM1),
        (alert("CsClockOffset", **KVM1), alert("CsClockNotSynchronised", **KVM1)),
        (
            alert("CsClockOffset", **KVM2),
            alert("CsNfsMountSlow", **KVM1, server="nfs1", **MOUNT),
            alert("CsPortCertificateExpires", **KVM1, port="1", port_name="x", vantage="exporter"),
        ),
    ),
    "nor are tickets without a host": (
        alert("CsExporterAbsent"),
        (),
        (alert("CsExporterClockWrong", instance="a:1"), alert("CsExporterReloadFailed", instance="a:1")),
    ),
    "host unreachable": (
        alert("CsHostUnreachable", **KVM1),
        (
            alert("CsHostBlind", **KVM1),
            alert("CsPortDown", **KVM1, port="22", port_name="ssh", vantage="exporter", state="mute"),
        ),
        (
            alert("CsHostBlind", **KVM2),
            alert("CsAgentSessionGone", **KVM1, **AGENT, **MS1),
            alert("CsPathUnreachable", **KVM1, peer="ms1", traffic="management"),
            alert("CsPortDown", **KVM1, port="16509", port_name="libvirt-tcp", vantage="exporter", state="refused"),
        ),
    ),
    "NFS server down": (
        NFS_DOWN,
        (
            alert("CsNfsMountHung", **KVM1, server="nfs1", **MOUNT),
            alert("CsStorageHeartbeatLate", host="kvm3", server="nfs1", mountpoint="/m"),
            alert("CsPortDownWarning", host="nfs1", port_name="nfs", **PORT),
            alert("CsPortDownWarning", host="nfs1", port_name="nfs", **{**PORT, "vantage": "kvm1"}),
        ),
        (
            alert("CsNfsMountHung", **KVM2, server="nfs2", **MOUNT),
            alert("CsNfsMountStale", **KVM2, server="nfs1", **MOUNT),
            alert("CsHostRebootNear", **KVM2),
            alert("CsPortUnexpected", host="nfs1", port="1", port_name="nfs", vantage="exporter"),
        ),
    ),
    "its mount daemon alone": (
        alert("CsNfsServerDown", host="nfs1", server="nfs1", program="mountd", version="3"),
        (),
        (alert("CsNfsMountHung", **KVM1, server="nfs1", **MOUNT),),
    ),
    "management server down": (
        MS_DOWN,
        (
            alert("CsAgentSessionGone", **KVM1, **AGENT, **MS1),
            alert("CsHostAlertImminentCritical", **KVM2, **AGENT, **MS1),
            alert("CsPortDown", host="ms1", port_name="management-http", management_server="ms1", **PORT),
        ),
        (
            alert("CsAgentSessionGone", host="kvm3", **AGENT, **MS2),
            alert("CsHostAlertImminentCritical", host="kvm4", **AGENT),
            alert("CsPortDown", host="ms2", port_name="management-http", management_server="ms2", **PORT),
            alert("CsMysqlDown", host="db1"),
        ),
    ),
    "database down": (
        alert("CsMysqlDown", host="db1", **MS1),
        (
            alert("CsHostAlertImminentCritical", **KVM1, **AGENT, **MS1),
            alert("CsPortDown", host="db1", port_name="mysql", **PORT),
        ),
        (
            alert("CsHostAlertImminentCritical", **KVM2, **AGENT, **MS2),
            alert("CsPortDown", host="db2", port_name="mysql", **PORT),
            alert("CsManagementAgentPortClosed", host="ms3", **AGENT, management_server="ms3"),
        ),
    ),
    "a replica's source down": (
        alert("CsMysqlDown", host="db1"),
        (alert("CsMysqlReplicaIoStopped", host="db2", channel="c"),),
        (
            alert("CsMysqlReplicaIoStopped", host="db3", channel="c", platform="openstack"),
            alert("CsMysqlReplicaSqlStopped", host="db2", channel="c"),
        ),
    ),
    "a certificate": (
        alert("CsPortCertificateExpiresCritical", host="ms1", port="8443", port_name="x", vantage="exporter"),
        (alert("CsPortCertificateExpires", host="ms1", port="8443", port_name="x", vantage="exporter"),),
        (alert("CsPortCertificateExpires", host="ms1", port="443", port_name="y", vantage="exporter"),),
    ),
    "a database of nobody knows whom": (
        alert("CsMysqlDown", host="db1"),
        (),
        (alert("CsHostAlertImminentCritical", **KVM1, **AGENT),),
    ),
    "no echo from a peer": (
        alert("CsPathUnreachable", **KVM1, peer="ms1", traffic="management"),
        (alert("CsPathLoss", **KVM1, peer="ms1", traffic="management"),),
        (
            alert("CsPathLoss", **KVM1, peer="ms2", traffic="management"),
            alert("CsPathLoss", **KVM2, peer="ms1", traffic="management"),
        ),
    ),
    "exporter isolated": (
        alert("CsExporterIsolated", instance="a:1"),
        (
            alert("CsHostUnreachable", **KVM1),
            alert("CsProbeBlind", probe="nfs_mounts"),
            alert("CsPortDown", host="ms1", port_name="management-http", **PORT),
            alert("CsMysqlUnreachable", host="db1"),
            NFS_DOWN,
        ),
        (
            alert("CsMysqlDown", host="db2"),
            alert("CsPortDown", host="ms2", port_name="management-http", **{**PORT, "state": "refused"}),
            alert("CsPortDown", host="ms2", port_name="management-cluster", **{**PORT, "vantage": "ms1"}),
            alert("CsNfsMountHung", **KVM2, server="nfs2", **MOUNT),
            alert("CsDeadMansSwitch"),
        ),
    ),
    "exporter's clock wrong": (
        alert("CsExporterClockWrong", instance="a:1"),
        (alert("CsClockSkew", **KVM1), alert("CsClockSkewCritical", **KVM2)),
        (alert("CsClockOffsetCritical", host="kvm3"), alert("CsClockSkewInPoolCritical", host="kvm4")),
    ),
}
"""What happens -> the cause's alert, those that it mutes, those that it does not."""

LATER = {name: case for name, case in CASES.items() if case[1]}


def told(receiver: Receiver, since: int = 0) -> set[frozenset[tuple[str, str]]]:
    """The alerts that reached somebody, firing, from that notification on."""
    return {frozenset(one.labels.items()) for note in receiver.got[since:] for one in note.firing}


def frozen(*alerts: Alert) -> set[frozenset[tuple[str, str]]]:
    """Alerts as they are compared."""
    return {frozenset(one.items()) for one in alerts}


@pytest.mark.parametrize(("cause", "muted", "others"), CASES.values(), ids=CASES)
def test_a_cause_that_is_there_first(
    alertmanager: Alertmanager, receiver: Receiver, cause: Alert, muted: tuple[Alert, ...], others: tuple[Alert, ...]
) -> None:
    """What it mutes never arrives; everything else does, and Alertmanager says which is which."""
    alertmanager.post([cause])
    wait_until(lambda: frozen(cause) <= told(receiver), 10, "the cause")
    alertmanager.post([*muted, *others])
    wait_until(lambda: told(receiver) == frozen(cause, *others), 10, "all that is not muted")
    known = {frozenset(one.labels.items()): one.muted_by for one in alertmanager.alerts()}
    assert dict.fromkeys(frozen(*muted), (cause,)) == {one: by for one, by in known.items() if by}
    assert frozen(cause, *others) == told(receiver)


@pytest.mark.parametrize(("cause", "muted", "others"), LATER.values(), ids=LATER)
def test_a_cause_that_comes_later(
    alertmanager: Alertmanager, receiver: Receiver, cause: Alert, muted: tuple[Alert, ...], others: tuple[Alert, ...]
) -> None:
    """What has been told already is told no more from then on, not its end either, nor anew when the cause ends."""
    alertmanager.post([*muted, *others])
    alertmanager.post([cause])
    wait_until(lambda: frozen(cause, *others) <= told(receiver), 10, "all that is not muted")
    wait_until(lambda: len(alertmanager.muted()) == len(muted), 10, "the rest to be muted")
    since = len(receiver.got)
    alertmanager.post([*muted, cause], ended=True)
    wait_until(lambda: len(alertmanager.alerts()) == len(others), 10, "all of it to end")
    assert set() == told(receiver, since) & frozen(*muted)


def test_a_storm_is_one_page(alertmanager: Alertmanager, receiver: Receiver) -> None:
    """Fifty hosts with a hung mount of the server that is down: one group, one alert in it; mounts come first, too."""
    hosts = [{"host": f"kvm{number}", "cloud_zone": "z1", "cloud_pod": f"p{number % 5}"} for number in range(50)]
    hung = [alert("CsNfsMountHung", **host, server="nfs1", **MOUNT) for host in hosts]
    slow = [alert("CsNfsRequestsOutstanding", **host, server="nfs1", **MOUNT) for host in hosts]
    alertmanager.post([*hung, *slow, NFS_DOWN])
    wait_until(lambda: receiver.of("page"), 10, "a page")
    wait_until(lambda: len(alertmanager.muted()) == 100, 10, "the rest to be muted")
    assert frozen(NFS_DOWN) == told(receiver)
    assert ["page"] == [note.receiver for note in receiver.got]


def test_without_its_cause_a_storm_is_one_page_as_well(alertmanager: Alertmanager, receiver: Receiver) -> None:
    """One for each cause: fifty hung mounts of fifty servers, and a clock."""
    hosts = [{"host": f"kvm{number}", "platform": "cloudstack"} for number in range(50)]
    hung = [alert("CsNfsMountHung", **host, server=f"nfs-{host['host']}", **MOUNT) for host in hosts]
    clock = alert("CsClockOffsetCritical", host="kvm7", platform="cloudstack")
    alertmanager.post([*hung, clock])
    wait_until(lambda: told(receiver) == frozen(*hung, clock), 10, "all of them")
    groups = {note.key: len(note.firing) for note in receiver.of("page")}
    assert [1, 50] == sorted(groups.values())


def test_alerts_of_others_are_left_alone(alertmanager: Alertmanager) -> None:
    """In an Alertmanager that has more to do, they mute nothing of ours, and not each other either."""
    failed = {"alertname": "DiskFailed", "severity": "critical", "host": "kvm1"}
    alertmanager.post([failed, {**failed, "severity": "warning"}, alert("CsClockOffset", **KVM1)])
    wait_until(lambda: len(alertmanager.alerts()) == 3, 10, "all of them to be known")
    assert [] == alertmanager.muted()
