"""Of hosts that we know and that have no live row any more: which of them the cloud itself has removed.

Rows stay in the database with a date, so that being removed is a fact and not the lack of an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from cs_exporter.platforms.cloudstack import words
from cs_exporter.platforms.cloudstack.database.session import Question, Session
from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import Listing, text

_UUID = re.compile(r"[0-9a-fA-F-]{36}")
_AT_ONCE = 1_000
"""Uuids that are asked about in one census; the others of a great many come with the next ones."""

_TABLES = {
    "host": "removed IS NOT NULL",
    "mshost": "removed IS NOT NULL",
    "vm_instance": "(removed IS NOT NULL OR state IN ('Destroyed', 'Expunging'))",
}


async def removed(session: Session, missing: AbstractSet[str]) -> frozenset[str]:
    """Those of `missing` (uuids) that were removed. Raises ProbeFailed."""
    found: set[str] = set()
    uuids = sorted(uuid for uuid in missing if _UUID.fullmatch(uuid))[:_AT_ONCE]
    for table in _TABLES if uuids else ():
        records = await session.part("removed machines", _gone(table, uuids))
        found |= {uuid for (uuid,) in records or ()}
    servers = {uuid for uuid in missing if uuid.startswith(words.NFS_SERVER)}
    if servers:
        sources = [
            *(await session.part("removed primary storage", _pools) or ()),
            *(await session.part("removed secondary storage", _stores) or ()),
        ]
        found |= servers & {words.NFS_SERVER + address for address in map(_server, (one for (one,) in sources))}
    return frozenset(found)


def _gone(table: str, uuids: Iterable[str]) -> Question:
    def question(columns: Columns) -> Listing:
        asked = ", ".join(map(text, uuids))
        where = f"{columns.table(table, 'uuid removed')} WHERE uuid IN ({asked}) AND {_TABLES[table]}"
        return Listing(("uuid",), where, _AT_ONCE)

    return question


def _pools(columns: Columns) -> Listing:
    table = columns.table("storage_pool", "host_address removed")
    return Listing(("host_address",), f"{table} WHERE removed IS NOT NULL ORDER BY removed DESC", _AT_ONCE)


def _stores(columns: Columns) -> Listing:
    table = columns.table("image_store", "url removed")
    return Listing(
        ("SUBSTRING_INDEX(url, '?', 1)",), f"{table} WHERE removed IS NOT NULL ORDER BY removed DESC", _AT_ONCE
    )


def _server(source: str) -> str:
    """The address of a storage: a URL's, or what is one already."""
    found = words.nfs_source(source)
    return found[0] if found else source
