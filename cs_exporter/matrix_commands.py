"""`cs-exporter matrix`: write what is made from the troubleshooting matrix, check it, show it.

An operator renders his own: with his limits, intervals, selector and address of the runbooks.
"""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import click
from rich.table import Table
from rich.text import Text

from cs_exporter.config import ConfigError, load
from cs_exporter.config.errors import suggestion
from cs_exporter.matrix import files
from cs_exporter.matrix.labels import LABELS
from cs_exporter.matrix.rendering import RUNBOOKS, Rendering, of_inventory, usual
from cs_exporter.matrix.runbooks import lines, pages
from cs_exporter.matrix.selectors import matchers
from cs_exporter.matrix.whole import Matrix
from cs_exporter.matrix.words import limited, spoken
from cs_exporter.once import everybody
from cs_exporter.options import Before, config_option, console
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import Severity

_COLOURS = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}

CONFIG = config_option("limits and intervals are the defaults")
OUTPUT = click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Folder of the files; default: this folder, for the project's own.",
)  # fmt: skip
SELECTOR = click.option(
    "--selector", default="", metavar="MATCHERS", help="Matchers that every query gets besides, such as 'job=\"cs\"'.",
)  # fmt: skip
RUNBOOK_URL = click.option(
    "--runbook-url", default=RUNBOOKS, show_default=True, metavar="URL",
    help="Folder in which the runbooks of alerts are read; every cs_exporter serves its own.",
)  # fmt: skip


@click.group(no_args_is_help=False)
def matrix() -> None:
    """Write, check or show the troubleshooting matrix: alerts, their tests, dashboards, runbooks, reference."""


@matrix.command()
@CONFIG
@OUTPUT
@SELECTOR
@RUNBOOK_URL
@click.pass_obj
def write(before: Before, config_file: Path | None, output: Path | None, selector: str, runbook_url: str) -> None:
    """Write all files that the matrix makes.

    Files in DIR that it made once and makes no more are removed. Files that somebody wrote by hand are left alone.
    """
    path = config_file or before.config_file
    for line in files.write(
        _folder(output, path, selector, runbook_url), Matrix(_rendering(path, selector, runbook_url))
    ):
        click.echo(line)


@matrix.command()
@CONFIG
@OUTPUT
@SELECTOR
@RUNBOOK_URL
@click.pass_obj
def check(before: Before, config_file: Path | None, output: Path | None, selector: str, runbook_url: str) -> None:
    """Name stale, missing and orphan files.

    Nothing is changed. The exit status is 0 where all files in DIR are as they would be written, else 1.
    """
    path = config_file or before.config_file
    folder = _folder(output, path, selector, runbook_url)
    mend = _mend(path, output, selector, runbook_url)
    found = files.check(folder, Matrix(_rendering(path, selector, runbook_url)), mend)
    for line in found:
        click.echo(line)
    if found:
        sys.exit(1)


@matrix.command()
@CONFIG
@click.argument("name", required=False)
@click.pass_obj
def show(before: Before, config_file: Path | None, name: str | None) -> None:
    """Show all rows, or one row's runbook.

    NAME is an alert's.
    """
    found = Matrix(_rendering(config_file or before.config_file, "", RUNBOOKS))
    if name is None:
        console().print(_table(found))
        return
    books = pages(found)
    if name not in books:
        near = suggestion(name, list(books))
        mend = near if near.startswith("did you mean") else "cs-exporter matrix show names them all"
        raise ConfigError("cs-exporter", "NAME", f"no alert {name!r}; {mend}")
    for line in lines(books[name]):
        click.echo(line)


def _table(found: Matrix) -> Table:
    table = Table("alert", "severity", "cause", "beyond", "fires after", "what you see", box=None, pad_edge=False)
    for row in found.rows:
        severity = Text(row.severity.value, style=_COLOURS[row.severity])
        beyond = "" if row.unit == "boolean" else limited(row)
        table.add_row(row.name, severity, row.cause.value, beyond, spoken(row.wait), row.sees)
    return table


def _check_selector(selector: str) -> None:
    """Raises ConfigError for what is no list of matchers, or matches labels that are not the target's."""
    try:
        found = matchers(selector)
    except ValueError as error:
        raise ConfigError("cs-exporter", "--selector", str(error)) from error
    taken = [matcher.name for matcher in found if matcher.name in LABELS]
    if taken:
        text = f"{taken[0]!r} is a label of the metrics themselves; match one of the target's, such as job"
        raise ConfigError("cs-exporter", "--selector", text)


def _check_url(url: str) -> None:
    """Raises ConfigError for what is no address of pages."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # brackets without an address in them, a port that there can't be
        usable = False
    if not usable or re.search(r"[\s{}]", url):
        raise ConfigError("cs-exporter", "--runbook-url", f"{url!r} is no URL; write http://HOST/runbooks")


def _rendering(path: Path | None, selector: str, url: str) -> Rendering:
    """What the options say. Raises ConfigError."""
    _check_selector(selector)
    _check_url(url)
    runbooks = url.rstrip("/")
    if path is None:
        return replace(usual(PROBES, DERIVED), selector=selector, runbooks=runbooks)
    config = load(path)
    inventory = everybody(config, partial(click.echo, err=True)).inventory
    return of_inventory(inventory, PROBES, DERIVED, config.global_.interval, selector=selector, runbooks=runbooks)


def _folder(output: Path | None, path: Path | None, selector: str, url: str) -> Path:
    """Where the files are. Raises ConfigError where an operator's own would take the place of the project's."""
    if output is not None:
        return output
    if path is not None or selector or url != RUNBOOKS:
        raise ConfigError("cs-exporter", "--output", "is missing; say in which folder your own files are")
    if not files.ours(Path()):
        raise ConfigError("cs-exporter", "--output", "is missing, and none of our rules are here; say in which folder")
    return Path()


def _mend(path: Path | None, output: Path | None, selector: str, url: str) -> str:
    """What to type to write the files that were looked at: with the same options."""
    given = {
        "--config.file": path,
        "--output": output,
        "--selector": selector or None,
        "--runbook-url": None if url == RUNBOOKS else url,
    }
    return shlex.join([*files.MEND.split(), *(str(word) for pair in given.items() if pair[1] for word in pair)])
