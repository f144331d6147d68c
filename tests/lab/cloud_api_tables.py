"""The tables of a real database behind the lab's API server, read anew for every answer, as CloudStack's are.

Over a connection of its own, because the server answers in a thread of its own, which may be in another network.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pymysql

from tests.lab.cloud_api_answers import Row


class DatabaseTables:
    """Gives the rows of a table of that schema. A connection that fails is not used again.

    `connect` makes one. Raises pymysql's errors where the database can't be asked.
    """

    def __init__(self, connect: Callable[[], Any], schema: str) -> None:
        self._connect = connect
        self._schema = schema
        self._own = threading.local()

    def __call__(self, table: str) -> Sequence[Row]:
        """See cloud_api_answers.Tables."""
        connection = getattr(self._own, "connection", None) or self._connect()
        self._own.connection = None
        try:
            rows = self._rows(connection, table)
        except (pymysql.MySQLError, OSError):
            with suppress(pymysql.MySQLError):
                connection.close()
            raise
        self._own.connection = connection
        return rows

    def _rows(self, connection: Any, table: str) -> Sequence[Row]:  # noqa: ANN401  # the library ships no types
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {self._schema}.{table}")  # noqa: S608  # ours
            return list(cursor.fetchall())
