"""A stand-in for the daemon, a real server in front of it on a free port, and a client to ask it.

The stand-in keeps a real board and a real history; only what would ask hosts or read files is replaced.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cs_exporter.board import Board, Snapshot
from cs_exporter.config.errors import ConfigError
from cs_exporter.history import History
from cs_exporter.model import Outcome
from cs_exporter.spec import AnyDerived, AnySpec
from cs_exporter.web.options import WebOptions, web_options
from cs_exporter.web.server import WebServer
from tests.exposition.stubs import MEAN, NOW, Weights, board_of, outcome, sheet

LOCAL = ("127.0.0.1:0",)


@dataclass
class StubDaemon:
    """A daemon whose hosts are kvm1 and kvm2; runs wait for `may_run`, and give `answer`."""

    board: Board = field(default_factory=board_of)
    history: History = field(default_factory=History)
    probes: Sequence[AnySpec] = (sheet(), sheet("height", "cs_height"))
    derived: Sequence[AnyDerived] = (MEAN,)
    series_limit: int = 500
    now: float = NOW
    answer: object = Weights(70.0)
    bad_file: ConfigError | None = None
    runs: list[tuple[str, str, float]] = field(default_factory=list)
    reloads: int = 0
    snapshots: int = 0
    may_run: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_run.set()

    def snapshot(self) -> Snapshot:
        """The board, at the time all its outcomes end."""
        self.snapshots += 1
        return self.board.snapshot(self.now)

    async def run_probe(self, probe: str, host: str, timeout: float) -> Outcome:  # noqa: ASYNC109  # the protocol's name
        """Give the answer when runs may end."""
        self.runs.append((probe, host, timeout))
        await self.may_run.wait()
        return outcome(self.answer, host, probe)

    async def reload(self) -> None:
        """Count, or refuse the file."""
        if self.bad_file:
            raise self.bad_file
        self.reloads += 1

    def shown_config(self) -> str:
        """A little YAML."""
        return "hosts: []\n"


@dataclass(frozen=True)
class Reply:
    """An answer of the server."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


@dataclass
class Client:
    """Asks one server; redirects are not followed and nothing is decompressed."""

    session: aiohttp.ClientSession
    url: str

    async def ask(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Reply:
        """One request."""
        wanted = {"Accept-Encoding": "identity", **(headers or {})}
        async with self.session.request(method, f"{self.url}{path}", headers=wanted, allow_redirects=False) as reply:
            return Reply(reply.status, reply.headers, await reply.read())


@asynccontextmanager
async def client(url: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[Client]:
    """A client with connections of its own."""
    connector = aiohttp.TCPConnector(ssl=tls) if tls else aiohttp.TCPConnector()
    deadline = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False, timeout=deadline) as session:
        yield Client(session, url)


@asynccontextmanager
async def running(daemon: StubDaemon, options: WebOptions | None = None) -> AsyncIterator[WebServer]:
    """A started server, on a free port of this machine unless the options say otherwise."""
    server = WebServer(daemon, options or web_options(LOCAL))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def serving(daemon: StubDaemon | None = None, options: WebOptions | None = None) -> AsyncIterator[Client]:
    """A client of a started server that speaks plain HTTP."""
    async with running(daemon or StubDaemon(), options) as server, client(f"http://{server.addresses[0]}") as asking:
        yield asking


@dataclass(frozen=True)
class Certified:
    """A certificate and its key in PEM files."""

    certificate: Path
    key: Path


def certificate(folder: Path, name: str, issuer: Certified | None = None, password: bytes | None = None) -> Certified:
    """A new certificate for 127.0.0.1, its own issuer unless one is given, valid for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    signer, signed_by = (key, subject) if issuer is None else _signer(issuer)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signed_by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )
    pair = Certified(folder / f"{name}.crt", folder / f"{name}.key")
    pair.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    pair.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    return pair


def _signer(issuer: Certified) -> tuple[ec.EllipticCurvePrivateKey, x509.Name]:
    key = serialization.load_pem_private_key(issuer.key.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{issuer.key} holds another kind of key")
    return key, x509.load_pem_x509_certificate(issuer.certificate.read_bytes()).subject
