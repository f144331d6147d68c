"""Collectors over SSH (asyncssh): one connection per host with one session on it, host keys verified.

Every way in which a host can fail to answer is told apart here, phase by phase: name, TCP, banner, key exchange and
login, shell. The handshakes, which cost processor time, are paced; waiting for a dead host holds nobody up.
"""

from __future__ import annotations

import asyncio
import functools
import os
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import structlog

from cs_exporter.model import CollectorMode, Host, Login, ProbeFailed, Reason, SshTarget
from cs_exporter.ports import Clock, Counters
from cs_exporter.transports.collector.session import CollectorSession
from cs_exporter.transports.reasons import from_os_error
from cs_exporter.transports.ssh.errors import Phase, failure_of
from cs_exporter.transports.ssh.forward import Forward
from cs_exporter.transports.ssh.greeting import greeted
from cs_exporter.transports.ssh.known_hosts import KnownHosts, Trusted, read_known_hosts
from cs_exporter.transports.ssh.pacer import HandshakePacer, silence_of
from cs_exporter.transports.tcp import connected

log = structlog.get_logger(__name__)

FORCED_COMMAND = "cs_exporter-collector"
"""Asked for where the account's forced command is the collector: sshd runs that one, whatever is asked for."""


Loader = Callable[[str], object]
"""Reads a file. Raises OSError or ValueError."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    changed: float
    value: object


class KeyFiles:
    """Client keys and known_hosts files, parsed once and again when the file changes."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[Loader, str], _Loaded] = {}
        self._one_at_a_time = asyncio.Lock()

    def client_key(self, path: str) -> asyncssh.SSHKey:
        """The private key in `path`. Raises ProbeFailed(command) where it can't be read."""
        key = self._load(asyncssh.read_private_key, path)
        assert isinstance(key, asyncssh.SSHKey)  # noqa: S101 (narrows a type)
        return key

    async def known_hosts(self, path: str) -> KnownHosts:
        """The known hosts in `path`. Raises ProbeFailed(command) where it can't be read; bad lines are logged."""
        if (_known_hosts, path) in self._loaded and not self._has_changed(path):
            return self._known(path)
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._known, path)

    async def trusted(self, known: KnownHosts, host: Host, peer: str) -> Trusted:
        """The keys known for a host. One at a time is looked for, so that threads are left for others."""
        wanted = (host.name, host.address, peer, host.ssh.port)
        found = known.found(*wanted)
        if found is None:
            async with self._one_at_a_time:
                found = await asyncio.to_thread(known.trusted, *wanted)
        return found

    def _known(self, path: str) -> KnownHosts:
        known = self._load(_known_hosts, path)
        assert isinstance(known, KnownHosts)  # noqa: S101 (narrows a type)
        return known

    def _has_changed(self, path: str) -> bool:
        with suppress(OSError):
            return Path(path).stat().st_mtime != self._loaded[_known_hosts, path].changed
        return True

    def _load(self, loader: Loader, path: str) -> object:
        try:
            changed = Path(path).stat().st_mtime
            loaded = self._loaded.get((loader, path))
            if loaded is None or loaded.changed != changed:
                loaded = self._loaded[loader, path] = _Loaded(changed, loader(path))
        except OSError as error:
            raise ProbeFailed(Reason.COMMAND, f"{path}: {error.strerror}") from error
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
            raise ProbeFailed(Reason.COMMAND, f"{path}: {error}") from error
        return loaded.value


def _known_hosts(path: str) -> KnownHosts:
    known = read_known_hosts(path)
    if known.bad:
        log.warning("lines of a known_hosts file are left out", file=path, lines=known.problem())
    return known


class _Channel(asyncssh.SSHClientSession[bytes]):
    """Carries an SSH session's streams to a collector session."""

    def __init__(self, session: CollectorSession) -> None:
        self._session = session
        self._how = "the session ended"

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        self._session.received(data, second=datatype == asyncssh.EXTENDED_DATA_STDERR)

    def exit_status_received(self, status: int) -> None:
        self._ended(f"exit status {status}")

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:  # noqa: ARG002, FBT001 (asyncssh's)
        self._ended(f"ended by signal {signal}")

    def _ended(self, how: str) -> None:
        """Its streams may end later, where a worker holds one; before the hello they still say what went wrong."""
        self._how = how
        if self._session.hello is not None:
            self._session.ended(how)

    def connection_lost(self, exc: Exception | None) -> None:
        self._session.ended(str(exc or "") or self._how, broken=exc is not None)


@functools.cache
def _name_own_account() -> None:
    """Spare asyncssh its look into the account database, for the own name and home, of which nothing is used here.

    The user of many a container is not in it, and without descriptors nobody is. An empty name is none (getpass).
    """
    if not any(os.environ.get(name) for name in ("LOGNAME", "USER", "LNAME", "USERNAME")):
        os.environ["LOGNAME"] = "cs_exporter"
    os.environ.setdefault("HOME", os.path.expanduser("~").replace("~", "/"))  # noqa: PTH111 (never raises)


class SshConnector:
    """Makes a collector session on one host. Its deadline is `host.ssh.connect_timeout` for all phases together."""

    def __init__(
        self, host: Host, script: bytes, files: KeyFiles, pacer: HandshakePacer, clock: Clock, counters: Counters
    ) -> None:
        self._host = host
        self._script = script
        self._files = files
        self._pacer = pacer
        self._clock = clock
        self._counters = counters
        _name_own_account()

    async def __call__(self) -> CollectorSession:
        """Connect, log in, start the collector and wait for its hello. Raises ProbeFailed."""
        target = self._host.ssh
        known = await self._known(target)
        key = self._files.client_key(target.key_file) if target.key_file else None
        loop = asyncio.get_running_loop()
        ends = loop.time() + target.connect_timeout
        what = f"{self._host.address} port {target.port}"
        sock = await connected(self._host.address, target.port, what, ends)
        async with AsyncExitStack() as turn:
            try:
                await greeted(sock, what, ends)
                await turn.enter_async_context(self._pacer.turn(functools.partial(silence_of, sock)))
                options = self._options(target, key, await self._trusted(known, sock, what))
            except BaseException:
                sock.close()
                raise
            # The wait for a turn is ours, not the host's: it does not count.
            ends = max(ends, loop.time() + target.connect_timeout / 2)
            connection = await self._login(sock, options, ends)
        return await self._collector(connection, sock, ends)

    async def _known(self, target: SshTarget) -> KnownHosts | None:
        """The known hosts; None where the host's key is not verified. Raises ProbeFailed."""
        if not target.verify_host_key:
            return None
        if target.known_hosts is None:
            raise ProbeFailed(Reason.HOST_KEY, "no known_hosts file is configured; set ssh.known_hosts")
        return await self._files.known_hosts(target.known_hosts)

    async def _trusted(self, known: KnownHosts | None, sock: socket.socket, what: str) -> Trusted | None:
        try:
            peer: str = sock.getpeername()[0]
        except OSError as error:
            raise from_os_error(error, what) from error
        return None if known is None else await self._files.trusted(known, self._host, peer)

    def _options(
        self, target: SshTarget, key: asyncssh.SSHKey | None, trusted: Trusted | None
    ) -> asyncssh.SSHClientConnectionOptions:
        return asyncssh.SSHClientConnectionOptions(
            username=target.user,
            client_keys=[key] if key else None,
            known_hosts=trusted,
            agent_path=None if target.key_file else "",
            config=None,
            gss_host=None,
            x509_trusted_certs=None,
            x509_trusted_cert_paths=[],
            compression_algs=None,
            preferred_auth="publickey",
            kex_algs="^curve25519-sha256",
            encryption_algs="^aes128-gcm@openssh.com",
            keepalive_interval=0,  # a poll is the keepalive
            connect_timeout=None,
            login_timeout=0,
        )

    async def _login(
        self, sock: socket.socket, options: asyncssh.SSHClientConnectionOptions, ends: float
    ) -> asyncssh.SSHClientConnection:
        phase = Phase()
        self._counters.ssh_handshakes += 1
        if not self._host.ssh.verify_host_key:
            log.warning("the host's key is NOT verified (ssh.verify_host_key is false)", host=self._host.name)
        try:
            async with asyncio.timeout_at(ends):
                return await asyncssh.connect(
                    self._host.address, self._host.ssh.port, sock=sock, options=options, client_factory=lambda: phase
                )
        except TimeoutError as error:
            raise ProbeFailed(Reason.TIMEOUT, phase.stuck()) from error
        except (OSError, asyncssh.Error) as error:
            raise failure_of(error, self._host) from error
        finally:
            if not phase.begun:  # the library has not taken the socket yet
                sock.close()

    async def _collector(
        self, connection: asyncssh.SSHClientConnection, sock: socket.socket, ends: float
    ) -> CollectorSession:
        try:
            session = await self._session(connection, ends)
            session.forward = Forward(connection, sock, self._clock, self._counters)
            return await session.greeted(max(1.0, ends - asyncio.get_running_loop().time()))
        except BaseException:
            connection.abort()
            raise

    async def _session(self, connection: asyncssh.SSHClientConnection, ends: float) -> CollectorSession:
        forced = self._host.ssh.mode is CollectorMode.FORCED
        channel: asyncssh.SSHClientChannel[bytes]

        def write(data: bytes) -> None:
            # A channel that has closed says so through its connection_lost as well, with the reason.
            with suppress(BrokenPipeError):
                channel.write(data)

        session = CollectorSession(write, connection.abort, self._clock, self._counters)
        try:
            async with asyncio.timeout_at(ends):
                channel, _ = await connection.create_session(
                    lambda: _Channel(session), FORCED_COMMAND if forced else "exec sh -s", encoding=None
                )
        except TimeoutError as error:
            detail = "logged in, but no session within the deadline"
            raise ProbeFailed(Reason.TIMEOUT, detail, login=Login.FRESH) from error
        except (OSError, asyncssh.Error) as error:
            raise failure_of(error, self._host) from error
        closed = asyncio.ensure_future(connection.wait_closed())
        closed.add_done_callback(lambda _: session.gone.set())
        if not forced:
            session.start(self._script)
        return session
