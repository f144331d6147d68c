"""How OpenStack's APIs write their answers: lists by version and page, the catalog, tokens, and errors of each service.

By the captures of live ones; pages, versions and refusals by the services' API references.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

CAPTURES = Path(__file__).parents[1] / "captures/openstack"

Row = Mapping[str, Any]
Rows = Sequence[Row] | Callable[[], Sequence[Row]]
Version = tuple[int, int]

UNVERSIONED: Version = (2, 1)
"""What nova answers as when no microversion is asked for."""

CELLS_DOWN: Version = (2, 69)
FORCED_DOWN: Version = (2, 11)
UUIDS: Version = (2, 53)
"""Nova's microversions from which its lists have rows of cells that are down, `forced_down`, and ids that are uuids."""


def captured(file: str, name: str) -> list[dict[str, Any]]:
    """The list of that name in a captured answer."""
    rows: list[dict[str, Any]] = json.loads((CAPTURES / file).read_text(encoding="utf-8"))[name]
    return rows


def microversion(request: web.Request) -> Version:
    """The one of nova that a request asks for."""
    said = request.headers.get("OpenStack-API-Version", "").removeprefix("compute").strip()
    said = said or request.headers.get("X-OpenStack-Nova-API-Version", "")
    if not said:
        return UNVERSIONED
    major, minor = said.split(".")
    return int(major), int(minor)


def listed(command: str, rows: Sequence[Row], version: Version) -> list[Row]:
    """The rows as nova gives them at that microversion; those of others stay as they are."""
    if command != "nova.services":
        return list(rows)
    whole = [row for row in rows if "state" in row or version >= CELLS_DOWN]
    if version < FORCED_DOWN:
        whole = [{name: value for name, value in row.items() if name != "forced_down"} for row in whole]
    if version < UUIDS:
        whole = [{**row, "id": number} for number, row in enumerate(whole, 1)]
    return whole


def page(name: str, rows: Sequence[Row], request: web.Request, size: int | None) -> dict[str, Any]:
    """A body with the rows behind the one that the request's `marker` names, and where the next page is."""
    ids = [row.get("id") for row in rows]
    marker = request.query.get("marker")
    begin = ids.index(marker) + 1 if marker and marker in ids else 0
    shown = rows[begin:][:size]
    body: dict[str, Any] = {name: list(shown)}
    if begin + len(shown) < len(rows):
        following = request.url.update_query(marker=str(shown[-1]["id"]))
        body[f"{name}_links"] = [{"rel": "next", "href": str(following)}]
    return body


def catalog_at(origin: str, absent: AbstractSet[str], others: int, *, unversioned: bool) -> list[dict[str, Any]]:
    """The captured catalog with a server's address. `others`: more services; `unversioned`: endpoints name none."""
    places = {"compute": "compute/v2.1", "network": "network", "identity": "identity/v3/", "placement": "placement"}
    catalog = captured("keystone-catalog.json", "catalog")
    for service in catalog:
        for endpoint in service["endpoints"]:
            kind = service["type"]
            path = places.get(kind) or f"volume{urlsplit(endpoint['url']).path}"
            shown = path.split("/")[0] if unversioned and kind != "identity" else path
            endpoint["url"] = f"{origin}/{shown}"
    more = [_other(f"other-{number}", f"{origin}/others") for number in range(others)]
    return [service for service in (*catalog, *more) if service["type"] not in absent]


def _other(kind: str, url: str) -> dict[str, Any]:
    place = {"interface": "public", "region": "RegionOne", "region_id": "RegionOne", "url": url}
    return {"type": kind, "name": kind, "id": kind, "endpoints": [{"id": f"{kind}-public", **place}]}


def token(catalog: list[dict[str, Any]], project: str) -> dict[str, Any]:
    """The body of a login's answer. Its token's time is of the far future."""
    domain = {"id": "default", "name": "Default"}
    return {
        "token": {
            "methods": ["password"],
            "user": {"domain": domain, "id": "6ae100a6ec484286a609917672a4b96b", "name": "monitor"},
            "expires_at": "2099-01-01T00:00:00.000000Z",
            "issued_at": "2026-11-21T05:26:11.000000Z",
            "project": {"domain": domain, "id": project, "name": "admin"},
            "roles": [{"id": "073512e9a93a490baaf0da0378c2832c", "name": "admin"}],
            "catalog": catalog,
        }
    }


def identity(auth_url: str) -> dict[str, Any]:
    """Keystone's word on its version, with a server's address."""
    version: dict[str, Any] = json.loads((CAPTURES / "keystone-v3.json").read_text(encoding="utf-8"))["version"]
    return {**version, "links": [{"rel": "self", "href": f"{auth_url}/"}]}


def placement() -> dict[str, Any]:
    """Placement's word on its versions, which it gives to anybody."""
    version = {"id": "v1.0", "min_version": "1.0", "max_version": "1.39", "status": "CURRENT"}
    return {"versions": [{**version, "links": [{"rel": "self", "href": ""}]}]}


def refusal(service: str, status: int) -> web.Response:
    """An error as the service writes it: each has a shape of its own. Where there is none the web server says so."""
    text = HTTPStatus(status).phrase
    bodies: Mapping[str, object] = {
        "identity": {"error": {"code": status, "title": text, "message": f"The request you have made: {text}."}},
        "compute": {text.lower(): {"code": status, "message": f"Policy says: {text}"}},
        "network": {"NeutronError": {"type": "HTTPError", "message": f"Neutron says: {text}", "detail": ""}},
        "volume": {"cinderError": {"code": status, "message": f"Cinder says: {text}"}},
        "placement": {"errors": [{"status": status, "title": text, "detail": f"Placement says: {text}"}]},
    }
    if service not in bodies:
        return web.Response(text=f"{status} {text}", status=status)
    return web.json_response(bodies[service], status=status)
