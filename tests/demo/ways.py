"""Ways of breaking the small cloud that several faults share, each as a with block that mends it again.

What concerns any lab is in `tests.lab.faults`; here is what needs this cloud's own machines.
"""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from tests.demo.cloud import EXPORT, OWN_KERNEL, POOL, Cloud
from tests.lab.host import LabHost
from tests.lab.processes import signal_all

_numbers = itertools.count()

Break = Callable[[Cloud, str], AbstractContextManager[object]]


@contextmanager
def cut_at_switch(cloud: Cloud, host: str, *rules: str) -> Iterator[None]:
    """What the machine sends and one of the rules of nftables matches goes no further than its port on the switch.

    It works for User-Mode-Linux hosts too, whose frames no filter of their own namespace sees.
    """
    hub, table = cloud.lab.network.hub, f"netdev cut{next(_numbers)}"
    chain = f"type filter hook ingress device {cloud.machine(host).port_device} priority 0"
    hub.nft("\n".join([f"table {table} {{", "chain c {", chain, *(f"{rule} drop" for rule in rules), "}", "}", ""]))
    try:
        yield
    finally:
        hub.nft(f"delete table {table}\n")


@contextmanager
def ended_by(begin: Callable[[], object], end: Callable[[], object]) -> Iterator[None]:
    """One call breaks it, another one mends it."""
    try:
        begin()
        yield
    finally:
        end()


@contextmanager
def logged_in_anew(host: LabHost, fault: AbstractContextManager[object]) -> Iterator[None]:
    """A fault that only logins meet: the exporter's session, which is kept, is ended when it begins."""
    with fault:
        signal_all(host.sshd.sessions(), signal.SIGKILL)
        yield


@contextmanager
def all_of(*faults: AbstractContextManager[object]) -> Iterator[None]:
    """Several things at once."""
    with ExitStack() as stack:
        for fault in faults:
            stack.enter_context(fault)
        yield


def mount_again(cloud: Cloud, *hosts: str) -> None:
    """Take the pool's mount away, if there is one, and mount it anew, as an operator would."""
    for name in hosts or OWN_KERNEL:
        kernel = cloud.kernels[name]
        kernel.run(["umount", "--internal-only", "--force", "--lazy", POOL])
        kernel.mount_nfs(cloud.host("nfs1").address, EXPORT, POOL, OWN_KERNEL[name])
