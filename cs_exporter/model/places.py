"""What a host is for, and where it stands, in the cloud's own words.

Apart from the host itself, because a cloud's answer has both before there is a host.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a host is for; probes say which roles they ask."""

    MANAGEMENT = "management"
    DATABASE = "database"
    HYPERVISOR = "hypervisor"
    STORAGE = "storage"
    CONSOLE_PROXY = "console_proxy"
    SECONDARY_STORAGE_VM = "secondary_storage_vm"
    CONTROLLER = "controller"
    NETWORK = "network"
    MESSAGE_BUS = "message_bus"
    LOAD_BALANCER = "load_balancer"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a host stands, in the cloud's own words; empty where unknown."""

    cloud_zone: str = ""
    cloud_pod: str = ""
    cloud_cluster: str = ""
    hypervisor: str = ""


NOWHERE = Place()
"""Of a host whose place nobody knows."""
