"""The README's pictures are there, are pictures, and are small; and they can be taken again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.browser import browser
from tests.web.screenshots import LARGEST, SHOTS, take
from tests.web.shown import shown

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("name", [shot.name for shot in SHOTS])
def test_a_picture_is_small(name: str) -> None:
    """So that the page that it illustrates loads."""
    content = (IMAGES / f"{name}.png").read_bytes()
    assert content.startswith(PNG)
    assert len(content) < LARGEST


@pytest.mark.debian
@pytest.mark.heavy
async def test_a_picture_can_be_taken_again(tmp_path: Path) -> None:
    """As wide and as high as it should be."""
    shot = SHOTS[-1]
    async with shown() as served, browser() as tab:
        content = (await take(tab, served, shot, tmp_path)).read_bytes()
    size = tuple(int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    assert (PNG, (shot.width, shot.height)) == (content[:8], size)
