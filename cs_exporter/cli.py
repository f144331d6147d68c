"""The command line: options, subcommands, and how each ends.

Every mistake a user can make ends as one line on standard error and exit status 2.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import click
import structlog
from rich.table import Table

from cs_exporter.build import this_build
from cs_exporter.checklist import print_checklist
from cs_exporter.config import Config, ConfigError, load, schema, summary
from cs_exporter.config.errors import suggestion
from cs_exporter.daemon import collector
from cs_exporter.discovery.store import usable
from cs_exporter.inventory import build_inventory
from cs_exporter.keyline import key_line
from cs_exporter.logs import LogFormat, LogLevel, configure
from cs_exporter.matrix_commands import matrix
from cs_exporter.model import Connection, Host
from cs_exporter.needs import asked, needs_of
from cs_exporter.once import Everybody, everybody, probe_once, show
from cs_exporter.options import CONFIG, DEFAULT_CONFIG, STORAGE, STORED, Before, console
from cs_exporter.probes import PROBES
from cs_exporter.service import Service, serve
from cs_exporter.web.options import DEFAULT_LISTEN_ADDRESS, DEFAULT_TELEMETRY_PATH, web_options

log = structlog.get_logger(__name__)

F = TypeVar("F", bound=Callable[..., object])

RUN_OPTIONS = (
    CONFIG,
    click.option(
        "--web.listen-address", "listen", multiple=True, metavar="HOST:PORT", default=[DEFAULT_LISTEN_ADDRESS],
        show_default=True, help="Address to listen on; may be given several times.",
    ),
    click.option(
        "--web.config.file", "web_config", type=click.Path(path_type=Path), metavar="FILE",
        help="TLS and basic authentication (exporter-toolkit format).",
    ),
    click.option(
        "--web.telemetry-path", "telemetry_path", default=DEFAULT_TELEMETRY_PATH, show_default=True, metavar="PATH",
        help="Path of the metrics.",
    ),
    click.option(
        "--web.external-url", "external_url", default="", metavar="URL",
        help="The URL under which this exporter is reached from outside, where a proxy is in front of it.",
    ),
    click.option(
        "--web.route-prefix", "route_prefix", metavar="PREFIX",
        help="Prefix of all paths; default: the path of --web.external-url.",
    ),
    STORAGE,
    click.option(
        "--log.level", "log_level", type=click.Choice(["debug", "info", "warning", "error"]), default="info",
        show_default=True, help="Log from this level up.",
    ),
    click.option(
        "--log.format", "log_format", type=click.Choice(["logfmt", "json"]), default="logfmt", show_default=True,
        help="Format of the log lines.",
    ),
)  # fmt: skip


def run_options(command: F) -> F:
    """Give a command the options of the daemon."""
    for option in reversed(RUN_OPTIONS):
        command = option(command)
    return command


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(this_build().version, "--version", message="cs-exporter %(version)s")
@run_options
@click.pass_context
def root(context: click.Context, /, **options: object) -> None:
    """Watch the hosts of a private cloud, and say what is wrong before the cloud gives one up.

    Without a command, it runs the daemon.
    """
    context.obj = Before(context.params["config_file"], context.params["storage"])
    if context.invoked_subcommand is None:
        context.invoke(run, **options)


@root.command()
@run_options
@click.pass_obj
def run(
    before: Before,
    /,
    *,
    config_file: Path | None,
    listen: tuple[str, ...],
    web_config: Path | None,
    telemetry_path: str,
    external_url: str,
    route_prefix: str | None,
    storage: Path | None,
    log_level: LogLevel,
    log_format: LogFormat,
) -> None:
    """Run the daemon (what happens without a command too)."""
    configure(log_level, log_format)
    path, kept = before.config(config_file), storage or before.storage
    options = web_options(listen, web_config, telemetry_path, external_url, route_prefix)
    folder = None if kept is None else usable(kept)
    serve(partial(load, path), options, partial(_announce, path, options.link_prefix), folder)


def _announce(path: Path | None, prefix: str, service: Service) -> None:
    hosts = len(service.board.inventory)
    log.info("watching", hosts=hosts, config=service.config.source, url=f"{service.url}{prefix}/")
    if path is None:
        click.echo(
            f"cs_exporter watches this machine. Look at {service.url}{prefix}/ and {service.url}{prefix}"
            "/metrics; Ctrl-C ends it.\nWatch your hosts instead: write a configuration (see README.md) and give it"
            " with --config.file."
        )


@root.command("check-config")
@CONFIG
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def check_config(before: Before, config_file: Path | None, file: Path | None) -> None:
    """Check a configuration and say what it would watch."""
    config = load(before.config(file or config_file))
    click.echo(summary(config, build_inventory(config)))


@root.command("schema")
def show_schema() -> None:
    """Print the JSON schema of the configuration, for editors."""
    click.echo(json.dumps(schema(), indent=2))


@root.command("collector")
def show_collector() -> None:
    """Print the collector: the shell script that answers on the hosts, to read it or to install it."""
    click.echo(collector().text, nl=False)


@root.command()
@CONFIG
@STORED
@click.pass_obj
def hosts(before: Before, config_file: Path | None, storage: Path | None) -> None:
    """List the hosts of the configuration and of its clouds, which are asked now, and what each is asked.

    What a cloud does not tell is a line on standard error. The exit status is 1 where a cloud could not be asked who
    its hosts are.
    """
    configure("error", "logfmt")
    _, known = _everybody(before, config_file, storage)
    table = Table("host", "address", "roles", "place", "asked", box=None, pad_edge=False)
    for host in known.inventory:
        place = "/".join(filter(None, (host.place.cloud_zone, host.place.cloud_pod, host.place.cloud_cluster)))
        probes = [spec.name for spec in asked(host, PROBES)]
        roles = ", ".join(sorted(host.roles))
        table.add_row(host.name, host.address, roles, place, ", ".join(probes))
    console().print(table)
    for line in known.gaps():
        _complain(line)
    if not known.complete:
        sys.exit(1)


@root.command()
@CONFIG
@STORED
@click.argument("name")
@click.argument("host")
@click.pass_obj
def probe(before: Before, config_file: Path | None, storage: Path | None, name: str, host: str) -> None:
    """Run probe NAME on HOST now, and show all that was asked and answered.

    It is asked twice, and the second answer counts, because some values are differences. The exit status is 1 where the
    host could not be asked, whatever is wrong with it.
    """
    configure("warning", "logfmt")
    config, known = _everybody(before, config_file, storage)
    spec = next((spec for spec in PROBES if spec.name == name), None)
    if spec is None:
        raise ConfigError("cs-exporter", "NAME", f"no probe {name!r}; {suggestion(name, [s.name for s in PROBES])}")
    found = _host(config, known, host, spec.name)
    transcript: list[str] = []
    outcome = asyncio.run(probe_once(config, spec, found, transcript))
    if not show(outcome, transcript, spec, found, console()):
        sys.exit(1)


@root.command("checklist")
@CONFIG
@STORED
@click.option("--key-lines", is_flag=True, help="Print each host's line for authorized_keys, and ask nobody.")
@click.argument("names", nargs=-1, metavar="[HOST]...")
@click.pass_obj
def show_checklist(
    before: Before,
    config_file: Path | None,
    storage: Path | None,
    key_lines: bool,  # noqa: FBT001
    names: tuple[str, ...],
) -> None:
    """Say what the account on each HOST (default: all) still lacks, what is lost without it, and how to mend it.

    The exit status is 0 where nothing is lacking, and 1 where something is, or a host or a cloud could not be asked.
    """
    configure("error", "logfmt")
    config, known = _everybody(before, config_file, storage)
    lacking = [host for host in known.inventory if _logs_in(host) or needs_of(host, PROBES)]
    found = [_host(config, known, name) for name in names] or lacking or list(known.inventory)
    good = known.complete
    if key_lines:
        for host in filter(_logs_in, found):
            click.echo(f"{host.name}: {key_line(host)}")
    elif not asyncio.run(print_checklist(config, found, PROBES, click.echo, known.failed)):
        good = False
    if not good:
        sys.exit(1)


_complain = partial(click.echo, err=True)


def _everybody(before: Before, config_file: Path | None, storage: Path | None) -> tuple[Config, Everybody]:
    """The configuration that counts, and all hosts; whoever gave none is told whom that leaves."""
    path, folder = before.config(config_file), before.kept(storage)
    config = load(path)
    known = everybody(config, _complain, folder)
    if path is None and len(known.inventory) == 1:
        (only,) = known.inventory.hosts
        _complain(f"no --config.file is given, and there is no {DEFAULT_CONFIG}: only this machine, {only}, is known")
    return config, known


def _logs_in(host: Host) -> bool:
    return host.connection is not Connection.NONE


def _host(config: Config, known: Everybody, name: str, probe: str = "NAME") -> Host:
    host = known.inventory.get(name)
    if host is None:
        mend = suggestion(name, list(known.inventory.hosts))
        if known.unknown:
            page = f"/probe?host={quote(name)}&probe={probe}"
            clouds = ", ".join(known.unknown)
            mend += f" ({clouds} can't be asked: give the daemon's --storage.path, or ask the daemon for {page})"
        raise ConfigError(config.source, "HOST", f"no host {name!r}; {mend}")
    return host


root.add_command(matrix)


def main() -> None:
    """The entry point."""
    try:
        root.main(prog_name="cs-exporter", standalone_mode=False)
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except click.ClickException as error:
        click.echo(f"cs-exporter: {error.format_message()} (see --help)", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
