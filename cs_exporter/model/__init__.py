"""The nouns every other module shares: hosts, the inventory, outcomes and the closed list of reasons.

Nothing here does I/O, knows a library or reads a clock: values come in, frozen values stay.
"""

from cs_exporter.model.hosts import (
    CollectorMode,
    Connection,
    Host,
    HostLimits,
    Inventory,
    Mount,
    MysqlTarget,
    MysqlTls,
    Place,
    Role,
    SshTarget,
)
from cs_exporter.model.network import DeclaredPort, Expected, Link, Manner, Peer, PortRow, Route, Traffic
from cs_exporter.model.outcomes import (
    Failure,
    Login,
    Outcome,
    ProbeFailed,
    Reason,
    UnparsableError,
    Unsupported,
    UnsupportedError,
)

__all__ = [
    "CollectorMode",
    "Connection",
    "DeclaredPort",
    "Expected",
    "Failure",
    "Host",
    "HostLimits",
    "Inventory",
    "Link",
    "Login",
    "Manner",
    "Mount",
    "MysqlTarget",
    "MysqlTls",
    "Outcome",
    "Peer",
    "Place",
    "PortRow",
    "ProbeFailed",
    "Reason",
    "Role",
    "Route",
    "SshTarget",
    "Traffic",
    "UnparsableError",
    "Unsupported",
    "UnsupportedError",
]
