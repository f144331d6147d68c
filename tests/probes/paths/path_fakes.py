"""A false `ping`, `ip` and `python3` for tests of the collector's section `path`: networks of any kind, in no time.

Each address is a path of its own; what ping says is a capture of the real one. The real programs on real paths are in
tests/live/test_paths.py.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

CAPTURES = Path(__file__).parents[2] / "captures" / "ping"


@dataclass(frozen=True)
class FakePath:
    """Packets up to `passes` are answered; of larger ones ping says what the capture holds. `route`: more JSON."""

    passes: int
    beyond: str = "silent"
    route: str = ""
    udp: str = "exit 1"  # what python3 does, in sh; $size is that of the packet


_PING = """#!/bin/sh
version='' size='' deadline=''
while [ $# -gt 1 ]; do
	case $1 in
	-V) version=1 ;;
	-M) how=$2 && shift ;;
	-s) size=$(($2 + HEAD)) && shift ;;
	-w) deadline=$2 && shift ;;
	esac
	shift
done
[ "$1" = -V ] && case $how in KNOWN) exit 0 ;; *) exit 2 ;; esac
[ -n "$deadline" ] || { echo "ping: without a deadline"; exit 99; }
case $1 in
CASES
esac
[ "$size" -le "$passes" ] && beyond=reply
{ read -r _ status; cat; } <CAPTURES/$beyond.txt
exit "$status"
"""
_IP = """#!/bin/sh
for address; do :; done
case $address in
CASES
esac
"""
_PYTHON = """#!/bin/sh
shift 4
size=$(($2 + 28))
case $1 in
CASES
esac
"""


def install(folder: Path, paths: dict[str, FakePath], *, known: str = "do", head: int = 28) -> Path:
    """Put the programs into a folder; `known`: what ping takes for -M, as patterns of sh."""
    folder.mkdir(parents=True, exist_ok=True)
    cases = {
        "ping": [f"{address}) passes={path.passes} beyond={path.beyond} ;;" for address, path in paths.items()],
        "ip": [
            f"""{address}) echo '[{{"dst":"{address}","dev":"lo","flags":[]{path.route}}}]' ;;"""
            for address, path in paths.items()
        ],
        "python3": [f"{address}) {path.udp} ;;" for address, path in paths.items()],
    }
    for name, text in (("ping", _PING), ("ip", _IP), ("python3", _PYTHON)):
        filled = text.replace("CASES", "\n".join(cases[name])).replace("CAPTURES", str(CAPTURES))
        program = folder / name
        program.write_text(filled.replace("KNOWN", known).replace("HEAD", str(head)), encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder
