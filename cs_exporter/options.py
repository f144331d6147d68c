"""What commands share: where the configuration is, and a console that cuts nothing off.

Apart from the command line because groups of commands have files of their own, which it puts together.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console

from cs_exporter.config import ConfigError

F = TypeVar("F", bound=Callable[..., object])


DEFAULT_CONFIG = Path("/etc/cs_exporter/cs_exporter.yml")
"""Where deploy/systemd and the image have the configuration; on such a machine it need not be named."""


@dataclass(frozen=True, slots=True)
class Before:
    """Options that stand before a command and count for it too."""

    config_file: Path | None = None
    storage: Path | None = None

    def config(self, own: Path | None) -> Path | None:
        """The configuration's file: the command's own option, the one before it, or where there is one the usual."""
        return own or self.config_file or (DEFAULT_CONFIG if os.path.isfile(DEFAULT_CONFIG) else None)  # noqa: PTH113  # never raises

    def kept(self, own: Path | None) -> Path | None:
        """The folder of the store, for whoever only reads there. Raises ConfigError where it is no folder."""
        folder = own or self.storage
        if folder is not None and not os.path.isdir(folder):  # noqa: PTH112  # never raises
            raise ConfigError("--storage.path", "", f"{str(folder)!r} is no folder that can be read; name the daemon's")
        return folder


def config_option(without: str) -> Callable[[F], F]:
    """The option of the configuration's file; `without`: what happens if none is given."""
    return click.option(
        "--config.file", "config_file", type=click.Path(path_type=Path), metavar="FILE",
        help=f"Configuration (YAML). Without one, {without}.",
    )  # fmt: skip


CONFIG = config_option(f"{DEFAULT_CONFIG} counts, and where there is none this machine alone is watched")

STORAGE = click.option(
    "--storage.path", "storage", type=click.Path(path_type=Path), metavar="DIR",
    help="Folder for what survives a restart: the hosts that clouds have named. Without one, nothing does.",
)  # fmt: skip

STORED = click.option(
    "--storage.path", "storage", type=click.Path(path_type=Path), metavar="DIR",
    help="Folder in which the daemon stores hosts; they are read there where their cloud can't be asked.",
)  # fmt: skip

_WIDE = 200


def console() -> Console:
    """Tables and readings are not to be cut to the width of a terminal that isn't there."""
    found = Console()
    return found if found.is_terminal else Console(width=_WIDE)
