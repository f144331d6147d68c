"""An HTTP server of the lab: its routes are answered by a loop in a thread of its own, if need be in a host's network.

What the clouds' APIs share; what they answer is theirs.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.lab import linux
from tests.lab.netns import Namespace

BEGUN_DEADLINE = 10.0


@dataclass(kw_only=True)
class Served:
    """`with` one of these it answers at `address` and `port`, which is chosen at the first start.

    `namespace`: a lab host's, whose address it then takes. `tls`: files of its certificate and key.
    """

    address: str = "127.0.0.1"
    port: int = 0
    namespace: Namespace | None = None
    tls: tuple[Path, Path] | None = None
    _loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False)
    _thread: threading.Thread | None = field(default=None, repr=False)

    def application(self) -> web.Application:
        """What answers. Called once for each start, in the server's thread."""
        raise NotImplementedError

    @property
    def origin(self) -> str:
        """Scheme, address and port."""
        return f"{'https' if self.tls else 'http'}://{self.address}:{self.port}"

    def cpu(self) -> float:
        """Seconds of CPU that its thread has had, which are no client's. It has to run."""
        used: Future[float] = Future()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(lambda: used.set_result(time.thread_time()))
        return used.result(BEGUN_DEADLINE)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the port it had before. Raises OSError where that can't be."""
        ready, failed = threading.Event(), list[BaseException]()
        self._thread = threading.Thread(target=self._run, args=(ready, failed), name="cloud api", daemon=True)
        self._thread.start()
        if not ready.wait(BEGUN_DEADLINE):
            raise TimeoutError("the cloud's API did not begin")
        if failed:
            self._thread.join()
            raise failed[0]

    def stop(self) -> None:
        """End it; the port refuses from then on. Harmless when it does not run."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join()
        self._loop = self._thread = None

    def _run(self, ready: threading.Event, failed: list[BaseException]) -> None:
        """The thread's life: everything it opens, connections to a database too, is in the namespace."""
        loop = asyncio.new_event_loop()
        try:
            self._enter()
            runner = loop.run_until_complete(self._listening())
            self._loop = loop
        except OSError as error:
            failed.append(error)
            loop.close()
            return
        finally:
            ready.set()
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    def _enter(self) -> None:
        if self.namespace is not None:
            descriptor = os.open(self.namespace.path, os.O_RDONLY)
            try:
                linux.setns(descriptor, linux.CLONE_NEWNET)
            finally:
                os.close(descriptor)

    async def _listening(self) -> web.AppRunner:
        runner = web.AppRunner(self.application(), access_log=None, handle_signals=False, shutdown_timeout=0.01)
        await runner.setup()
        context = None
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.tls)
        listening = socket.create_server((self.address, self.port))
        self.port = listening.getsockname()[1]
        await web.SockSite(runner, listening, ssl_context=context).start()
        return runner
