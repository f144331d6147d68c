"""Two planted clouds: a small one in trouble, as pictures of it show, and one as large as is wished.

The small one has of everything an operator may see: red, pending, blind, in maintenance, counting down.
"""

from __future__ import annotations

from cs_exporter.model import CloudKind, CloudTarget, Host, Place, Reason, Role
from cs_exporter.spec import Sample
from tests.web.planted import WALL, Cloud, Rows

POOLS = (("/mnt/primary", "nfs1", "/export/primary"), ("/mnt/secondary", "nfs1", "/export/secondary"))
SYSTEM_PORTS = (("22", "ssh"), ("16514", "libvirt-tls"), ("49152", "migration-first"), ("49215", "migration-last"))
COUNTDOWN = {"agent": "cloudstack-agent", "management_server": "ms1"}


def hypervisor(number: int, zone: str = "ams1", *, maintenance: bool = False) -> Host:
    """One of the hypervisors; eight make a cluster, 24 a pod."""
    place = Place(zone, f"{zone}-pod{number // 24 + 1}", f"{zone}-c{number // 8 + 1}", "KVM")
    return Host(
        f"kvm-{zone}-{number:03}",
        f"192.0.2.{number % 250 + 1}",
        "cloudstack",
        frozenset({Role.HYPERVISOR}),
        place,
        maintenance=maintenance,
    )


def well(peers: tuple[str, ...] = ("gw", "nfs1")) -> dict[str, Rows]:
    """What the runs of a healthy hypervisor have found out."""
    paths = [(peer, traffic) for peer in peers for traffic in ("management", "storage")]
    return {
        "time_drift": clock(0.0004),
        "agent_heartbeat": {},
        "nfs_mounts": mounts(),
        "storage_heartbeat": {
            "cs_storage_heartbeat_age_seconds": [Sample(21.0, (POOLS[0][0],))],
            "cs_host_seconds_to_reboot": [Sample(219.0)],
            "cs_host_reboot_armed": [Sample(1.0)],
        },
        "port_reachability": ports(),
        "path_mtu": {
            "cs_path_mtu_bytes": [Sample(9000.0, row) for row in paths],
            "cs_path_loss_ratio": [Sample(0.0, row) for row in paths],
            "cs_path_rtt_seconds": [Sample(0.0003, row) for row in paths],
            "cs_interface_mtu_bytes": [Sample(9000.0, (name,)) for name in ("bond0", "eno1", "eno2", "cloudbr0")],
            "cs_vxlan_headroom_bytes": [Sample(7450.0, ("bond0",))],
        },
    }


def clock(offset: float) -> Rows:
    """A clock that is so far ahead of its servers and of ours."""
    return {
        "cs_clock_offset_seconds": [Sample(offset)],
        "cs_clock_error_bound_seconds": [Sample(0.002)],
        "cs_clock_synchronised": [Sample(1.0)],
        "cs_clock_last_sync_timestamp_seconds": [Sample(WALL - 40)],
        "cs_clock_stratum": [Sample(3.0)],
        "cs_clock_source_info": [Sample(1.0, ("chrony",))],
        "cs_clock_skew_seconds": [Sample(offset)],
        "cs_clock_skew_uncertainty_seconds": [Sample(0.0002)],
    }


def mounts(state: str = "ok", pool: int = 0) -> Rows:
    """The mounts, one of them in that state."""
    states = [(row, state if number == pool else "ok") for number, row in enumerate(POOLS)]
    return {
        "cs_nfs_mount_up": [Sample(float(name == "ok"), row) for row, name in states],
        "cs_nfs_mount_state": [Sample(1.0, (*row, name)) for row, name in states],
        "cs_nfs_mount_latency_seconds": [Sample(0.0008, row) for row, name in states if name == "ok"],
        "cs_nfs_mount_requests_outstanding": [Sample(0.0, row) for row, _ in states],
        "cs_nfs_mount_error_ratio": [Sample(0.0, row) for row, _ in states],
    }


def ports(closed: str = "", severity: str = "warning", vantage: str = "exporter") -> Rows:
    """The ports of a hypervisor, one of them perhaps closed."""
    rows = [(port, name, seen) for port, name in SYSTEM_PORTS for seen in ("exporter", "ms1")]
    down = [row for row in rows if row[0] == closed and row[2] == vantage]
    return {
        "cs_port_up": [Sample(float(row not in down), row) for row in rows],
        "cs_port_connect_seconds": [Sample(0.0004, row) for row in rows if row not in down],
        "cs_port_failing": [Sample(1.0, (*row, "refused", severity)) for row in down],
    }


def agent(host: str, left: float, *, connected: bool = True) -> Rows:
    """How the cloud hears a hypervisor's agent: seconds left until it may be given up."""
    name = (COUNTDOWN["agent"],)
    return {
        "cs_agent_info": [Sample(1.0, tuple(COUNTDOWN.values()), host)],
        "cs_agent_connected": [Sample(float(connected), name, host)],
        "cs_agent_retransmitting": [Sample(0.0, name, host)],
        "cs_agent_seconds_to_alert": [Sample(left, name, host)],
        "cs_agent_late_seconds_to_alert": [Sample(50.0, name, host)],
        "cs_agent_very_late_seconds_to_alert": [Sample(35.0, name, host)],
        "cs_host_seconds_to_alert": [Sample(left, (), host)],
    }


def servers(cloud: Cloud) -> None:
    """Management server, database and file server, all well."""
    place = Place("ams1", "ams1-pod1")
    cloud.add(
        Host("ms1", "192.0.2.240", "cloudstack", frozenset({Role.MANAGEMENT}), place),
        {
            "time_drift": clock(-0.0002),
            "agent_heartbeat": {"cs_management_agent_port_listening": [Sample(1.0, ("cloudstack-agent",))]},
            "port_reachability": {"cs_port_connect_seconds": [Sample(0.0003, ("8250", "agents", "exporter"))]},
        },
    )
    cloud.add(
        Host("db1", "192.0.2.241", "cloudstack", frozenset({Role.DATABASE}), place),
        {"time_drift": clock(0.0001), "mysql_connections": database(0.41)},
    )
    cloud.add(
        Host("nfs1", "192.0.2.242", "cloudstack", frozenset({Role.STORAGE}), place),
        {"time_drift": clock(0.0001), "nfs_server": file_server()},
    )


def database(used: float) -> Rows:
    """A database server with that part of its connections in use."""
    return {
        "cs_mysql_up": [Sample(1.0)],
        "cs_mysql_state": [Sample(1.0, ("up",))],
        "cs_mysql_saturated": [Sample(0.0)],
        "cs_mysql_connections_used_ratio": [Sample(used)],
        "cs_mysql_recent_refusals": [Sample(0.0)],
        "cs_mysql_binlog_row": [Sample(1.0)],
    }


def file_server() -> Rows:
    """An NFS server that answers."""
    programs = (("nfs", "4"), ("mountd", "3"), ("portmapper", "2"))
    return {
        "cs_nfs_server_up": [Sample(1.0, row) for row in programs],
        "cs_nfs_server_latency_seconds": [Sample(0.0006, row) for row in programs],
    }


def large(number: int, red_every: int = 20) -> Cloud:
    """So many hypervisors in four zones, each twentieth with a hung mount and a silent agent."""
    cloud = Cloud()
    servers(cloud)
    healthy = well()
    countdown: dict[str, list[Sample]] = {}
    for index in range(number):
        host = hypervisor(index, ("ams1", "ams2", "fra1", "lon1")[index % 4])
        red = index % red_every == red_every - 1
        cloud.add(host, {**healthy, "nfs_mounts": mounts("hung")} if red else healthy)
        for name, rows in agent(host.name, 20.0 if red else 112.0).items():
            countdown.setdefault(name, []).extend(rows)
    cloud.tell_all("agent_countdown", countdown)
    return cloud


def both() -> Cloud:
    """The same beside a cell of OpenStack, so that there is something to say in every column."""
    cloud = troubled()
    east = Host("endpoint:openstack.east", "192.0.2.250", "openstack", cloud=CloudTarget(CloudKind.OPENSTACK))
    stopped = {
        "cs_openstack_agents_stopped": [Sample(9.0, ("east", "conductor"))],
        "cs_openstack_clocks_apart_seconds": [Sample(100.0)],
        "cs_openstack_clocks_apart_limit_seconds": [Sample(30.0)],
    }
    mute = ("volumev3", "public", "192.0.2.251:8776", "mute", "critical")
    endpoints = {"cs_openstack_endpoint_failing": [Sample(1.0, mute)]}
    cloud.add(east, {"openstack_agents": stopped, "openstack_endpoints": endpoints})
    bus = Host("ctl1", "192.0.2.251", "openstack", frozenset({Role.CONTROLLER, Role.MESSAGE_BUS}))
    unserved = ("ctl1", "/", "q-plugin", "topic")
    cloud.add(bus, {"rabbitmq": {"cs_rabbitmq_queue_unserved_messages": [Sample(5.0, unserved)]}})
    cloud.tell("kvm-fra1-003", "path_mtu", {"cs_path_reachable": [Sample(0.0, ("gw", "management"))]})
    return cloud


def troubled() -> Cloud:
    """Forty hypervisors in two zones, some of them in trouble."""
    cloud = Cloud()
    servers(cloud)
    for index in range(40):
        host = hypervisor(index % 24, "ams1" if index < 24 else "fra1", maintenance=index in {5, 6})
        cloud.add(host, well())
        left = {9: 31.0, 10: 44.0}.get(index, 96.0 + index % 40)
        cloud.tell_all("agent_countdown", agent(host.name, left, connected=index != 17))
    _hung_storage(cloud)
    cloud.tell("kvm-ams1-021", "time_drift", clock(2.7))
    cloud.tell("kvm-ams1-003", "port_reachability", ports("16514", "critical", "ms1"))
    cloud.tell("kvm-ams1-005", "nfs_mounts", mounts("missing"))
    cloud.tell("db1", "mysql_connections", database(0.86))
    peer = ("kvm-fra1-002", "overlay")
    cloud.tell("kvm-fra1-004", "path_mtu", {"cs_path_mtu_blackhole": [Sample(1.0, peer)]})
    for probe in ("time_drift", "agent_heartbeat", "nfs_mounts", "storage_heartbeat", "port_reachability", "path_mtu"):
        cloud.fail("kvm-fra1-011", probe, Reason.UNREACHABLE, "connect to 192.0.2.12 port 22: no route to host")
    cloud.fail("kvm-ams1-013", "path_mtu", Reason.COMMAND, "ping: operation not permitted")
    return cloud


def _hung_storage(cloud: Cloud) -> None:
    """One server's export hangs on two hosts of a cluster, whose heartbeats are late and agents silent."""
    for name, age, left in (("kvm-ams1-009", 214.0, 26.0), ("kvm-ams1-010", 121.0, 119.0)):
        cloud.tell(name, "nfs_mounts", mounts("hung"))
        cloud.tell(
            name,
            "storage_heartbeat",
            {
                "cs_storage_heartbeat_age_seconds": [Sample(age, (POOLS[0][0],))],
                "cs_host_seconds_to_reboot": [Sample(left)],
            },
        )
