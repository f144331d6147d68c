"""A server program of the end to end tests that answers HTTP: started until it is ready, ended for certain.

What Prometheus and Alertmanager have in common: a folder of their own that goes with them, a log, a port, deadlines.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.lab.wait import wait_until

READY_DEADLINE, END_DEADLINE, ANSWER_DEADLINE = 30.0, 15.0, 20.0
LIMITS = {"GOMEMLIMIT": "200MiB"}
"""Beyond this the collector of garbage works harder; a hundred hosts at one scrape per second need a third of it."""


class ProgramError(Exception):
    """The program ended by itself, or refused a question; says what it said."""


class Program:
    """`with` one of these: it is ready, and gone at the end. A kind of it says its `name`, `argv` and `files`.

    `directory`: where its folder, with configuration, data and log, is made. `listen`: its address and port. `enter`:
    what makes a command line run somewhere else, such as a lab's `enter`.
    """

    name: str
    error: type[ProgramError] = ProgramError

    def __init__(self, directory: Path, listen: str, enter: Callable[[Sequence[str]], list[str]]) -> None:
        self.url = f"http://{listen}"
        self.folder = directory / self.name.lower()
        self.listen = listen
        self._enter = enter
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def argv(self) -> list[str]:
        """Its command line."""
        raise NotImplementedError

    def files(self) -> Mapping[str, str]:
        """What must be in its folder before it starts: name -> text."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it and wait until it answers. Raises WaitedInVain with its last words if it does not."""
        self.folder.mkdir(parents=True)
        for name, text in self.files().items():
            (self.folder / name).write_text(text, encoding="utf-8")
        with (self.folder / "log").open("wb") as output:
            # A session of its own: Ctrl-C in a terminal is for whoever started it, and that one ends it in order.
            self._process = subprocess.Popen(
                self._enter(["setpriv", "--pdeathsig", "KILL", *self.argv()]),
                env={**os.environ, **LIMITS},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            wait_until(self._ready, READY_DEADLINE, f"{self.name} to be ready")
        except BaseException as error:
            error.add_note(self.log()[-2000:])
            self.stop()
            raise

    def stop(self) -> None:
        """End it, by force if it takes too long, and remove its folder. Harmless when it does not run."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(END_DEADLINE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """All that it has said so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def http(self, method: str, path: str, body: str | None = None, kind: str = "") -> tuple[int, bytes]:
        """Status and body of its answer; `kind`: the content type of `body`."""
        with closing(HTTPConnection(self.listen, timeout=ANSWER_DEADLINE)) as connection:
            connection.request(method, path, body, {} if body is None else {"Content-Type": kind})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def _ready(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise self.error(f"{self.name} ended with status {self._process.returncode}")
        try:
            status, _ = self.http("GET", "/-/ready")
        except OSError:
            return False
        return status == HTTPStatus.OK
