"""What is exported of system VMs, guests and storage: by the cloud's own names."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.platforms.cloudstack.states import (
    ImageStoreState,
    PoolState,
    Source,
    States,
    SystemVmState,
    VmsInState,
)
from cs_exporter.probes.cloudstack.estate_metrics import METRICS, MOST_POOLS
from tests.probes.cloudstack.polled import CLOUD, Stand, samples

PROXY = SystemVmState("v-2-VM", "ConsoleProxy", "Running", "Up", "198.51.100.2", "z1", "x2")
POOL = PoolState("uuid-of-the-pool", "primary", "NetworkFilesystem", "Up", "192.0.2.41", "/export/primary", "z1")
STORE = ImageStoreState("secondary", "nfs", "nfs://192.0.2.42/export/secondary", zone="z1")
ESTATE = States(
    Source.DATABASE,
    system_vms=(PROXY,),
    vms=(VmsInState("z1", "Starting", 2, 40.0), VmsInState("z2", "Error", 3, 9e6)),
    pools=(POOL,),
    image_stores=(STORE,),
)
BY_HTTP = {metric.name for metric in METRICS if metric.labels == ("image_store",)}


def test_an_estate_that_is_well() -> None:
    """What is wrong is absent; Error is no transition, and a zone without one has none."""
    reading = Stand().poll(states=ESTATE)
    found = {metric.name: samples(reading, metric.name) for metric in METRICS}
    assert {
        "cs_system_vm_running": {(CLOUD, "v-2-VM", "ConsoleProxy"): 1.0},
        "cs_system_vm_agent_connected": {(CLOUD, "v-2-VM", "ConsoleProxy"): 1.0},
        "cs_zone_system_vms": {(CLOUD, "z1", "ConsoleProxy"): 1.0, (CLOUD, "z1", "SecondaryStorageVM"): 0.0},
        "cs_system_vm_info": {(CLOUD, "v-2-VM", "ConsoleProxy", "Running", "Up", "198.51.100.2"): 1.0},
        "cs_vms_in_transition": {(CLOUD, "z1", "Starting"): 2.0},
        "cs_vms_in_transition_oldest_seconds": {(CLOUD, "z1", "Starting"): 40.0},
        "cs_vms_in_error": {(CLOUD, "z1"): 0.0, (CLOUD, "z2"): 3.0},
        "cs_vms_recent_errors": {(CLOUD, "z1"): 0.0, (CLOUD, "z2"): 0.0},
        "cs_storage_pools": {(CLOUD, "Up"): 1.0},
        "cs_storage_pool_info": {},
        "cs_storage_pool_unusable_hosts": {},
        "cs_image_store_info": {(CLOUD, "secondary", "nfs", "nfs://192.0.2.42/export/secondary", "readwrite"): 1.0},
    } == {name: rows for name, rows in found.items() if rows or name not in BY_HTTP}


def test_a_system_vm_of_the_inventory_is_its_own_host() -> None:
    """So that what else is known of it stands beside it."""
    reading = Stand().poll(states=replace(ESTATE, system_vms=(replace(PROXY, uuid="h5"),)))
    assert {("kvm5", "v-2-VM", "ConsoleProxy"): 1.0} == samples(reading, "cs_system_vm_running")


def test_a_system_vm_that_leaves_is_not_missed() -> None:
    """Another one takes its place; one that does not run has no agent to judge."""
    leaving, stopped = replace(PROXY, state="Expunging"), replace(PROXY, name="v-3-VM", state="Stopped", agent_state="")
    reading = Stand().poll(states=replace(ESTATE, system_vms=(leaving, stopped)))
    assert {(CLOUD, "v-3-VM", "ConsoleProxy"): 0.0} == samples(reading, "cs_system_vm_running")
    assert {} == samples(reading, "cs_system_vm_agent_connected")


def test_pools_with_one_name_are_told_apart() -> None:
    """By the beginning of their uuid, and no others are."""
    sick = replace(POOL, status="Disabled")
    pools = (sick, replace(sick, uuid="another-pool"), replace(sick, uuid="x", name="other"))
    reading = Stand().poll(states=replace(ESTATE, pools=pools))
    names = {labels[1] for labels in samples(reading, "cs_storage_pool_info")}
    assert {"primary uuid-of-", "primary another-", "other"} == names
    assert {(CLOUD, "Disabled"): 3.0} == samples(reading, "cs_storage_pools")


def test_a_pool_that_hosts_need_and_is_not_up() -> None:
    """With how many they are; one that nobody has mapped hinders nobody."""
    sick, idle = (
        replace(POOL, status="Maintenance", hosts=("h1", "h2")),
        replace(POOL, uuid="x", name="y", status="Down"),
    )
    reading = Stand().poll(states=replace(ESTATE, pools=(sick, idle, replace(POOL, uuid="z", name="z"))))
    assert {(CLOUD, "primary"): 2.0} == samples(reading, "cs_storage_pool_unusable_hosts")
    told = ("primary", "uuid-of-the-pool", "NetworkFilesystem", "Maintenance", "192.0.2.41", "/export/primary")
    assert {told} == {labels[1:] for labels in samples(reading, "cs_storage_pool_info") if labels[1] == "primary"}


def test_no_more_pools_than_a_page_can_bear() -> None:
    """Those that most hosts have: local storage is a pool for each host."""
    pools = tuple(
        replace(POOL, uuid=f"u{number}", name=f"p{number}", status="Down", hosts=("h1",) * number)
        for number in range(MOST_POOLS + 10)
    )
    found = samples(Stand().poll(states=replace(ESTATE, pools=pools)), "cs_storage_pool_unusable_hosts")
    assert {float(number) for number in range(10, MOST_POOLS + 10)} == set(found.values())


def test_no_secret_is_shown() -> None:
    """Some pools have a password in their path."""
    pool = replace(POOL, status="Disabled", path="rbd?user=a&password=b")
    reading = Stand().poll(states=replace(ESTATE, pools=(pool,)))
    assert ["rbd"] == [labels[-1] for labels in samples(reading, "cs_storage_pool_info")]
