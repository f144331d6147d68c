"""Which schemas are the cloud's: the pseudo-host says."""

from __future__ import annotations

import pytest

from cs_exporter.model import CloudKind, CloudTarget, Host, ProbeFailed, Schema, SdkTarget
from cs_exporter.platforms.openstack.database.schemas import API, cell_of, schemas_of, service_of

NOVA, CELL, NEUTRON = Schema("nova", "nova"), Schema("nova", "nova_cell2"), Schema("neutron", "neutron")


def host(*schemas: Schema, cell: str = "") -> Host:
    """The pseudo-host of a cloud with these."""
    return Host("endpoint:o", "192.0.2.1", cloud=CloudTarget(CloudKind.OPENSTACK, schemas=schemas, cell=cell))


def test_schemas() -> None:
    """Those that are configured."""
    assert (NOVA, NEUTRON) == schemas_of(host(NOVA, NEUTRON))


def test_whose() -> None:
    """What nova's cells share is nova's."""
    assert ["nova", "neutron", "nova"] == [service_of(schema) for schema in (CELL, NEUTRON, API)]


@pytest.mark.parametrize("cloud", [None, CloudTarget(CloudKind.OPENSTACK, sdk=SdkTarget("prod"))])
def test_none(cloud: CloudTarget | None) -> None:
    """Without a database the mistake is ours."""
    with pytest.raises(ProbeFailed, match="no database is configured") as raised:
        schemas_of(Host("endpoint:o", "192.0.2.1", cloud=cloud))
    assert raised.value.ours


@pytest.mark.parametrize(
    ("schemas", "cell", "expected"),
    [((NOVA, NEUTRON), "", ""), ((NOVA, CELL, NEUTRON), "", "nova"), ((NOVA,), "cell9", "cell9")],
)
def test_cells(schemas: tuple[Schema, ...], cell: str, expected: str) -> None:
    """The only one of a cloud has no name; several are called as their schemas, and neutron has none at all."""
    assert expected == cell_of(host(*schemas, cell=cell), NOVA)
    if not cell:
        assert "" == cell_of(host(*schemas), NEUTRON)
