"""The demo as a whole: the small cloud, the exporter as a process, a Prometheus, an Alertmanager, and what is asked.

One thread: requests to break and to heal are served between two looks at what is red.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from cs_exporter.config import load
from cs_exporter.inventory import build_inventory
from tests.demo.alerting import Place as Addresses
from tests.demo.alerting import alerting
from tests.demo.broken import Broken, DemoError
from tests.demo.cloud import Cloud
from tests.demo.control import Control, Taken, Words
from tests.demo.pace import DEMO
from tests.demo.telling import Telling
from tests.demo.terminal import say, write
from tests.demo.watching import Watching
from tests.lab import DEBIAN_PACKAGES
from tests.lab.control import LabError
from tests.lab.lab import missing_programs
from tests.lab.wait import WaitedInVain, wait_until

EVERY, START_DEADLINE, END_DEADLINE = 2.0, 30.0, 10.0
GROUPING = DEMO.interval
"""Seconds for which Alertmanager gathers what belongs together: what another probe says comes one interval later."""

PATIENCE = 1.5 * DEMO.interval
"""One run in vain on a busy machine is no news, and is over by then."""

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

SERVERS = ("prometheus", "prometheus-alertmanager")
"""Programs, and the Debian packages that have them."""

PURPOSES = {
    "ms": "management server",
    "db": "database (MariaDB)",
    "nf": "NFS storage (ganesha), behind the router",
    "kv": "hypervisor",
}


@dataclass(frozen=True)
class Place:
    """Where the demo's own servers listen, and the name under which it is asked."""

    address: str
    exporter: int
    prometheus: int
    alertmanager: int
    control: str

    @property
    def ports(self) -> dict[str, int]:
        """Flag -> the port that it says."""
        return {
            "--exporter-port": self.exporter,
            "--prometheus-port": self.prometheus,
            "--alertmanager-port": self.alertmanager,
        }


class Ended(BaseException):
    """A signal asked for the end."""


def check(place: Place) -> None:
    """Raise DemoError if the demo can't be built here."""
    if os.geteuid() != 0:
        raise DemoError("the demo makes network namespaces, which needs root; type: sudo make demo")
    missing = [*missing_programs(), *(name for name in SERVERS if shutil.which(name) is None)]
    if missing:
        packages = " ".join((*DEBIAN_PACKAGES, *SERVERS))
        raise DemoError(f"{', '.join(missing)}: not here; apt-get install --no-install-recommends {packages}")
    _try_out(place.address, 0, "--address")
    flags: dict[int, str] = {}
    for flag, port in place.ports.items():
        if not 1 <= port <= 65535:
            raise DemoError(f"{flag}={port}: a port is a number from 1 to 65535")
        other = flags.setdefault(port, flag)
        if other != flag:
            raise DemoError(f"{other} and {flag}: both are {port}, and each needs its own")
    for port, flag in flags.items():
        _try_out(place.address, port, flag)


def _try_out(address: str, port: int, flag: str) -> None:
    """Raise DemoError if nothing can listen there; port 0 is any."""
    with contextlib.closing(socket.socket()) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
        except OSError as error:
            if not port:
                raise DemoError(f"{flag}={address}: no IPv4 address of this machine; see: ip address") from None
            raise DemoError(
                f"port {port} of {address}: {error.strerror}; choose another one: make demo ARGS={flag}={port + 1}"
            ) from None


def run(place: Place) -> None:
    """Build it, say where it is, and run until a signal ends it. Raises DemoError."""
    with ExitStack() as stack:
        try:
            control = stack.enter_context(Control(place.control))
        except Taken:
            raise DemoError("a demo runs already; end that one with Ctrl-C first") from None
        check(place)
        try:
            with _until_signalled():
                _run(place, control, stack)
        except Ended:
            say("ending: the cloud is taken down")


def _run(place: Place, control: Control, stack: ExitStack) -> None:
    say("building the cloud: 12 machines, two of them with kernels of their own")
    try:
        cloud = stack.enter_context(Cloud(DEMO))
    except (LabError, WaitedInVain) as error:
        raise DemoError(f"the cloud could not be built: {error}") from error
    file = cloud.directory / "cs_exporter.yml"
    file.write_text(json.dumps(cloud.configuration(), indent=1), encoding="utf-8")
    exporter = f"{place.address}:{place.exporter}"
    stack.enter_context(_exporter(cloud, file, exporter))
    addresses = [f"{place.address}:{port}" for port in place.ports.values()]
    way = alerting(cloud.directory, file, Addresses(*addresses), every=EVERY, grouping=GROUPING)
    told = stack.enter_context(way)
    broken = Broken(cloud)
    stack.callback(_mend, broken)
    watching, telling = Watching(told.prometheus.query, build_inventory(load(file)), PATIENCE, say), Telling(say)
    write(_guide(cloud, file, *addresses))
    while True:
        watching.look()
        telling.look(told.receiver.got)
        control.serve(lambda words: _answer(words, broken, watching), EVERY)


def _mend(broken: Broken) -> None:
    """What is broken is mended before its machines go, since their own ends ask them."""
    try:
        broken.heal()
    except DemoError as error:
        say(str(error))


def _guide(cloud: Cloud, file: Path, exporter: str, prometheus: str, alertmanager: str) -> Iterator[str]:
    """What is printed once all is up."""
    yield ""
    yield f"  cs_exporter   http://{exporter}/"
    yield f"  Prometheus    http://{prometheus}/"
    yield f"  Alertmanager  http://{alertmanager}/"
    yield ""
    for name in cloud.watched:
        own = ", User-Mode-Linux with the pool mounted" if name in cloud.kernels else ""
        yield f"  {name:<6} {cloud.machine(name).address:<14} {PURPOSES[name[:2]]}{own}"
    yield ""
    yield "In another terminal:"
    yield ""
    yield "  make demo-break FAULT=nfs HOST=kvm2     break something (without FAULT: all that can be broken)"
    yield "  make demo-heal                          mend it"
    yield "  make demo-status                        what is broken, and what holds"
    yield f"  curl -s http://{exporter}/metrics | grep '^cs_nfs_mount_state'"
    yield f"  .venv/bin/cs-exporter probe nfs_mounts kvm2 --config.file={file}"
    yield ""
    yield f"Time is short here: agents ping each {DEMO.ping:g} s and are given up after {DEMO.limit:g} s of silence"
    yield "(usually 60 and 140), and limits have shrunk with that, whatever times the texts name."
    yield ""
    yield "Ctrl-C ends it. From here on each symptom is a line, as it comes and as it goes,"
    yield "so is each host of which nothing is learnt, since its runs fail, and what somebody would be told"
    yield "by then: PAGED for what can't wait, TICKET for what can."
    yield ""


@contextlib.contextmanager
def _exporter(cloud: Cloud, file: Path, listen: str) -> Iterator[None]:
    """cs-exporter as a process, on this machine's own network; it ends with the demo, however that ends.

    In the lab's /dev/shm: what the library that gives it its clock leaves there goes with the lab.
    """
    log = file.with_name("cs_exporter.log")
    settings = [f"{name}={value}" for name, value in cloud.exporter_environment().items()]
    argv = [sys.executable, "-m", "cs_exporter", "run", f"--config.file={file}", f"--web.listen-address={listen}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *cloud.lab.enter(["env", *settings, *argv], place=None)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def announced() -> bool:
        said = log.read_text(encoding="utf-8")
        if process.poll() is not None:
            raise DemoError(f"cs-exporter has ended: {said.strip()[-500:]}")
        return "url=" in said

    try:
        wait_until(announced, START_DEADLINE, "cs-exporter to say where it is")
        yield
    finally:
        process.terminate()
        try:
            process.wait(END_DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answer(words: Words, broken: Broken, watching: Watching) -> Words:
    """Do what is asked, and say so. `lines` are for whoever asked; an `error` is a mistake of theirs."""
    name, host = words.get("fault", ""), words.get("host", "")
    try:
        if words.get("do") == "break":
            placed = broken.add(name, host)
            say(f"BROKEN    {placed}: {placed.fault.tells}")
            return {"lines": [f"broken: {placed}: {placed.fault.tells}"]}
        if words.get("do") == "heal":
            healed = broken.heal(name, host)
            for one in healed:
                say(f"HEALED    {one}")
            return {"lines": [f"healed: {one}" for one in healed] or ["nothing is broken"]}
    except DemoError as error:
        return {"error": str(error)}
    held = [f"broken: {one}" for one in broken] or ["nothing is broken"]
    return {"lines": [*held, *(watching.holding or ["no symptom holds, and no run fails"])]}


@contextlib.contextmanager
def _until_signalled() -> Iterator[None]:
    """The first signal that asks for the end raises Ended; those after it change nothing, all being taken down."""

    def end(_number: int, _frame: FrameType | None) -> None:
        for each in ENDING:
            signal.signal(each, signal.SIG_IGN)
        raise Ended

    for number in ENDING:
        signal.signal(number, end)
    yield
