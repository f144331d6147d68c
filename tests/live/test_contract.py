"""Every name that users rely on, with true values, from one small cloud of real machines.

The names are those of the contract for databases, agents, storage heartbeats, paths and ports.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from cs_exporter.build import this_build
from cs_exporter.exposition.pages import Exposition
from cs_exporter.probes import DERIVED, PROBES
from tests.lab import faults
from tests.lab.agents import Agent, ManagementServer
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.mysql import MysqlServer
from tests.lab.nfs_server import NfsServer
from tests.lab.uml import UmlHost
from tests.lab.wait import wait_until_async
from tests.live.watch import Watch
from tests.matrix.told import untold

pytestmark = [pytest.mark.lab, pytest.mark.heavy]

EXPORT, POOL = "/export/primary", "/mnt/contract-pool"
PROPERTIES = "/etc/cloudstack/agent/agent.properties"
DEADLINE = 60.0

NAMES = frozenset(
    {
        *("cs_mysql_up", "cs_mysql_saturated", "cs_mysql_connections", "cs_mysql_max_connections"),
        *("cs_mysql_max_used_connections", "cs_mysql_connection_refusals_total", "cs_mysql_client_connections"),
        *("cs_mysql_client_pool_size", "cs_agent_info", "cs_agent_connected", "cs_agent_rtt_seconds"),
        *("cs_agent_retransmits_total", "cs_agent_last_heartbeat_timestamp_seconds", "cs_agent_heartbeat_age_seconds"),
        *("cs_agent_heartbeat_limit_seconds", "cs_agent_seconds_to_alert", "cs_host_seconds_to_alert"),
        *("cs_storage_heartbeat_age_seconds", "cs_host_seconds_to_reboot", "cs_path_mtu_bytes", "cs_path_loss_ratio"),
        *("cs_path_rtt_seconds", "cs_path_mtu_blackhole", "cs_path_mtu_expected_bytes", "cs_interface_mtu_bytes"),
        *("cs_vxlan_headroom_bytes", "cs_port_up", "cs_port_connect_seconds", "cs_port_syn_retransmits"),
        *("cs_host_suspect", "cs_symptom_limit"),
    }
)


@pytest.fixture
def pool(uml_hosts: list[UmlHost], nfs_server: NfsServer) -> Iterator[UmlHost]:
    """A hypervisor with a primary pool on which its agent has just written, and whose reboot is armed."""
    host = uml_hosts[0]
    host.mount_nfs(nfs_server.host.address, EXPORT, POOL)
    file = f"{POOL}/KVMHA/hb-{host.address}"
    host.run(f"mkdir -p {POOL}/KVMHA; date +%s >{file}", check=True)
    host.write(PROPERTIES, "kvm.heartbeat.update.frequency=60000\n")
    try:
        yield host
    finally:
        host.run(f"rm -f {file}", check=True)
        host.unmount(POOL)


@pytest.fixture
def overlay(lab: Lab) -> Iterator[LabHost]:
    """A hypervisor with a VXLAN device of the usual overhead, and its agent's session to the management server."""
    host, server = lab.hosts["h1"], lab.hosts["h2"]
    host.namespace.ip(f"link add vx7 type vxlan id 7 local {host.address} group 239.1.1.7 dev eth0 dstport 4789")
    host.namespace.ip("link set vx7 up")
    management, agent = ManagementServer(server), Agent(host, [server])
    try:
        management.start()
        agent.start()
        yield host
    finally:
        agent.stop()
        management.stop()
        host.namespace.ip("link del vx7")


def page(watch: Watch) -> str:
    """What /metrics says now."""
    return Exposition(PROBES, DERIVED, this_build()).render(watch.daemon.snapshot()).body.decode()


def samples(watch: Watch) -> dict[str, list[Sample]]:
    """The same by name."""
    found: dict[str, list[Sample]] = {}
    for family in text_string_to_metric_families(page(watch)):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def suspects(watch: Watch) -> set[tuple[str, str]]:
    """Hosts, and the causes that are suspected there now."""
    return {(one.labels["host"], one.labels["cause"]) for one in samples(watch).get("cs_host_suspect", [])}


def value(found: dict[str, list[Sample]], name: str, host: str, **labels: str) -> float:
    """The one sample with these labels."""
    wanted = {"host": host, **labels}
    (number,) = [sample.value for sample in found[name] if wanted.items() <= sample.labels.items()]
    return number


async def test_every_name_is_there_and_true(
    tmp_path: Path, lab: Lab, overlay: LabHost, pool: UmlHost, nfs_server: NfsServer, mariadb: MysqlServer
) -> None:
    """Numbers are compared with what the machines themselves say."""
    server, far = lab.hosts["h2"], lab.hosts["h6"]
    mounts = [{"mountpoint": POOL, "server": nfs_server.host.address, "export": EXPORT}]
    hosts: dict[Any, dict[str, Any]] = {
        overlay: {"roles": ["hypervisor"]},
        pool: {"roles": ["hypervisor"], "mounts": mounts},
        far: {"roles": ["hypervisor"]},
        server: {"roles": ["management"]},
        mariadb.host: {"roles": ["database"]},
        nfs_server.host: {"roles": ["storage"]},
    }
    sections = {"mysql": {"password_file": str(mariadb.password_file)}}
    with ExitStack() as broken:
        broken.enter_context(faults.small_route(far, 1400, silent=True))
        broken.enter_context(mariadb.used_from(server, 2))
        async with Watch(tmp_path, lab, hosts, **sections) as watch:
            await wait_until_async(lambda: samples(watch).keys() >= NAMES, DEADLINE, "every name to be there")
            found = samples(watch)
            assert [] == list(untold(page(watch)))
            assert (1.0, 0.0) == tuple(value(found, f"cs_mysql_{name}", "mariadb") for name in ("up", "saturated"))
            assert mariadb.status("Threads_connected") >= value(found, "cs_mysql_connections", "mariadb") >= 3
            assert value(found, "cs_mysql_client_connections", "mariadb", client="h2") == 2
            assert value(found, "cs_agent_connected", "h1", agent="cloudstack-agent") == 1
            assert value(found, "cs_agent_info", "h1", management_server="h2") == 1
            assert value(found, "cs_host_seconds_to_alert", "h1") == pytest.approx(140, abs=20)
            age = value(found, "cs_storage_heartbeat_age_seconds", pool.name, mountpoint=POOL)
            written = float(pool.run(f"cat {POOL}/KVMHA/hb-{pool.address}").stdout)
            assert age == pytest.approx(time.time() - written, abs=20)
            assert value(found, "cs_host_seconds_to_reboot", pool.name) == pytest.approx(110 - age, abs=5)
            assert value(found, "cs_vxlan_headroom_bytes", "h1", device="eth0") == 0
            assert value(found, "cs_path_mtu_bytes", "h1", peer="h6", traffic="management") == 1400
            assert value(found, "cs_path_mtu_blackhole", "h1", peer="h6", traffic="management") == 1
            assert value(found, "cs_path_mtu_expected_bytes", "h1", traffic="management") == 1500
            # Into a black hole nobody logs in: what is known of h6 is what h1 sees.
            expected = {("h1", "path"), ("h6", "reachability")}
            await wait_until_async(lambda: expected <= suspects(watch), DEADLINE, f"suspects: {expected}")
            assert ("mariadb", "database") not in suspects(watch)
            assert value(found, "cs_port_up", "srv", port="2049", vantage="exporter") == 1
