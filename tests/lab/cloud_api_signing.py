"""How CloudStack judges a request: its keys, its signature, its expiry; and what an error of its looks like.

The order of checks and the words are those of 4.22's API server, so that a client is told apart what it is told apart.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote_plus

UNAUTHORIZED, BAD_PARAMETER, INTERNAL = 401, 431, 530
NOT_VERIFIED = "unable to verify user credentials and/or request signature"
_OURS = frozenset({"apikey", "signature", "signatureversion", "expires", "response"})


class RefusedError(Exception):
    """An error of the API: `code` is its number and the status of the answer."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def verify(fields: Mapping[str, str], keys: Mapping[str, str], now: dt.datetime, *, known: bool) -> None:
    """Raise RefusedError(401) unless the request is signed by the secret of its key, and `expires` is to come.

    `known`: whether there is such a command; of one that there is not, a stranger is told nothing else.
    """
    by_name = {name.lower(): value for name, value in fields.items()}
    secret = keys.get(by_name.get("apikey", ""))
    in_time = by_name.get("signatureversion") == "3" and now < _moment(by_name.get("expires"))
    if not known or secret is None or not in_time:
        raise RefusedError(UNAUTHORIZED, NOT_VERIFIED)
    if not hmac.compare_digest(signature(fields, secret), by_name.get("signature", "")):
        raise RefusedError(UNAUTHORIZED, NOT_VERIFIED)


def signature(fields: Mapping[str, str], secret: str) -> str:
    """HMAC-SHA1 over all fields but itself: sorted by name, values encoded as Java does (blank as %20), lower case."""
    signed = sorted((name, value) for name, value in fields.items() if name.lower() != "signature")
    text = "&".join(f"{name}={_java(value)}" for name, value in signed).lower()
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()


def without_keys(fields: Mapping[str, str]) -> dict[str, str]:
    """What a request asks, without how it is signed."""
    return {name: value for name, value in fields.items() if name.lower() not in {*_OURS, "command"}}


def error_body(command: str, refused: RefusedError) -> dict[str, object]:
    """The JSON of an error."""
    inner = {"uuidList": [], "errorcode": refused.code, "cserrorcode": 9999, "errortext": refused.text}
    return {f"{command.lower() or 'error'}response": inner}


def _java(value: str) -> str:
    """As java.net.URLEncoder: `*` stays, `~` does not; then a blank becomes %20."""
    return quote_plus(value, safe="*").replace("~", "%7E").replace("+", "%20")


def _moment(expires: str | None) -> dt.datetime:
    try:
        return dt.datetime.strptime(expires or "", "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return dt.datetime.min.replace(tzinfo=dt.UTC)
