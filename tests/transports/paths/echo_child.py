"""Echoes of a process without privileges, a line of JSON each: `python -m ... ADDRESS SIZE...`.

A process of its own because privileges, once given up, are gone; the name space it runs in is its starter's choice.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import os
import sys
from dataclasses import asdict

from cs_exporter.model import ProbeFailed
from cs_exporter.ports import Counters
from cs_exporter.transports.paths.mtu import Echoes

NOBODY = 65534
DEADLINE = 0.4


def tell(what: object) -> None:
    """One line of output."""
    sys.stdout.write(f"{json.dumps(what)}\n")


async def run(pairs: list[tuple[str, int]]) -> None:
    """One echo after the other; first the way that this process goes."""
    echoes = Echoes(Counters())
    tell(echoes.way)
    for address, size in pairs:
        try:
            tell(asdict(await echoes.echo(address, size, DEADLINE)))
        except ProbeFailed as failure:
            tell({"failed": str(failure), "ours": failure.ours})


if __name__ == "__main__":
    # Nobody may not be able to read what Python loads when it is first used.
    codecs.lookup("idna")
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    words = sys.argv[1:]
    asyncio.run(run([(address, int(size)) for address, size in zip(words[::2], words[1::2], strict=True)]))
