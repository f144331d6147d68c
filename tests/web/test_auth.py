"""Passwords: right ones are let in and remembered, wrong ones never, and a flood of them is turned away."""

from __future__ import annotations

import asyncio
import base64

import bcrypt
import pytest

from cs_exporter.web.auth import REMEMBERED, WAITING_CHECKS, Authenticator, TooManyChecksError


def hashed(password: str, cost: int = 4) -> bytes:
    """A hash that is quick to check."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost))


def basic(user: str, password: str) -> str:
    """An Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


USERS = {"anna": hashed("größe:1"), "bob": hashed("2" * 72)}


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        (basic("anna", "größe:1"), True),
        (basic("anna", "größe:1").replace("Basic", "basic"), True),
        (basic("bob", "2" * 72), True),
        (basic("bob", "2" * 72 + "no hash sees this"), True),
        (basic("anna", "wrong"), False),
        (basic("anna", "2" * 72), False),
        (basic("carla", "größe:1"), False),
        (basic("", ""), False),
        (basic("anna", "a\0b"), False),
        ("", False),
        ("Basic", False),
        ("Basic !!!", False),
        ("Basic " + base64.b64encode(b"no colon").decode(), False),
        ("Basic " + base64.b64encode(b"\xff:\xff").decode(), False),
        ("Bearer " + base64.b64encode("anna:größe:1".encode()).decode(), False),
    ],
)
async def test_who_is_let_in(header: str, *, allowed: bool) -> None:
    """A user of the file with his password, and nobody else; asked twice, so remembered or not."""
    authenticator = Authenticator(USERS)
    assert [allowed, allowed] == [await authenticator.allows(header) for _ in range(2)]


async def test_without_users_everyone_is_let_in() -> None:
    """No file, no question."""
    assert await Authenticator({}).allows("")


async def test_a_right_password_is_checked_once() -> None:
    """A scrape every few seconds must not cost a tenth of a second of a processor each."""
    authenticator = Authenticator({"anna": hashed("1", cost=10)})
    loop = asyncio.get_running_loop()
    took = []
    for _ in range(2):
        begun = loop.time()
        assert await authenticator.allows(basic("anna", "1"))
        took.append(loop.time() - begun)
    assert took[1] < took[0] / 10


async def test_what_is_remembered_is_bounded_and_the_oldest_goes_first() -> None:
    """Many users of one server do not grow it."""
    users = {f"user{number}": hashed("1") for number in range(REMEMBERED + 1)}
    authenticator = Authenticator(users)
    for user in users:
        assert await authenticator.allows(basic(user, "1"))
    assert REMEMBERED == len(authenticator._known)
    assert await authenticator.allows(basic("user0", "1"))


async def test_a_flood_of_wrong_passwords_is_turned_away() -> None:
    """Only so many wait to be checked; who is known is let in all the same."""
    authenticator = Authenticator({"anna": hashed("1", cost=8)})
    assert await authenticator.allows(basic("anna", "1"))
    flood = [authenticator.allows(basic("anna", f"wrong {number}")) for number in range(WAITING_CHECKS + 5)]
    waiting = [asyncio.ensure_future(one) for one in flood]
    await asyncio.sleep(0)
    assert await authenticator.allows(basic("anna", "1"))
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert WAITING_CHECKS == ended.count(False)
    assert 5 == sum(isinstance(one, TooManyChecksError) for one in ended)
    assert not await authenticator.allows(basic("anna", "wrong again"))
