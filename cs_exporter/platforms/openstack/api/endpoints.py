"""Where an OpenStack cloud tells its clients to find its services: the endpoints of keystone's catalog.

As the account's own login brings it: of its region, with its project in the addresses that name one.
"""

from __future__ import annotations

from collections.abc import Iterator

from cs_exporter.platforms.openstack.agents import Endpoint
from cs_exporter.platforms.openstack.api.asking import Asking
from cs_exporter.platforms.openstack.api.rows import text
from cs_exporter.ports import ApiRow, CloudApi


async def endpoints(api: CloudApi, deadline: float) -> tuple[Endpoint, ...]:
    """All of them within `deadline` seconds, each once. Raises ProbeFailed."""
    listed = await Asking(api, deadline, 1).listed("keystone.endpoints")
    return tuple(dict.fromkeys(endpoint for row in listed.rows for endpoint in _of(row)))


def _of(service: ApiRow) -> Iterator[Endpoint]:
    for row in service.get("endpoints") or ():
        if text(row, "url"):
            yield Endpoint(text(service, "type"), text(row, "interface"), text(row, "url"))
