"""The lists of OpenStack's services: where each is, in which version, and how a whole one is got, page by page.

By the services' API references. Pages are followed wherever a service gives fewer than all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import ApiRow
from cs_exporter.transports.clouds import openstack_errors as errors
from cs_exporter.transports.clouds.pages import MOST
from cs_exporter.transports.clouds.wire import shown

_VERSIONED = re.compile(r"/v\d[\d.]*(/|$)")

Ask = Callable[[str, str], requests.Response]
"""Query, and microversion or nothing -> the answer, whatever its status."""

_NOVA = ("2.69", "2.11")
"""From 2.69 on cells that are down are told, from 2.11 on forced_down; by 2.88 nova asks each host for its uptime."""


@dataclass(frozen=True, slots=True)
class List:
    """One list. `name`: of its field in the answer. `version`, a path, is added to endpoints that name none."""

    service: str
    version: str
    path: str
    name: str
    microversions: tuple[str, ...] = ("",)

    def url(self, endpoint: str, project: str) -> str:
        """Its address."""
        base = endpoint.rstrip("/")
        if not _VERSIONED.search(urlsplit(base).path):
            base += self.version.format(project=project)
        return base + self.path


LISTS: Mapping[str, List] = {
    "nova.services": List("compute", "/v2.1", "/os-services", "services", _NOVA),
    "nova.hypervisors": List("compute", "/v2.1", "/os-hypervisors/detail", "hypervisors", _NOVA),
    "neutron.agents": List("network", "/v2.0", "/agents", "agents"),
    "cinder.services": List("block-storage", "/v3/{project}", "/os-services", "services"),
}


def collected(wanted: List, ask: Ask) -> tuple[ApiRow, ...]:
    """All rows, or none. Raises ProbeFailed."""
    rows: list[ApiRow] = []
    versions, query = list(wanted.microversions), ""
    while True:
        response = ask(query, versions[0])
        if response.status_code == HTTPStatus.NOT_ACCEPTABLE and len(versions) > 1:
            del versions[0]
            continue
        what = shown(response.url or "")
        page, query = _page(response, wanted.name, what)
        rows += page
        if not query:
            return tuple(rows)
        if not page or len(rows) > MOST:
            raise ProbeFailed(Reason.UNPARSABLE, f"{what}: the list has no end ({len(rows)} elements)")


def _page(response: requests.Response, name: str, what: str) -> tuple[list[ApiRow], str]:
    """The rows of an answer, and the query of the next page; empty where there is none. Raises ProbeFailed."""
    if response.status_code != HTTPStatus.OK:
        raise errors.refused(response, what)
    body = errors.body_of(response)
    rows = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise errors.no_list(response, name, what)
    links = body.get(f"{name}_links") if isinstance(body, Mapping) else None
    following = [link.get("href", "") for link in links or () if link.get("rel") == "next"]
    # Only its query: behind a balancer a service may not know by which address it is reached.
    return rows, urlsplit(following[0]).query if following else ""
