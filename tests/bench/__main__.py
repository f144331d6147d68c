"""`make bench`: what the exporter takes, by hundreds of simulated hosts at default intervals; it asserts nothing.

`--hosts=50` is a quick one, `--seconds` the length of what is measured; `costs` (as root) is what the hosts pay.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
from pathlib import Path

from tests.bench import costs
from tests.bench.answers import PER_NETWORK
from tests.bench.calibration import calibrate
from tests.bench.figures import measured, simulated
from tests.bench.report import report
from tests.lab.fixtures import why_not
from tests.lab.worth import loop_seconds

MOST_HOSTS = 250 * PER_NETWORK
SPARE_DESCRIPTORS = 200


def say(line: str) -> None:
    """Print a line at once: the whole takes minutes."""
    sys.stdout.write(line.rstrip() + "\n")
    sys.stdout.flush()


def options() -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="?", choices=("exporter", "costs"), default="exporter")
    parser.add_argument("--hosts", type=int, default=500, help="simulated hypervisors (500)")
    parser.add_argument("--seconds", type=float, default=75.0, help="to measure for, after the first sweep (75)")
    parser.add_argument("--every", type=float, default=15.0, help="seconds between two scrapes (15)")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    typed = options()
    if typed.what == "costs":
        reason = why_not()
        if reason is not None:
            sys.exit(f"left out: what a poll costs the hosts ({reason})")
        costs.show()
        return
    most = min(MOST_HOSTS, resource.getrlimit(resource.RLIMIT_NOFILE)[1] // 2 - SPARE_DESCRIPTORS)
    count = max(2, min(typed.hosts, most))
    if count != typed.hosts:
        say(f"NOTE: {count} hosts and not {typed.hosts}: at most {most} go with the open files that are allowed here")
    say(f"{count} simulated hypervisors and a management server, each with all its probes at default intervals")
    say(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors; this takes about {typed.seconds + 60:.0f} s")
    with tempfile.TemporaryDirectory() as directory, simulated(count, Path(directory)) as port:
        unit = calibrate(port, Path(directory))
        found = measured(count, typed.seconds, typed.every, port, Path(directory))
        for line in report(found, unit, loop_seconds()):
            say(line)
    load = os.getloadavg()[0]
    if load > (os.cpu_count() or 1):
        say(f"NOTE: this machine was busy (load {load:.1f}): lateness and scrapes are also what they waited for others")
    say("Compare the ratios, not the times. Medians of windows between scrapes; CPU is that of the exporter only.")
    say("Left out: what a poll costs the hosts (as root: make bench ARGS=costs), and what the network does to it.")


if __name__ == "__main__":
    main()
