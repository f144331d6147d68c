"""Who was removed: only what could be a uuid is asked about, and never too many at once."""

from __future__ import annotations

import uuid

import pytest

from cs_exporter.platforms.cloudstack.database.removed import removed
from cs_exporter.platforms.cloudstack.database.session import Session
from tests.platforms.cloudstack.database.cloud_stand import LIMIT, MARIADB, SCHEMA, SmallCloud, asking

pytestmark = pytest.mark.lab


@MARIADB
async def test_many(small: SmallCloud) -> None:
    """A thousand at most are asked about; those of the others that are left come with the next census."""
    small.database.remove("host", small.kvm1.number)
    strangers = {str(uuid.UUID(int=(15 << 124) + number)) for number in range(1500)}
    async with asking(small.database.server) as sql:
        session = Session(sql, SCHEMA, LIMIT)
        await session.open(fresh=True)
        assert frozenset() == await removed(session, {"'; DROP TABLE host; --", "mshost-7", ""})
        low = {str(uuid.UUID(int=number)) for number in range(1000)}
        assert {small.kvm1.uuid} == await removed(session, strangers | {small.kvm1.uuid})
        assert frozenset() == await removed(session, low | {small.kvm1.uuid})
        assert [] == session.lacking
