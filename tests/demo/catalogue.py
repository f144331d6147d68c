"""Every fault of the small cloud: what `make demo-break` can do, and what the end to end tests go through.

What they are is in the modules `faults_*`, by topic; here is their order, that of the documentation's table.
"""

from __future__ import annotations

from tests.demo.fault import Fault
from tests.demo.faults_agents import AGENTS
from tests.demo.faults_clocks import CLOCKS
from tests.demo.faults_mysql import MYSQL
from tests.demo.faults_nfs import NFS
from tests.demo.faults_paths import PATHS
from tests.demo.faults_ports import PORTS
from tests.demo.faults_ssh import SSH

FAULTS: tuple[Fault, ...] = (*CLOCKS, *MYSQL, *AGENTS, *NFS, *PATHS, *PORTS, *SSH)

NICKNAMES = {
    "clock": "clock-wrong",
    "mysql": "mysql-full",
    "agent": "agent-frozen",
    "ms": "ms-killed",
    "nfs": "nfs-cut",
    "path": "path-blackhole",
    "port": "port-filtered",
    "ssh": "ssh-frozen",
}
"""What may be typed for short -> the fault's name."""
