"""The lab itself: quick to build, real to log in to, and nothing of it left behind."""

from __future__ import annotations

import asyncio

import pytest

from tests.lab.lab import Lab

pytestmark = pytest.mark.lab


async def test_every_host_lets_the_polling_account_in(lab: Lab) -> None:
    """All hosts answer a command over a real SSH connection, made straight from the test process."""

    async def name_of(host: str) -> object:
        async with lab.connect(lab.hosts[host]) as connection:
            return (await connection.run("uname -n; id -un", check=True)).stdout

    names = await asyncio.gather(*map(name_of, lab.hosts))
    assert [f"{name}\ncsmon\n" for name in lab.hosts] == names
