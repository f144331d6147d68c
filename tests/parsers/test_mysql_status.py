"""SHOW GLOBAL STATUS and SHOW GLOBAL VARIABLES of real servers, and what is left out or nonsense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.mysql_status import (
    Row,
    ServerStatus,
    ServerVariables,
    by_name,
    is_on,
    optional,
    required,
    status,
    variables,
)
from tests.parsers.mysql_rows import Rows, named, rows, table
from tests.parsers.outcomes import outcome

ROWS = st.lists(st.dictionaries(st.sampled_from(["Variable_name", "Value", "x"]), st.none() | st.text(max_size=12)))


@pytest.mark.parametrize(
    ("captured", "expected"),
    [
        (rows("mariadb-status"), ServerStatus(4, 161, 1, 4, 0, 7, 13)),
        (rows("mysql9-status"), ServerStatus(4, 106, 2, 4, 0, 9, 0)),
        (table("galera-full.status"), ServerStatus(33, 1450, 5, 33, 3, 39, 7)),
    ],
)
def test_status_of_real_servers(captured: Rows, expected: ServerStatus) -> None:
    """The full one has used one connection more than it has: the administrator's slot."""
    assert expected == status(by_name(captured))


@pytest.mark.parametrize(("flavour", "written"), [("mariadb", "MIXED"), ("mysql9", "ROW")])
def test_variables_of_real_servers(flavour: str, written: str) -> None:
    """An admin_port without an address is nobody's port, and extra_port 0 is none."""
    expected = ServerVariables(
        max_connections=10,
        logs=True,
        binlog_format=written,
        read_only=False,
        performance_schema=flavour == "mysql9",  # MariaDB has it off, unless told otherwise
        reserved_ports=frozenset(),
    )
    assert expected == variables(by_name(rows(f"{flavour}-variables")))


def test_ports_that_are_the_administrators() -> None:
    """MariaDB's extra_port, and MySQL's admin_port where it has an address; never the common one."""
    common = {"max_connections": 10, "port": 3306}
    assert frozenset({3307}) == variables(by_name(named(**common, extra_port=3307))).reserved_ports
    admin = {**common, "admin_address": "127.0.0.1", "admin_port": 33062}
    assert frozenset({33062}) == variables(by_name(named(**admin))).reserved_ports
    assert frozenset() == variables(by_name(named(**{**common, "extra_port": 3306}))).reserved_ports


@pytest.mark.parametrize(
    ("given_values", "expected"),
    [({"read_only": "NO_LOCK"}, True), ({"super_read_only": "ON"}, True), ({"read_only": "OFF"}, False), ({}, False)],
)
def test_read_only_in_every_way(given_values: dict[str, str], *, expected: bool) -> None:
    """Newer servers have more words for it than ON."""
    found = variables(by_name(named(max_connections=10, **given_values)))
    assert expected is found.read_only


def test_what_a_server_leaves_out_is_not_known() -> None:
    """It is neither zero nor an error; without the two that every server has there is no status."""
    found = status(by_name(named(Threads_connected=1, Uptime=5)))
    assert ServerStatus(1, 5, None, None, None, None, None) == found
    with pytest.raises(UnparsableError, match="uptime: not among"):
        status(by_name(named(Threads_connected=1)))
    with pytest.raises(UnparsableError, match="threads_running: not a whole number: 'many'"):
        status(by_name(named(Threads_connected=1, Uptime=5, Threads_running="many")))


def test_helpers() -> None:
    """Names are compared in lower case, switches in any spelling."""
    values = by_name(named(WSREP_on="On", Port=3306))
    assert (True, False, 3306, None) == (
        is_on(values, "wsrep_on"),
        is_on(values, "log_bin"),
        required(values, "port"),
        optional(values, "uptime"),
    )


@given(ROWS)
def test_any_rows(found: list[Row]) -> None:
    """A status, or an UnparsableError."""
    assert isinstance(outcome(lambda given_rows: status(by_name(given_rows)), found), ServerStatus | UnparsableError)
