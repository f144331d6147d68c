"""The port table keeps its promises: every row that operators know, and no connection where one does harm."""

from __future__ import annotations

from collections import Counter

import pytest

from cs_exporter.model import DeclaredPort, Manner
from cs_exporter.probes.ports import table as port_table
from cs_exporter.probes.ports.table import CLOUDSTACK, NEVER_DIALLED, OPENSTACK, TABLE, Cloud, When

OF_CLOUDSTACK = {
    *((port, 10) for port in (8080, 8443, 9090, 8250, 3306)),
    *((port, 9) for port in (22, 16509, 16514)),
    *((port, 8) for port in (2049, 111)),
    *((port, 7) for port in (443, 80, 8080, 8443)),  # of console proxies
    (8096, 6),
}
OFF = {17988, 5900, 3922, 9595}
OF_OPENSTACK = {5000: 9, 5672: 10, 5671: 10, 3306: 8, 4567: 8, 80: 6, 443: 6, 6080: 6}
UNWEIGHED = {8774, 8775, 8778, 9696, 9292, 8776, 11211}


def test_every_row_of_the_operators_is_there() -> None:
    """With the impact that they give it; what is off unless declared is the rest."""
    assert OF_CLOUDSTACK == {(spec.port, spec.impact) for spec in CLOUDSTACK if spec.when is not When.DECLARED}
    assert OFF == {spec.port for spec in CLOUDSTACK if spec.when is When.DECLARED}
    weighed = {spec.port: spec.impact for spec in OPENSTACK if spec.when is not When.DECLARED}
    assert OF_OPENSTACK == {port: impact for port, impact in weighed.items() if port in OF_OPENSTACK}
    assert UNWEIGHED == {*weighed} - {*OF_OPENSTACK}


def test_rows_are_sane() -> None:
    """Impacts from 1 to 10, real port numbers, a reason each, names that are one row's within a cloud."""
    assert [] == [spec.name for spec in TABLE if not 1 <= spec.impact <= 10 or not 1 <= spec.port <= 65535]
    assert [] == [spec.name for spec in TABLE if not spec.why]
    for rows in (CLOUDSTACK, OPENSTACK):
        assert {1} == {*Counter(spec.name for spec in rows).values()}
    assert [] == [spec.name for spec in TABLE if spec.send and spec.manner is not Manner.SPEAK]


def test_some_ports_are_never_dialled() -> None:
    """Neither from the exporter nor from anywhere else; and the list holds exactly these."""
    assert frozenset({3306, 8250, 4568, 4444, 16509, 16514}) == NEVER_DIALLED
    rows = [spec for spec in TABLE if spec.port in NEVER_DIALLED]
    assert {(Manner.PASSIVE, ())} == {(spec.manner, spec.vantages) for spec in rows}
    assert NEVER_DIALLED == {spec.port for spec in rows}


@pytest.mark.parametrize(
    ("name", "port", "expected"),
    [("mine", 3306, True), ("mysql", 3307, True), ("management-agent", 18250, True), ("nfs", 2049, False)],
)
def test_harm_by_number_or_name(name: str, port: int, *, expected: bool) -> None:
    """A service that was moved to another number is still that service."""
    assert expected is port_table.never_dialled(name, port)


def test_names_of_both_clouds() -> None:
    """The row is that of the host's cloud; where only one has it, that one."""
    impacts = {cloud: row.impact for cloud in Cloud if (row := port_table.named("mysql", cloud))}
    assert {Cloud.CLOUDSTACK: 10, Cloud.OPENSTACK: 8} == impacts
    assert port_table.named("keystone", Cloud.CLOUDSTACK) is port_table.named("keystone")
    assert port_table.named("gopher") is None


@pytest.mark.parametrize(
    ("declared", "complaint"),
    [
        (DeclaredPort("gopher"), "give it a port"),
        (DeclaredPort("mysql", tls=True), "remove speaks and tls"),
        (DeclaredPort("db", 3306, speaks=True), "remove speaks and tls"),
        (DeclaredPort("management-agent", 18250, tls=True), "remove speaks and tls"),
        (DeclaredPort("mysql", 3307), None),
        (DeclaredPort("gopher", 70, speaks=True), None),
        (DeclaredPort("nfs"), None),
    ],
)
def test_declarations_that_make_no_sense(declared: DeclaredPort, complaint: str | None) -> None:
    """An unknown name without a number, and a wish to speak where nobody may."""
    found = port_table.mistake_in(declared)
    assert (complaint is None) is (found is None)
    assert (complaint or "") in (found or "")
