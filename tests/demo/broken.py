"""The faults that hold in the small cloud now: brought about by name, refused where they can't be, mended again.

Whatever a user gets wrong is one line (`DemoError`).
"""

from __future__ import annotations

import difflib
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pymysql

from tests.demo.catalogue import FAULTS, NICKNAMES
from tests.demo.cloud import Cloud
from tests.demo.fault import HERE, Fault
from tests.lab.control import LabError


class DemoError(Exception):
    """A user's mistake, told in one line with its mend."""


@dataclass(frozen=True)
class Placed:
    """A fault on a host."""

    fault: Fault
    host: str

    def __str__(self) -> str:
        return f"{self.fault.name} on {self.host}"

    @property
    def takes(self) -> str:
        """What it takes hold of."""
        return (self.fault.part or f"{self.fault.name} on {HERE}").replace(HERE, self.host)


class Broken:
    """What holds now."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._held: dict[Placed, AbstractContextManager[object]] = {}

    def __iter__(self) -> Iterator[Placed]:
        return iter(self._held)

    def add(self, name: str, host: str) -> Placed:
        """Bring about a fault, on its usual host if none is named. Raises DemoError."""
        fault = named(name)
        placed = Placed(fault, host or fault.hosts[0])
        if placed.host not in fault.hosts:
            where = ", ".join(fault.hosts)
            raise DemoError(f"{fault.name} can't be put on {placed.host!r}, but on {where}")
        for other in self._held:
            if other.takes == placed.takes:
                raise DemoError(f"{other} holds already: heal that first")
        manager = fault.breaks(self._cloud, placed.host)
        with _told(f"{placed} could not be brought about"):
            manager.__enter__()
        self._held[placed] = manager
        return placed

    def heal(self, name: str = "", host: str = "") -> list[Placed]:
        """Mend all faults, or those of that name, or that one; the latest first. Raises DemoError if there is none."""
        fault = named(name) if name else None
        chosen = [one for one in self._held if fault in (None, one.fault) and host in ("", one.host)]
        if not chosen and (name or host):
            if not fault:
                raise DemoError(f"nothing is broken on {host!r}")
            raise DemoError(f"{' on '.join(filter(None, (fault.name, host)))} is not broken")
        for placed in reversed(chosen):
            with _told(f"{placed} could not be mended in full"):
                self._held.pop(placed).__exit__(None, None, None)
        return chosen


@contextmanager
def _told(what: str) -> Iterator[None]:
    """What the lab can't do is one line too: another fault may stand in the way."""
    try:
        yield
    except (LabError, AssertionError, OSError, subprocess.SubprocessError, pymysql.err.Error) as error:
        words = str(error).partition("\n")[0] or type(error).__name__
        raise DemoError(f"{what}: {words}; if it stays so, end the demo and start it anew") from error


def named(name: str) -> Fault:
    """The fault of that name or nickname. Raises DemoError, with what may have been meant."""
    names = {fault.name: fault for fault in FAULTS}
    fault = names.get(NICKNAMES.get(name, name))
    if fault is None:
        raise DemoError(
            f"no fault is called {name!r}{_like(name, (*names, *NICKNAMES))}; without a name all are listed"
        )
    return fault


def possible(host: str = "") -> list[Fault]:
    """The faults that can be put on a host, or all. Raises DemoError if there is none."""
    found = [fault for fault in FAULTS if host in ("", *fault.hosts)]
    if not found:
        hosts = sorted({each for fault in FAULTS for each in fault.hosts})
        raise DemoError(f"nothing can be broken on {host!r}, but on {', '.join(hosts)}")
    return found


def _like(word: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
