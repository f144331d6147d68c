"""The tables of a real `cloud` database as the lab's API server reads them: with the management servers' own account.

By one connection, kept by whoever asks first: that thread may be in another network namespace.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pymysql

from tests.lab.agent_programs_database import SCHEMA, connected
from tests.lab.cloud_api_answers import Row, Tables


def tables(address: str) -> Tables:
    """What gives the rows of a table, in one thread. It raises pymysql's errors where the database can't be asked."""
    kept: list[Any] = []

    def read(name: str) -> Sequence[Row]:
        connection = kept.pop() if kept else connected(address)
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {SCHEMA}.{name}")  # noqa: S608
                rows: Sequence[Row] = cursor.fetchall()
        except BaseException:
            with suppress(pymysql.err.Error):
                connection.close()
            raise
        kept.append(connection)
        return rows

    return read
