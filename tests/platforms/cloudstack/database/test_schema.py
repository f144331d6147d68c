"""Which schema is the cloud's: the pseudo-host says."""

from __future__ import annotations

import pytest

from cs_exporter.model import ApiTarget, CloudKind, CloudTarget, Host, ProbeFailed
from cs_exporter.platforms.cloudstack.database.schema import schema_of


def test_schema() -> None:
    """The one that is configured."""
    assert "cloud" == schema_of(Host("endpoint:c", "192.0.2.1", cloud=CloudTarget(CloudKind.CLOUDSTACK, "cloud")))


@pytest.mark.parametrize("cloud", [None, CloudTarget(CloudKind.CLOUDSTACK, None, ApiTarget("http://c", "/k", "/s"))])
def test_none(cloud: CloudTarget | None) -> None:
    """Without a database the mistake is ours."""
    with pytest.raises(ProbeFailed, match="no database is configured") as raised:
        schema_of(Host("endpoint:c", "192.0.2.1", cloud=cloud))
    assert raised.value.ours
