"""The metrics of the probe cloudstack_states about system VMs, guests and storage; most of them are the pseudo-host's.

They have names of the cloud as labels, for no host of the inventory stands behind them; system VMs may be in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from cs_exporter.platforms.cloudstack.states import PoolState, SystemVmState, VmsInState
from cs_exporter.platforms.cloudstack.words import without_secrets
from cs_exporter.probes.cloudstack.reading import ERROR, ERRORS_WINDOW, CloudStackStatesReading
from cs_exporter.probes.cloudstack.stores import StoreRow
from cs_exporter.probes.cloudstack.system_vms import GONE, runs
from cs_exporter.spec import Metric, Sample, rows

Reading = CloudStackStatesReading

LEAVING = GONE | {"Error"}
"""States of a system VM that another one has taken the place of, or will."""

POOL_UP = "Up"

MOST_POOLS = 50
"""Pools that are told one by one."""


def _of_system_vms(name: str, help_text: str, value: Callable[[SystemVmState], float | None]) -> Metric[Reading]:
    """A metric with a sample per system VM that is to stay and has a value; of itself, where it is in the inventory."""

    def read(reading: Reading) -> Iterable[Sample]:
        values = ((vm, value(vm)) for vm in reading.states.system_vms if vm.state not in LEAVING)
        return [
            Sample(float(number), (vm.name, vm.kind), reading.names.get(vm.uuid))
            for vm, number in values
            if number is not None
        ]

    return rows(name, help_text, ("system_vm", "kind"), read)


def _agent_connected(vm: SystemVmState) -> float | None:
    """One that does not run has a row of its own."""
    return float(vm.agent_state == "Up") if runs(vm) else None


def _system_vms(reading: Reading) -> Iterable[Sample]:
    return [Sample(1.0, (vm.name, vm.kind, vm.state, vm.agent_state, vm.address)) for vm in reading.states.system_vms]


def _working(reading: Reading) -> Iterable[Sample]:
    return [Sample(float(count), key) for key, count in reading.working.items()]


def _in_transition(value: Callable[[VmsInState], float | None]) -> Callable[[Reading], Iterable[Sample]]:
    def read(reading: Reading) -> Iterable[Sample]:
        values = ((vms, value(vms)) for vms in reading.states.vms if vms.state != ERROR)
        return [Sample(float(number), (vms.zone, vms.state)) for vms, number in values if number is not None]

    return read


def _in_error(reading: Reading) -> Iterable[Sample]:
    return [Sample(float(row.count), (zone,)) for zone, row in reading.errors.items()]


def _lately_in_error(reading: Reading) -> Iterable[Sample]:
    return [Sample(float(row.lately), (zone,)) for zone, row in reading.errors.items()]


def _pool_names(pools: Iterable[PoolState]) -> Mapping[str, str]:
    """The name by uuid; where two have one name, with the uuid's beginning."""
    pools = tuple(pools)
    times = Counter(pool.name for pool in pools)
    return {pool.uuid: pool.name if times[pool.name] == 1 else f"{pool.name} {pool.uuid[:8]}" for pool in pools}


def _pools(reading: Reading) -> Iterable[Sample]:
    """Local storage is a pool for each host: a cloud may have thousands of them."""
    counts = Counter(pool.status for pool in reading.states.pools)
    return [Sample(float(count), (status,)) for status, count in sorted(counts.items())]


def _sick(reading: Reading) -> Iterable[tuple[str, PoolState]]:
    """(name, pool) of those that are not Up, the ones that most hosts have first."""
    names = _pool_names(reading.states.pools)
    sick = [pool for pool in reading.states.pools if pool.status != POOL_UP]
    return ((names[pool.uuid], pool) for pool in sorted(sick, key=lambda pool: -len(pool.hosts))[:MOST_POOLS])


def _sick_pools(reading: Reading) -> Iterable[Sample]:
    return [
        Sample(1.0, (name, pool.uuid, pool.kind, pool.status, pool.server, without_secrets(pool.path)))
        for name, pool in _sick(reading)
    ]


def _unusable(reading: Reading) -> Iterable[Sample]:
    return [Sample(float(len(pool.hosts)), (name,)) for name, pool in _sick(reading) if pool.hosts]


def _of_stores(name: str, help_text: str, value: Callable[[StoreRow], float | None]) -> Metric[Reading]:
    """A metric with a sample per secondary storage that answered the exporter once: others it may not be let to."""

    def read(reading: Reading) -> Iterable[Sample]:
        values = ((name, value(row)) for name, row in reading.stores.items() if row.answered)
        return [Sample(float(number), (name,)) for name, number in values if number is not None]

    return rows(name, help_text, ("image_store",), read)


def _image_stores(reading: Reading) -> Iterable[Sample]:
    return [
        Sample(1.0, (store.name, store.protocol, store.url, "readonly" if store.readonly else "readwrite"))
        for store in reading.states.image_stores
    ]


_VMS: tuple[Metric[Reading], ...] = (
    _of_system_vms(
        "cs_system_vm_running",
        "1 if the console proxy or secondary storage VM runs, else 0 (by vm_instance.state, or listSystemVms); those "
        "that are being removed are left out.",
        lambda vm: float(runs(vm)),
    ),
    _of_system_vms(
        "cs_system_vm_agent_connected",
        "1 if the agent in a system VM that runs is Up, else 0 (by its row in the table host, or listSystemVms).",
        _agent_connected,
    ),
    rows(
        "cs_zone_system_vms",
        "Console proxies and secondary storage VMs of the zone that run and whose agent is Up: 0 in a zone that hosts "
        "work in and has secondary storage, or had such a VM (by vm_instance and host, or listSystemVms).",
        ("cloud_zone", "kind"),
        _working,
    ),
    rows(
        "cs_system_vm_info",
        "1 for every console proxy and secondary storage VM, with what the cloud says of it, its public address "
        "included (by vm_instance, or listSystemVms).",
        ("system_vm", "kind", "state", "agent_state", "address"),
        _system_vms,
    ),
    rows(
        "cs_vms_in_transition",
        "Guests and system VMs of the zone that are on their way from one state to another (by vm_instance.state).",
        ("cloud_zone", "state"),
        _in_transition(lambda vms: float(vms.count)),
    ),
    rows(
        "cs_vms_in_transition_oldest_seconds",
        "Seconds for which the first of them has been on its way (by vm_instance.update_time, the database's clock).",
        ("cloud_zone", "state"),
        _in_transition(lambda vms: vms.oldest),
    ),
    rows(
        "cs_vms_in_error",
        "Guests and system VMs of the zone in Error; they stay until somebody removes them (by vm_instance.state).",
        ("cloud_zone",),
        _in_error,
    ),
    rows(
        "cs_vms_recent_errors",
        f"By how many cs_vms_in_error rose within the last {ERRORS_WINDOW / 60:g} minutes, as far as the exporter "
        "watched.",
        ("cloud_zone",),
        _lately_in_error,
    ),
)

_STORAGE: tuple[Metric[Reading], ...] = (
    rows(
        "cs_storage_pools",
        "Primary storage pools in that state (by storage_pool.status, or listStoragePools).",
        ("state",),
        _pools,
    ),
    rows(
        "cs_storage_pool_info",
        f"1 for every pool that is not Up: what it is, and where; {MOST_POOLS} at most, those that most hosts have (by "
        "storage_pool, or listStoragePools).",
        ("pool", "pool_uuid", "kind", "state", "address", "path"),
        _sick_pools,
    ),
    rows(
        "cs_storage_pool_unusable_hosts",
        "Hosts that have the pool mapped while it is not Up; else absent (by storage_pool_host_ref and "
        "storage_pool.status).",
        ("pool",),
        _unusable,
    ),
    rows(
        "cs_image_store_info",
        "1 for every secondary storage, with its protocol and address (by image_store, or listImageStores).",
        ("image_store", "protocol", "url", "access"),
        _image_stores,
    ),
    _of_stores(
        "cs_image_store_up",
        "1 if a secondary storage by HTTP (S3) answers the exporter, with whatever status, else 0; absent where it "
        "never did, or is none by HTTP. NFS servers have cs_nfs_server_up.",
        lambda row: row.up,
    ),
    _of_stores(
        "cs_image_store_latency_seconds",
        "Time until the first byte of its answer to an HTTP request from the exporter.",
        lambda row: row.seconds,
    ),
    _of_stores(
        "cs_image_store_tls_not_after_timestamp_seconds",
        "End of validity of the TLS certificate that it shows, as seen by the exporter.",
        lambda row: row.not_after,
    ),
)

METRICS = (*_VMS, *_STORAGE)
