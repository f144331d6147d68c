"""What tests of OpenStack's APIs share: a pseudo-host of a target, and a short way to ask the lab's server.

As the daemon asks: through the machinery of calls, by a target of the configuration.
"""

from __future__ import annotations

from cs_exporter.model import CloudKind, CloudTarget, Connection, Host, SdkTarget
from cs_exporter.ports import ApiRow, Counters
from cs_exporter.transports.cloud_api import CloudApis

DEADLINE = 10.0


def open_host(target: SdkTarget) -> Host:
    """The cloud's pseudo-host."""
    cloud = CloudTarget(CloudKind.OPENSTACK, sdk=target)
    return Host("endpoint:openstack", "", connection=Connection.NONE, cloud=cloud)


async def ask_open(
    target: SdkTarget, command: str = "nova.services", deadline: float = DEADLINE, counters: Counters | None = None
) -> tuple[ApiRow, ...]:
    """What a first call gives."""
    apis = CloudApis(counters or Counters())
    try:
        return await apis.of(open_host(target)).listed(command, deadline)
    finally:
        await apis.close()
