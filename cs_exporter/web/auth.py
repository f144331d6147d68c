"""Basic authentication against bcrypt hashes (RFC 7617): in a thread, one check at a time, successes remembered.

A check costs a tenth of a second of a processor on purpose; a scrape every few seconds must not pay it each time, and
a flood of wrong passwords must not take the machine.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Mapping

import bcrypt

WAITING_CHECKS = 20
REMEMBERED = 100
_PASSWORD_BYTES = 72
"""bcrypt looks at no more of a password than this."""


class TooManyChecksError(Exception):
    """Raised when so many passwords wait to be checked that one more would only make it worse."""


class Authenticator:
    """Lets in the users it was made with; everyone, if there are none."""

    def __init__(self, users: Mapping[str, bytes]) -> None:
        self._users = dict(users)
        # Someone who does not exist costs a check too, else the time it takes would tell who does.
        self._nobody = next(iter(self._users.values()), b"")
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0

    async def allows(self, authorization: str) -> bool:
        """Whether an Authorization header names a user and his password. Raises TooManyChecksError."""
        if not self._users:
            return True
        user, password = _credentials(authorization)
        if user is None:
            return False
        digest = hashlib.blake2b(f"{user}:{password}".encode(), key=self._key).digest()
        if digest in self._known:
            self._known.move_to_end(digest)
            return True
        if not await self._check(user, password):
            return False
        self._known[digest] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return True

    async def _check(self, user: str, password: str) -> bool:
        if self._waiting >= WAITING_CHECKS:
            raise TooManyChecksError
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                right = await asyncio.to_thread(_matches, password, self._users.get(user, self._nobody))
        finally:
            self._waiting -= 1
        return right and user in self._users


def _matches(password: str, hashed: bytes) -> bool:
    try:
        return bcrypt.checkpw(password.encode()[:_PASSWORD_BYTES], hashed)
    except ValueError:  # a NUL in the password: no tool makes a hash of that
        return False


def _credentials(authorization: str) -> tuple[str | None, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None, ""
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, ""
    return (user if colon else None), password
