"""What commands share: where the configuration is, and a console that cuts nothing off.

Apart from the command line because groups of commands have files of their own, which it puts together.
"""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

CONFIG = click.option(
    "--config.file", "config_file", type=click.Path(path_type=Path), metavar="FILE",
    help="Configuration (YAML). Without one, this machine alone is watched.",
)  # fmt: skip

_WIDE = 200


def console() -> Console:
    """Tables and readings are not to be cut to the width of a terminal that isn't there."""
    found = Console()
    return found if found.is_terminal else Console(width=_WIDE)
