"""The bundle of ports: a test's world answers only for what the test foresaw."""

from __future__ import annotations

import pytest

from tests.world import io


async def test_a_port_that_is_not_given_fails_loudly() -> None:
    """A probe that asks more than its test knows must not pass."""
    with pytest.raises(AssertionError, match="login"):
        await io().sql.login(1.0)
