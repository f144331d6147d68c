"""What tests of clouds' APIs share: a server with hosts, its pseudo-host, and a short way to ask it.

The server is a real one, whose signatures and pages are CloudStack's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cs_exporter.model import ApiTarget, CloudKind, CloudTarget, Connection, Host
from cs_exporter.ports import ApiRow, Counters
from cs_exporter.transports.cloud_api import CloudApis
from tests.lab.cloud_api import CloudApiServer, plain

HOSTS = [{"id": n, "uuid": f"u{n}", "name": f"kvm{n}", "type": "Routing", "status": "Up"} for n in range(5)]
DEADLINE = 10.0


def pseudo_host(target: ApiTarget) -> Host:
    """The cloud's."""
    cloud = CloudTarget(CloudKind.CLOUDSTACK, api=target)
    return Host("endpoint:cloudstack", "", connection=Connection.NONE, cloud=cloud)


def target_of(server: CloudApiServer, **changes: Any) -> ApiTarget:  # noqa: ANN401  # its fields
    """How to ask that server."""
    given = {"url": server.url, "key_file": str(server.key_file), "secret_file": str(server.secret_file)}
    return ApiTarget(**{**given, **changes})


@contextmanager
def serving(folder: Path, **options: Any) -> Iterator[CloudApiServer]:  # noqa: ANN401  # the server's
    """A server with five hosts."""
    with CloudApiServer(plain(host=HOSTS), folder, **options) as server:
        yield server


async def ask(
    target: ApiTarget, command: str = "listHosts", deadline: float = DEADLINE, counters: Counters | None = None
) -> tuple[ApiRow, ...]:
    """What a first call gives."""
    apis = CloudApis(counters or Counters())
    try:
        return await apis.of(pseudo_host(target)).listed(command, deadline)
    finally:
        await apis.close()
