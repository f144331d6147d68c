"""Answers of HTTP as the library `requests` hands them over.

For tests of what is made of them, without a server.
"""

from __future__ import annotations

import io
import json

import requests


def answer(status: int, body: object, url: str = "http://ctl:9696/v2.0/agents?x=1") -> requests.Response:
    """One with that status and JSON, or text where `body` is one."""
    response = requests.Response()
    response.status_code, response.url, response.reason = status, url, "Some Reason"
    text = body if isinstance(body, str) else json.dumps(body)
    response.raw = io.BytesIO(text.encode())
    response.headers["Content-Type"] = "text/html" if isinstance(body, str) else "application/json"
    return response
