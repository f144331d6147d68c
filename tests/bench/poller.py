"""A process with the exporter's own daemon in it that polls one host when it is told to: all its probes at once.

Run as `python -m tests.bench.poller CONFIGURATION HOST [PLANT]`, for what the daemon's slots would do at moments of
their own choosing can't be counted. It says `ready`, and after each line it reads, what the poll has cost.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import uvloop

from cs_exporter import daemon
from cs_exporter.config import load
from cs_exporter.probes import PROBES
from tests.bench.plants import planted

RUN_DEADLINE = 60.0


def say(**what: object) -> None:
    """One line for whoever started this."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def poll(watching: daemon.Daemon, host: str) -> dict[str, object]:
    """Run every probe that the host is asked, begun in the same turn of the loop as the scheduler does."""
    counters = watching.board.health.counters
    asked = watching.board.inventory.hosts[host]
    names = [spec.name for spec in watching.probes if asked.settings[spec.name].enabled and spec.applies(asked)]
    before, began = asdict(counters), time.time()
    outcomes = await asyncio.gather(*(watching.run_probe(name, host, RUN_DEADLINE) for name in names))
    ended = time.time()
    read = [one.probe for one in outcomes if one.reading is not None]
    work = {name: number - before[name] for name, number in asdict(counters).items()}
    return {"began": began, "ended": ended, "read": read, "work": work}


async def main(file: Path, host: str) -> None:
    """Sweep once, then poll at every line read."""
    watching = daemon.Daemon(lambda: load(file))
    await watching.start()
    try:
        async with asyncio.timeout(RUN_DEADLINE):
            while not watching.board.health.first_sweep_done:  # noqa: ASYNC110  # wait_until's clock has a thread, whose system calls would count
                await asyncio.sleep(0.02)
        say(ready=True)
        while await asyncio.to_thread(sys.stdin.readline):
            say(**await poll(watching, host))
    finally:
        await watching.stop()


if __name__ == "__main__":
    # The daemon takes the register when it is made, so that a plant is watched as the sheets themselves are.
    if sys.argv[3:]:
        vars(daemon)["PROBES"] = planted(PROBES, sys.argv[3])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Path(sys.argv[1]), sys.argv[2]))
