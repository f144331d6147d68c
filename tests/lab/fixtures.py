"""The lab as pytest fixtures, one for a whole session because building is quick but not free.

And the rule for machines that cannot carry it: its tests are left out aloud, and never under CI.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.lab.lab import Lab
from tests.lab.nfs_server import NfsServer
from tests.lab.ntp import Chronyd
from tests.lab.uml import UmlHost, boot

LEFT_OUT = pytest.StashKey[str]()
# Propagation is left alone because in a bare chroot, where "/" is no mount point, unshare(1) could not change it.
NAMESPACES = ["unshare", "--net", "--mount", "--propagation=unchanged", "--pid", "--fork", "true"]


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The default lab, one for the whole session: hosts h1 to h6 following the clock of srv.

    A test that changes a host puts it back (the faults are context managers) or makes a lab or a host of its own.
    """
    with Lab() as made:
        server = made.hosts["srv"]
        Chronyd(server).serve()
        for host in made.hosts.values():
            if host is not server:
                Chronyd(host).follow(server.address)
        yield made


@pytest.fixture(scope="session")
def nfs_server(lab: Lab) -> NfsServer:
    """A real NFS server on srv with the export /export/primary, started when a test first asks for it."""
    server = NfsServer(lab.hosts["srv"])
    server.start()
    return server


@pytest.fixture(scope="session")
def uml_hosts(lab: Lab) -> list[UmlHost]:
    """Two hosts with kernels of their own (real NFS client, settable clock), booted when a test first asks for them.

    A test that mounts or sets a clock puts that back.
    """
    return boot(lab, "uml1", "uml2")


def why_not() -> str | None:
    """Why this machine cannot carry a lab, in a few words; None if it can."""
    if os.geteuid() != 0:
        return "need root"
    done = subprocess.run(NAMESPACES, capture_output=True, check=False)
    return None if done.returncode == 0 else "need a machine that lets root make namespaces"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests marked `lab` where they cannot run; under CI=true that is an error instead."""
    wanting = [item for item in items if item.get_closest_marker("lab")]
    reason = why_not() if wanting else None
    if reason is None:
        return
    line = f"left out: {len(wanting)} lab tests ({reason})"
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(f"{line}; under CI=true nothing may be left out")
    config.stash[LEFT_OUT] = line
    config.hook.pytest_deselected(items=wanting)
    items[:] = [item for item in items if item not in wanting]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say at the end what was left out."""
    line = config.stash.get(LEFT_OUT, None)
    if line is not None:
        terminalreporter.write_line(line, yellow=True)
