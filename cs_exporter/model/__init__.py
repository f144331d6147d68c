"""The nouns every other module shares: hosts, the inventory, outcomes and the closed list of reasons.

Nothing here does I/O, knows a library or reads a clock: values come in, frozen values stay.
"""

from cs_exporter.model.cloud import (
    ApiTarget,
    Census,
    CloudHost,
    CloudKind,
    CloudMount,
    CloudTarget,
    Schema,
    SdkTarget,
)
from cs_exporter.model.hosts import (
    CollectorMode,
    Connection,
    Host,
    HostLimits,
    Inventory,
    Mount,
    MysqlTarget,
    MysqlTls,
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
from cs_exporter.model.places import Place, Role

__all__ = [
    "ApiTarget",
    "Census",
    "CloudHost",
    "CloudKind",
    "CloudMount",
    "CloudTarget",
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
    "Schema",
    "SdkTarget",
    "SshTarget",
    "Traffic",
    "UnparsableError",
    "Unsupported",
    "UnsupportedError",
]
