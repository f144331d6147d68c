"""The commands of the demo: `python -m tests.demo` runs it, `... break`, `heal`, `list` and `status` ask it.

`make demo`, `make demo-break`, `make demo-heal` and `make demo-status` call these. An empty FAULT is none.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from tests.demo import control, running
from tests.demo.broken import DemoError, named, possible
from tests.demo.catalogue import NICKNAMES
from tests.demo.terminal import INDENT, wrapped, write


def parse(argv: list[str]) -> argparse.Namespace:
    """The command line. Exits with status 2 and one line on a mistake."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description="A small cloud to look at, and to break.")
    parser.add_argument("--address", default="127.0.0.1", help="where exporter, Prometheus and Alertmanager listen")
    parser.add_argument("--exporter-port", type=int, default=10595, metavar="PORT")
    parser.add_argument("--prometheus-port", type=int, default=9090, metavar="PORT")
    parser.add_argument("--alertmanager-port", type=int, default=9093, metavar="PORT")
    parser.add_argument("--control", default=control.NAME, help="name by which the demo is asked")
    commands = parser.add_subparsers(dest="do", metavar="COMMAND")
    for name, what in (
        ("break", "break something; without FAULT: list all, or those of HOST"),
        ("heal", "mend all, or all on HOST, or one"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument("fault", nargs="?", default="", metavar="FAULT")
        command.add_argument("host", nargs="?", default="", metavar="HOST")
    commands.add_parser("list", help="list all faults")
    commands.add_parser("status", help="what is broken, and which symptoms hold")
    return parser.parse_args(argv)


def listed(host: str = "") -> Iterator[str]:
    """All faults, or those that can be put on a host: name and hosts, and beneath what breaks. Raises DemoError."""
    nicknames = {full: short for short, full in NICKNAMES.items()}
    for fault in possible(host):
        short = f" (or {nicknames[fault.name]})" if fault.name in nicknames else ""
        yield wrapped(f"{fault.name + short:<31} {', '.join(fault.hosts)}", " " * 32)
        yield wrapped(f"    {fault.tells}", "    ")


def asked(options: argparse.Namespace) -> list[str]:
    """What the running demo answers. Raises DemoError."""
    words = {"fault": getattr(options, "fault", ""), "host": getattr(options, "host", "")}
    if words["fault"]:
        named(words["fault"])
    try:
        answer = control.ask(options.control, do=options.do, **words)
    except control.Nobody:
        raise DemoError("no demo runs; in another terminal, as root, type: make demo") from None
    except (OSError, ValueError):
        raise DemoError("the demo does not answer: is it ending, and are you root?") from None
    if "error" in answer:
        raise DemoError(answer["error"])
    lines: list[str] = answer["lines"]
    return lines


def main(argv: list[str]) -> int:
    """Do what the command line says; the exit status."""
    options = parse(argv)
    try:
        if options.do == "list" or (options.do == "break" and not options.fault):
            write(listed(getattr(options, "host", "")))
        elif options.do:
            write(wrapped(line, INDENT) for line in asked(options))
        else:
            ports = (options.exporter_port, options.prometheus_port, options.alertmanager_port)
            running.run(running.Place(options.address, *ports, options.control))
    except DemoError as error:
        sys.stderr.write(f"cs_exporter demo: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
