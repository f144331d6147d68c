"""The world of a run under test: the ports that the test gives, and behind all others nothing at all.

A probe that asks what its test did not foresee fails loudly instead of finding something agreeable.
"""

from __future__ import annotations

import time
from typing import Any

from cs_exporter.ports import Clock, CloudApi, Dialer, Http, Io, Last, Mtu, Netlink, Previous, R, Rpc, Shell, Sql


class NotAsked:
    """A port that nobody was to ask."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # stands for every port
        raise AssertionError(f"the probe asked for {name!r}, which this test did not foresee")


def never_before(_kind: type[R], /) -> Last[R] | None:
    """No reading has been made before."""
    return None


_NOT_ASKED: Any = NotAsked()


def io(
    *,
    shell: Shell = _NOT_ASKED,
    rpc: Rpc = _NOT_ASKED,
    sql: Sql = _NOT_ASKED,
    tcp: Dialer = _NOT_ASKED,
    tunnel: Dialer = _NOT_ASKED,
    mtu: Mtu = _NOT_ASKED,
    netlink: Netlink = _NOT_ASKED,
    api: CloudApi = _NOT_ASKED,
    http: Http = _NOT_ASKED,
    clock: Clock = time,
    previous: Previous = never_before,
) -> Io:
    """What a run is given."""
    return Io(shell, rpc, sql, tcp, tunnel, mtu, netlink, api, http, clock, previous)
