"""OpenStack's APIs over HTTP on one port: keystone's tokens and catalog, lists of nova, neutron and cinder, and faults.

Lists are those of the captures unless a test gives its own rows; nobody gets one without a token that is good.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from cs_exporter.model import SdkTarget
from tests.lab import openstack_api_answers as answers
from tests.lab.openstack_api_answers import Rows, Version, captured
from tests.lab.openstack_api_faults import Fault, faulty
from tests.lab.served import Served

CLOUD, USER, PASSWORD = "lab", "monitor", "secret-of-the-lab"
PROJECT = "e383a52d68144c18a0d39f7e323f5983"

LISTS: Mapping[str, tuple[str, str]] = {
    "nova.services": ("services", "nova-os-services-2.69.json"),
    "nova.hypervisors": ("hypervisors", "nova-os-hypervisors-detail-2.88.json"),
    "neutron.agents": ("agents", "neutron-agents.json"),
    "cinder.services": ("services", "cinder-os-services-3.70.json"),
}
"""Command -> the list's name in the body, and the capture it is from."""

PATHS = {
    "/compute/v2.1/os-services": "nova.services",
    "/compute/v2.1/os-hypervisors/detail": "nova.hypervisors",
    "/network/v2.0/agents": "neutron.agents",
    f"/volume/v3/{PROJECT}/os-services": "cinder.services",
}
_PAGED = frozenset({"nova.hypervisors", "neutron.agents"})
_VERSIONS = ("/placement", "/placement/")
_OPEN = frozenset({"/identity", "/identity/v3", "/identity/v3/", "/identity/v3/auth/tokens", *_VERSIONS})
"""What is answered without a token."""

_GUARDED = frozenset({"identity", "compute", "network", "volume", "placement"})
"""Services, by the first part of their paths, that ask for tokens; nobody is at other paths."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

__all__ = ["CLOUD", "PASSWORD", "PROJECT", "USER", "Fault", "OpenStackApiServer", "Rows", "captured"]


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    microversion: Version
    client: str


@dataclass
class _Infliction:
    fault: Fault
    what: str | None
    left: int | None


@dataclass
class OpenStackApiServer(Served):
    """`with` one of these it answers at `auth_url`; it writes a clouds.yaml into `folder`, with one cloud, `CLOUD`.

    `lists`: command (those of LISTS) -> rows, or a function that gives them at each request. `newest`: nova's highest
    microversion. `page_size`: the most rows of one answer of neutron and of nova's hypervisors. `absent`: types of
    services that the catalog has not (volumev3, network, ...). `unversioned`: its endpoints name no versions.
    `others`: so many services more, of which nobody knows anything but that they are in the catalog.
    `filtered`: neutron hides its agents from the account: an empty list, with 200.
    """

    folder: Path
    lists: dict[str, Rows] = field(default_factory=dict)
    newest: Version = (2, 93)
    page_size: int | None = None
    absent: set[str] = field(default_factory=set)
    unversioned: bool = False
    others: int = 0
    filtered: bool = False
    password: str = PASSWORD
    asked: list[Asked] = field(default_factory=list)
    logins: int = 0
    at_once: int = 0
    most_at_once: int = 0
    _tokens: set[str] = field(default_factory=set)
    _inflicted: list[_Infliction] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clouds_file = self.folder / "clouds.yaml"
        for command, (name, file) in LISTS.items():
            self.lists.setdefault(command, captured(file, name))

    @property
    def auth_url(self) -> str:
        """Where one logs in."""
        return f"{self.origin}/identity/v3"

    @property
    def target(self) -> SdkTarget:
        """How to ask it."""
        return SdkTarget(CLOUD, str(self.clouds_file))

    def start(self) -> None:
        """See Served; its clouds.yaml is written anew."""
        super().start()
        self.write_clouds()

    def login(self) -> dict[str, str]:
        """What `auth` of a clouds.yaml has; in capitals and with OS_ before it, the variables of an environment."""
        return {
            "auth_url": self.auth_url,
            "username": USER,
            "password": self.password,
            "project_name": "admin",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        }

    def write_clouds(self, auth: Mapping[str, str] | None = None, **others: object) -> None:
        """The file, with other values of `auth`, and other fields of the cloud beside it (verify, cacert, ...)."""
        cloud = {"auth": {**self.login(), **(auth or {})}, "region_name": "RegionOne", **others}
        self.clouds_file.write_text(json.dumps({"clouds": {CLOUD: cloud}}), encoding="utf-8")  # JSON is YAML, too
        self.clouds_file.chmod(0o600)

    def inflict(self, fault: Fault, what: str | None = None, times: int | None = None) -> None:
        """Let answers go wrong, that many or until `heal`. `what`: a command, identity, compute, network or volume."""
        self._inflicted.append(_Infliction(fault, what, times))

    def heal(self) -> None:
        """No fault any more; who hangs stays hanging."""
        self._inflicted.clear()

    def forget_tokens(self) -> None:
        """As if all had expired."""
        self._tokens.clear()

    def application(self) -> web.Application:
        """See Served."""

        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._guarded(request, handler)

        app = web.Application(middlewares=[guarded])
        app.router.add_get("/identity", self._versions)
        app.router.add_get("/identity/v3", self._identity)
        app.router.add_get("/identity/v3/", self._identity)
        app.router.add_post("/identity/v3/auth/tokens", self._log_in)
        for path in _VERSIONS:
            app.router.add_get(path, self._placement)
        for path in PATHS:
            app.router.add_get(path, self._list)
        return app

    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Whoever asks: counted, given the fault that is due, and refused without a token."""
        client = request.headers.get("User-Agent", "")
        self.asked.append(Asked(request.method, request.path, answers.microversion(request), client))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        service = request.path.split("/")[1]
        try:
            fault = self._due(service, PATHS.get(request.path))
            if fault is not None:
                return await faulty(fault, service, request)
            guarded = service in _GUARDED and request.path not in _OPEN
            if guarded and request.headers.get("X-Auth-Token") not in self._tokens:
                return answers.refusal(service, 401)
            return await handler(request)
        finally:
            self.at_once -= 1

    def _due(self, service: str, command: str | None) -> Fault | None:
        for infliction in self._inflicted:
            if infliction.what in (None, service, command) and infliction.left != 0:
                infliction.left = None if infliction.left is None else infliction.left - 1
                return infliction.fault
        return None

    async def _versions(self, request: web.Request) -> web.StreamResponse:
        del request
        return web.json_response({"versions": {"values": [answers.identity(self.auth_url)]}}, status=300)

    async def _identity(self, request: web.Request) -> web.StreamResponse:
        del request
        return web.json_response({"version": answers.identity(self.auth_url)})

    async def _placement(self, request: web.Request) -> web.StreamResponse:
        del request
        return web.json_response(answers.placement())

    async def _log_in(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        user = body["auth"]["identity"]["password"]["user"]
        if (user["name"], user["password"]) != (USER, self.password):
            return answers.refusal("identity", 401)
        self.logins += 1
        token = f"token-{self.logins}-of-the-lab"
        self._tokens.add(token)
        catalog = answers.catalog_at(self.origin, self.absent, self.others, unversioned=self.unversioned)
        return web.json_response(answers.token(catalog, PROJECT), status=201, headers={"X-Subject-Token": token})

    async def _list(self, request: web.Request) -> web.StreamResponse:
        command = PATHS[request.path]
        version = answers.microversion(request)
        if version > self.newest:
            return answers.refusal("compute", 406)
        given = self.lists[command]
        rows = given() if callable(given) else given
        if self.filtered and command == "neutron.agents":
            rows = ()
        size = self.page_size if command in _PAGED else None
        return web.json_response(answers.page(LISTS[command][0], answers.listed(command, rows, version), request, size))
