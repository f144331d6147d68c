"""How an answer of the lab's CloudStack API can go wrong, as clients of real ones have seen it.

Apart from the server, which is about right answers.
"""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """How an answer goes wrong."""

    HANG = "hang"  # the request is taken, and nothing comes back
    HANG_MIDDLE = "hang_middle"  # the head comes, and the body does not end
    CUT = "cut"  # the connection is broken in the middle of the body
    HTML_503 = "html_503"  # a load balancer that has no server left
    HTML_200 = "html_200"  # somebody else's web page
    ELSEWHERE = "elsewhere"  # a redirection
    DENIED = "denied"  # 401, whatever the signature
    INTERNAL = "internal"  # 530
    SHORT_PAGE = "short_page"  # one row fewer than `count` says
    MOVING = "moving"  # `count` is another on every page
