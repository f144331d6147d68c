"""Takes the pictures of the status page that the README shows: `python -m tests.web.screenshots docs/images`.

From the planted cloud in trouble, so that they can be taken again whenever the page changes, by anybody.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.web.browser import Tab, browser
from tests.web.clouds import mounts
from tests.web.shown import Shown, shown


@dataclass(frozen=True)
class Shot:
    """One picture: what it shows, on what kind of screen."""

    name: str
    width: int
    height: int
    path: str = "/"
    phone: bool = False
    dark: bool = False


SHOTS = (
    Shot("status-light", 1280, 660),
    Shot("status-dark", 1280, 660, dark=True),
    Shot("status-phone", 390, 844, phone=True),
)
LARGEST = 150_000
"""Bytes of one picture: more is slow to load on the page it illustrates."""


async def take(tab: Tab, served: Shown, shot: Shot, folder: Path) -> Path:
    """One picture, as a PNG file in that folder."""
    await tab.look(shot.width, shot.height, phone=shot.phone, dark=shot.dark)
    await tab.open(served.url + shot.path)
    path = folder / f"{shot.name}.png"
    path.write_bytes(await tab.picture())
    return path


async def all_of_them(folder: Path) -> list[Path]:
    """Every picture."""
    async with shown() as served, browser() as tab:
        served.happens("kvm-fra1-007", "nfs_mounts", mounts("readonly", pool=1))
        return [await take(tab, served, shot, folder) for shot in SHOTS]


def main() -> None:
    """Say what was written."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for path in asyncio.run(all_of_them(folder)):
        print(path, path.stat().st_size)  # noqa: T201  # a command's answer


if __name__ == "__main__":
    main()
