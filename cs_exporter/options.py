"""What commands share: where the configuration is, and a console that cuts nothing off.

Apart from the command line because groups of commands have files of their own, which it puts together.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console

F = TypeVar("F", bound=Callable[..., object])


def config_option(without: str) -> Callable[[F], F]:
    """The option of the configuration's file; `without`: what happens if none is given."""
    return click.option(
        "--config.file", "config_file", type=click.Path(path_type=Path), metavar="FILE",
        help=f"Configuration (YAML). Without one, {without}.",
    )  # fmt: skip


CONFIG = config_option("this machine alone is watched")

STORAGE = click.option(
    "--storage.path", "storage", type=click.Path(path_type=Path), metavar="DIR",
    help="Folder for what survives a restart: the hosts that clouds have named. Without one, nothing does.",
)  # fmt: skip

_WIDE = 200


def console() -> Console:
    """Tables and readings are not to be cut to the width of a terminal that isn't there."""
    found = Console()
    return found if found.is_terminal else Console(width=_WIDE)
