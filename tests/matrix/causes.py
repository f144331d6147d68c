"""What happens, as alerts: a cause, what it mutes, and what is told besides. Alertmanager is asked with all of it.

The alerts are made of the rows, so that none of them has a label that no such alert ever has.
"""

from __future__ import annotations

from collections.abc import Mapping

from cs_exporter.matrix.muting import UNKNOWN, carried
from cs_exporter.matrix.whole import usual_matrix

MATRIX = usual_matrix()
ROWS = {row.name: row for row in MATRIX.rows}
Alert = Mapping[str, str]


def alert(name: str, **labels: str) -> Alert:
    """An alert of that row: what the row says of itself, and what else is given; nothing that no such alert has."""
    known = carried(ROWS[name])
    assert set() == labels.keys() - known.keys(), f"{name} has no such label"
    return {**{label: value for label, value in known.items() if value is not UNKNOWN}, **labels}


KVM1, KVM2 = {"host": "kvm1", "cloud_zone": "z1"}, {"host": "kvm2", "cloud_zone": "z1"}
MS1, MS2 = {"management_server": "ms1"}, {"management_server": "ms2"}
AGENT = {"agent": "cloudstack-agent"}
MOUNT = {"mountpoint": "/m", "export": "/e"}
PORT = {"port": "1", "vantage": "exporter", "state": "filtered"}
NFS_DOWN = alert("CsNfsServerDown", host="nfs1", server="nfs1", program="nfs", version="3")
MS_DOWN = alert("CsManagementAgentPortClosed", host="ms1", **AGENT, **MS1)
EAST = {"platform": "os1", "cell": "east"}
CMP1, CMP2 = {"host": "cmp1", "platform": "os1"}, {"host": "cmp2", "platform": "os1"}
COMPUTE, DOUBTFUL = {"agent": "nova-compute"}, {"verdict": "doubtful"}
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
    "management server down for its cloud": (
        alert("CsManagementServerDown", host="ms1", **MS1),
        (alert("CsAgentSessionGone", **KVM1, **AGENT, **MS1),),
        (
            alert("CsAgentSessionGone", **KVM2, **AGENT, **MS2),
            alert("CsHostInAlert", **KVM1),
            alert("CsManagementAgentsLost", host="ms1"),
            alert("CsManagementClockAhead", host="ms1"),
        ),
    ),
    "management server down, and its port": (
        alert("CsManagementServerDown", host="ms1", **MS1),
        (alert("CsPortDown", host="ms1", port_name="management-http", management_server="ms1", **PORT),),
        (alert("CsPortDown", host="ms2", port_name="management-http", management_server="ms2", **PORT),),
    ),
    "a host given up": (
        alert("CsHostInAlert", **KVM1),
        (
            alert("CsHostFlapping", **KVM1),
            alert("CsHostUnowned", **KVM1),
        ),
        (
            alert("CsHostFlapping", **KVM2),
            alert("CsNfsMountHung", **KVM1, server="nfs1", **MOUNT),
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
        alert("CsExporterIsolated", instance="a:1", scope="all"),
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
    "conductors of one cell silent": (
        alert("CsOpenStackConductorSilent", host="endpoint:os1", **EAST),
        (
            alert("CsComputeDown", host="cmp1", **EAST),
            alert("CsHostAlertImminentCritical", host="cmp1", **EAST, **COMPUTE),
        ),
        (
            alert("CsComputeDown", **CMP2, cell="west"),
            alert("CsComputeDown", host="cmp3", platform="os1"),
            alert("CsComputeDown", host="cmp4", platform="os2", cell="east"),
            alert("CsHostAlertImminentCritical", **CMP2, **COMPUTE, cell="west"),
        ),
    ),
    "conductors of a cloud without cells silent": (
        alert("CsOpenStackConductorSilent", host="endpoint:os1", platform="os1"),
        (alert("CsComputeDown", **CMP1), alert("CsHostAlertImminentCritical", **CMP1, **COMPUTE)),
        (alert("CsComputeDown", host="cmp4", platform="os2"),),
    ),
    "OpenStack's clocks apart": (
        alert("CsOpenStackClocksApart", host="endpoint:os1", platform="os1"),
        (
            alert("CsComputeDown", **CMP1, **DOUBTFUL),
            alert("CsComputeDown", host="cmp3", **EAST, **DOUBTFUL),
            alert("CsHostAlertImminentCritical", **CMP1, **COMPUTE, **DOUBTFUL),
        ),
        (
            alert("CsComputeDown", **CMP2),
            alert("CsHostAlertImminentCritical", **CMP2, **COMPUTE),
        ),
    ),
    "one of several exporters isolated": (
        alert("CsExporterIsolated", instance="a:1", scope="some"),
        (),
        (
            alert("CsHostUnreachable", **KVM1),
            alert("CsPortDown", host="ms1", port_name="management-http", **PORT),
            alert("CsMysqlUnreachable", host="db1"),
            NFS_DOWN,
        ),
    ),
    "no exporter": (
        alert("CsExporterAbsent"),
        (alert("CsExporterGone", instance="a:1"), alert("CsExporterReplicaGone", instance="b:1")),
        (alert("CsExporterReloadFailed", instance="a:1"),),
    ),
    "one exporter gone": (
        alert("CsExporterGone", instance="a:1"),
        (alert("CsExporterReplicaGone", instance="a:1"),),
        (alert("CsExporterReplicaGone", instance="b:1"),),
    ),
    "exporter's clock wrong": (
        alert("CsExporterClockWrong", instance="a:1"),
        (alert("CsClockSkew", **KVM1), alert("CsClockSkewCritical", **KVM2)),
        (alert("CsClockOffsetCritical", host="kvm3"), alert("CsClockSkewInPoolCritical", host="kvm4")),
    ),
}
"""What happens -> the cause's alert, those that it mutes, those that it does not."""
