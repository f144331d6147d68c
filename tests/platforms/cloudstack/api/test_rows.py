"""Fields of the API's rows: missing ones, flags of both kinds, and dates whose zone is the account's."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.cloudstack.api import rows

MOMENT = 1_775_706_112.0  # 2026-04-09T03:41:52Z


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("2026-04-09T03:41:52+0000", MOMENT),
        ("2026-04-09T09:11:52+0530", MOMENT),
        ("2026-04-08T19:41:52-0800", MOMENT),
        ("2026-04-09T03:41:52Z", MOMENT),
        ("2026-04-09T03:41:52", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_dates(shown: str | None, expected: float | None) -> None:
    """With their offset, in either form; a date without one is none."""
    assert expected == rows.moment({"created": shown}, "created")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        # The example of the issue that this form was found by.
        ("1970-01-21T01:41:28+0000", 1_734_088 * 1.024 * 1000),
        ("1970-01-21T07:11:28+0530", 1_734_088 * 1.024 * 1000),
        ("2026-04-09T03:41:52+0000", MOMENT),
        (None, None),
    ],
)
def test_lastpinged(shown: str | None, expected: float | None) -> None:
    """Ticks that are shown as milliseconds are told by their year."""
    assert expected == rows.connected({"lastpinged": shown})


def test_texts_and_flags() -> None:
    """What is missing is empty, or false."""
    row = {"name": "kvm1", "count": 7, "readonly": True, "other": "TRUE", "none": None}
    assert ["kvm1", "7", "", ""] == [rows.text(row, name) for name in ("name", "count", "none", "missing")]
    assert [True, True, False, False] == [rows.flag(row, name) for name in ("readonly", "other", "name", "missing")]
