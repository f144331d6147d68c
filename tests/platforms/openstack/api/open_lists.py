"""A small cloud's APIs for the adapter's tests: the lab's server with captured lists, asked by the transport.

So that what the adapter sees came over HTTP, by a login.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cs_exporter.model import Host
from cs_exporter.ports import CloudApi, Counters
from cs_exporter.transports.cloud_api import CloudApis
from tests.lab.openstack_api import OpenStackApiServer
from tests.transports.clouds.open_clouds import open_host

LIMIT = 10.0
"""Seconds for an answer."""


@asynccontextmanager
async def cloud(
    folder: Path,
    **options: Any,  # noqa: ANN401  # the server's
) -> AsyncIterator[tuple[OpenStackApiServer, Host, CloudApi]]:
    """The server, the cloud's pseudo-host, and its API."""
    with OpenStackApiServer(folder, **options) as server:
        apis = CloudApis(Counters())
        host = open_host(server.target)
        try:
            yield server, host, apis.of(host)
        finally:
            await apis.close()
