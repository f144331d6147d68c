"""CloudStack by its API: who is there, and how they are, as far as lists of the root administrator tell.

It knows no numbers, no mounts of a host, no heartbeat and no clock of a server: what is not told is said.
"""

from cs_exporter.platforms.cloudstack.api.census import census
from cs_exporter.platforms.cloudstack.api.states import states

COMMANDS = (
    *("listHosts", "listManagementServers", "listSystemVms", "listStoragePools", "listImageStores", "listClusters"),
    *("listConfigurations", "listVirtualMachines"),
)
"""All that is ever asked: what the role of the account has to allow, and nothing else. It must be a root one's."""

__all__ = ["COMMANDS", "census", "states"]
