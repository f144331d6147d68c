"""How many system VMs of each zone and kind are at work: what users miss is the service, not one VM of some name.

One that can't start is destroyed and made anew under another name, again and again; its zone stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cs_exporter.platforms.cloudstack.states import Part, States, SystemVmState

KINDS = ("ConsoleProxy", "SecondaryStorageVM")

GONE = frozenset({"Destroyed", "Expunging", "Expunged"})
"""States of a system VM that is not there any more."""

Working = Mapping[tuple[str, str], int]
"""(zone, kind) -> system VMs that run and whose agent is Up."""


def runs(vm: SystemVmState) -> bool:
    """Whether the cloud says so."""
    return vm.state == "Running"


def working(states: States, before: Working) -> Working:
    """Of every zone that has such VMs, or is to have them; `before`: the same of the last answer.

    A zone is to have them while hosts have its pools mapped and it has secondary storage of its own, or had such a VM
    before. (One without either may be an edge zone, which has none.) Empty where nothing is known of them.
    """
    if Part.SYSTEM_VMS in states.untold and not states.system_vms:
        return {}
    used = {pool.zone for pool in states.pools}
    own = used & {store.zone for store in states.image_stores if store.zone}
    found = dict.fromkeys(((zone, kind) for zone in sorted(own) for kind in KINDS), 0)
    found.update((known, 0) for known in before if known[0] in used)
    for vm in _there(states.system_vms):
        key = (vm.zone, vm.kind)
        found[key] = found.get(key, 0) + (runs(vm) and vm.agent_state == "Up")
    return found


def _there(vms: Iterable[SystemVmState]) -> Iterable[SystemVmState]:
    return (vm for vm in vms if vm.state not in GONE)
