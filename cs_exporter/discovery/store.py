"""The last inventory of every cloud, in a file: after a restart hosts are watched at once, the cloud's answer or not.

It holds names, addresses and places and no secret; one that can't be used is a line in the log, and is done without.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import structlog
from pydantic import FiniteFloat, TypeAdapter, ValidationError

from cs_exporter.config.errors import ConfigError
from cs_exporter.model import CloudHost

FILE = "inventory.json"
LARGEST = 256 * 1024 * 1024
"""Bytes that are read at most; a host takes less than a kilobyte."""

MODE = 0o600

Clouds = Mapping[str, tuple[CloudHost, ...]]
"""Source -> its hosts: a platform, or PLATFORM.CELL."""

log = structlog.get_logger(__name__)


def _no_times() -> Mapping[str, float]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Stored:
    """What survives a restart; `complete`: source -> its last complete answer, seconds since the epoch, if known."""

    hosts: Clouds
    complete: Mapping[str, float] = field(default_factory=_no_times)


NOTHING = Stored(MappingProxyType({}))


@dataclass(frozen=True)
class _Document:
    """What the file holds. Another version of it is not read; `complete` is missing in files of before it was kept."""

    format: Literal["cs_exporter inventory"]
    version: Literal[1]
    platforms: dict[str, tuple[CloudHost, ...]]
    complete: dict[str, FiniteFloat] = field(default_factory=dict)


_SHAPE = TypeAdapter(_Document)


def usable(folder: Path) -> Path:
    """The folder of --storage.path, made where it is missing. Raises ConfigError where nothing can be kept there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _mistake(folder, f"can't be made: {error.strerror}; choose another folder") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _mistake(folder, "may not be written to; give it to the user that cs_exporter runs as")
    return folder


def _mistake(folder: Path, message: str) -> ConfigError:
    return ConfigError("--storage.path", "", f"{str(folder)!r} {message}")


class Store:
    """The file in a folder that exists. It blocks: not for the event loop's thread."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def read(self) -> Stored:
        """What was written last; nothing where there is no such file, or none that can be used."""
        try:
            with self._file.open("rb") as file:
                text = file.read(LARGEST + 1)
            if len(text) > LARGEST:
                return self._useless(f"it has more than {LARGEST} bytes")
            found = _SHAPE.validate_json(text)
            return Stored(found.platforms, found.complete)
        except FileNotFoundError:
            return NOTHING
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            return self._useless(f"{place}: {first['msg']}" if place else first["msg"])
        except OSError as error:
            return self._useless(error.strerror or str(error))

    def write(self, stored: Stored) -> bool:
        """Replace the file in one step, so that it is whole whenever the power fails. What goes wrong is logged.

        Whether it has been written; a disk that is full now need not be so at the next answer.
        """
        document = _Document("cs_exporter inventory", 1, dict(stored.hosts), dict(stored.complete))
        text = json.dumps(document, default=_plain).encode()
        new = self._file.with_suffix(".new")
        try:
            number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, MODE)
            with open(number, "wb") as file:  # noqa: PTH123 (of a descriptor)
                os.fchmod(number, MODE)
                file.write(text)
                file.flush()
                os.fsync(number)
            new.replace(self._file)
        except OSError as error:
            log.warning(
                "the inventory could not be stored; after a restart it comes from the cloud alone",
                file=str(self._file),
                error=error.strerror,
            )
            return False
        return True

    def _useless(self, why: str) -> Stored:
        log.warning(
            "the stored inventory can't be used; hosts come from the cloud's first answer",
            file=str(self._file),
            error=why,
        )
        return NOTHING


def _plain(value: object) -> object:
    """What JSON has no word for, in words that it has."""
    if is_dataclass(value):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no place in the store")
