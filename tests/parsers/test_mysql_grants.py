"""SHOW GRANTS of real accounts: privileges on everything count, those on a database do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.mysql_grants import has, privileges
from cs_exporter.parsers.mysql_status import Row
from tests.parsers.mysql_rows import rows
from tests.parsers.outcomes import outcome


@pytest.mark.parametrize(
    ("captured", "expected"),
    [
        ("mariadb-grants-none", set()),
        ("mariadb-grants-documented", {"PROCESS", "SLAVE MONITOR"}),
        ("mariadb-grants-role", {"PROCESS", "SLAVE MONITOR"}),
        ("mariadb-grants-super", {"SUPER", "CONNECTION ADMIN"}),
        ("mariadb-grants-all", {"ALL PRIVILEGES"}),
        ("mysql9-grants-none", set()),
        ("mysql9-grants-documented", {"PROCESS", "REPLICATION CLIENT"}),
        ("mysql9-grants-role", {"PROCESS", "REPLICATION CLIENT"}),
        ("mysql9-grants-super", {"SUPER", "CONNECTION ADMIN"}),
    ],
)
def test_real_accounts(captured: str, expected: set[str]) -> None:
    """Also by way of a role, and with the underscores of MySQL's newer privileges."""
    assert expected == privileges(rows(captured))


def test_everything_is_spelt_out_or_not() -> None:
    """MySQL lists all privileges there are, MariaDB says ALL: both have each."""
    for captured in ("mysql9-grants-all", "mariadb-grants-all"):
        assert has(privileges(rows(captured)), "PROCESS")
    assert {"CONNECTION ADMIN", "SUPER"} < privileges(rows("mysql9-grants-all"))
    assert not has(frozenset({"PROCESS"}), "SUPER", "SLAVE MONITOR")


@given(st.lists(st.dictionaries(st.sampled_from(["Grants for a@b", "x"]), st.none() | st.text(max_size=40))))
def test_any_rows(found: list[Row]) -> None:
    """Names, or an UnparsableError."""
    assert isinstance(outcome(privileges, found), frozenset | UnparsableError)
