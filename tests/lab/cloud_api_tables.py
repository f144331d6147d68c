"""The tables of a real database behind the lab's API server, read anew for every answer, as CloudStack's are.

Over a connection of its own, because the server answers in a thread of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pymysql

from tests.lab.cloud_api_answers import Row
from tests.lab.cloud_api_signing import RefusedError
from tests.lab.cloud_database import CloudDatabase

_INTERNAL = 530
_NO_SUCH_TABLE = 1146


class DatabaseTables:
    """Gives the rows of a table of the cloud's database; in a version that lacks it, none.

    While the database can't be asked the API answers 530, as CloudStack's does.
    """

    def __init__(self, database: CloudDatabase) -> None:
        self._database = database
        self._own = threading.local()

    def __call__(self, table: str) -> Sequence[Row]:
        """See cloud_api_answers.Tables. Raises RefusedError(530)."""
        try:
            return self._rows(table)
        except (pymysql.MySQLError, OSError) as error:
            if isinstance(error, pymysql.err.ProgrammingError) and error.args[0] == _NO_SUCH_TABLE:
                return ()
            self._leave()
            raise RefusedError(_INTERNAL, "Internal error executing command") from None

    def _rows(self, table: str) -> Sequence[Row]:
        with self._connection().cursor() as cursor:
            cursor.execute(f"SELECT * FROM {self._database.schema}.{table}")  # noqa: S608  # ours
            return list(cursor.fetchall())

    def _connection(self) -> Any:  # noqa: ANN401  # the library ships no types
        if getattr(self._own, "connection", None) is None:
            self._own.connection = self._database.server._by_socket()
        return self._own.connection

    def _leave(self) -> None:
        connection, self._own.connection = getattr(self._own, "connection", None), None
        if connection is not None and connection.open:
            connection.close()
