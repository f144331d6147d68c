"""The transcript of what a cloud's API was asked: commands, elements in short, failures, and no secrets."""

from __future__ import annotations

import pytest

from cs_exporter.model import Reason
from cs_exporter.ports import ApiError, ApiRow
from cs_exporter.transports.transcript.transcript import noted
from tests.world import io


class Listing:
    """An API that gives these elements, and then refuses."""

    def __init__(self, *rows: ApiRow) -> None:
        self._answers = [rows]

    async def listed(self, command: str, deadline: float, **arguments: str) -> tuple[ApiRow, ...]:
        """See ports.CloudApi."""
        del deadline, arguments
        if not self._answers:
            raise ApiError(Reason.DENIED, f"{command}: not for you (401)", 401)
        return self._answers.pop()


async def test_commands_and_elements_are_noted() -> None:
    """Each in one line, with what was asked; then why there was nothing."""
    lines: list[str] = []
    api = noted(io(api=Listing({"name": "a\nb", "count": 7})), lines.append).api
    await api.listed("listHosts", 1, details="min")
    with pytest.raises(ApiError):
        await api.listed("listPods", 1)
    assert [
        "> api: listHosts details=min",
        "< 1 element",
        "<     name=a b  count=7",
        "> api: listPods",
        "< failed: denied: listPods: not for you (401)",
    ] == [line.partition("   (")[0] for line in lines]


async def test_many_and_long_elements_are_shortened() -> None:
    """A cloud has thousands of hosts."""
    lines: list[str] = []
    await noted(io(api=Listing(*[{"name": "x" * 1000}] * 50)), lines.append).api.listed("listHosts", 1)
    assert "<     and 30 more" == lines[-1]
    assert all(len(line) < 220 for line in lines)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("nfs://192.0.2.41/export", "nfs://192.0.2.41/export"),
        ("cifs://u:p@192.0.2.41/share?user=u&password=p", "cifs://...192.0.2.41/share..."),
    ],
)
async def test_urls_lose_their_secrets(url: str, shown: str) -> None:
    """A transcript is pasted into tickets."""
    lines: list[str] = []
    await noted(io(api=Listing({"url": url})), lines.append).api.listed("listImageStores", 1)
    assert f"<     url={shown}" == lines[-1]
