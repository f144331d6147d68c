"""A database server's own errors keep their number, and its version text says whose server it is."""

from __future__ import annotations

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import SqlError, SqlServer


@pytest.mark.parametrize(
    ("mariadb", "version"),
    [(True, "10.11.19-MariaDB-deb12"), (True, "5.5.5-10.6.4-MARIADB-log"), (False, "9.7.4"), (False, "8.0.36-debug")],
)
def test_whose_server_it_is(version: str, mariadb: bool) -> None:  # noqa: FBT001  # a parameter of the table
    """Statements and grants differ between the two."""
    assert mariadb == SqlServer(version, 1, 1).mariadb


def test_an_error_of_the_server_is_a_failure_with_a_number() -> None:
    """Whoever does not care catches ProbeFailed."""
    error = SqlError(Reason.EXHAUSTED, "Too many connections", 1040)
    assert isinstance(error, ProbeFailed)
    assert (1040, "exhausted: Too many connections") == (error.code, str(error))
