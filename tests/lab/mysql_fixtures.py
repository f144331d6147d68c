"""Database servers as pytest fixtures: MariaDB and MySQL, each on a host of its own, started when first asked for.

And the rule for machines that lack MySQL's own server: its tests are left out aloud, and never under CI.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.galera import GaleraNode, galera_cluster
from tests.lab.host import HostSpec
from tests.lab.lab import Lab
from tests.lab.mariadb import MariaDb
from tests.lab.mysql import MysqlServer
from tests.lab.mysql9 import SERVER, Mysql9

LEFT_OUT = pytest.StashKey[str]()
MYSQL9 = pytest.param("mysql9", marks=pytest.mark.mysql9)
BOTH = pytest.mark.parametrize("database", ["mariadb", MYSQL9], indirect=True)
"""For tests with the fixture `database`: once for each of the two servers."""


@contextmanager
def _running(lab: Lab, name: str, kind: type[MysqlServer]) -> Iterator[MysqlServer]:
    [host] = lab.add_hosts([HostSpec(name)])
    server = kind(host)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        lab.remove_host(host)


@pytest.fixture(scope="session")
def mariadb(lab: Lab) -> Iterator[MysqlServer]:
    """A MariaDB with 12 connections on the host `mariadb`. A test that changes it puts it back."""
    with _running(lab, "mariadb", MariaDb) as server:
        yield server


@pytest.fixture(scope="session")
def mysql9(lab: Lab) -> Iterator[MysqlServer]:
    """A MySQL with 12 connections on the host `mysql9`; tests with it are marked mysql9."""
    with _running(lab, "mysql9", Mysql9) as server:
        yield server


@pytest.fixture(scope="session")
def galera(lab: Lab) -> Iterator[list[GaleraNode]]:
    """A Galera cluster of two members on the hosts `galera1` and `galera2`: one that is frozen leaves one alone."""
    hosts = lab.add_hosts([HostSpec("galera1"), HostSpec("galera2")])
    nodes = galera_cluster(hosts)
    try:
        yield nodes
    finally:
        for node in nodes:
            node.kill()
            lab.remove_host(node.host)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> MysqlServer:
    """The server of that name: `@BOTH`."""
    server: MysqlServer = request.getfixturevalue(request.param)
    return server


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests marked `mysql9` where it is missing; under CI=true that is an error instead."""
    wanting = [item for item in items if item.get_closest_marker("mysql9")]
    if not wanting or SERVER.exists():
        return
    line = f"left out: {len(wanting)} tests of MySQL's own server (.ci/install-mysql has not fetched it)"
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(f"{line}; under CI=true nothing may be left out")
    config.stash[LEFT_OUT] = line
    config.hook.pytest_deselected(items=wanting)
    items[:] = [item for item in items if item not in wanting]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say at the end what was left out."""
    line = config.stash.get(LEFT_OUT, None)
    if line is not None:
        terminalreporter.write_line(line, yellow=True)
