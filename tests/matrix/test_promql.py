"""A symptom's condition as an operator would write it: worst replica, limits of their own, no label of a target."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from cs_exporter.matrix.promql import Series, condition, joined, selector
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

SERIES = Series("cs_a", ("host", "disk"))


def symptom(limit: Limit) -> Symptom:
    """A symptom of one disk whose name needs quoting."""
    only = MappingProxyType({"disk": 'a"b'})
    return Symptom(
        "CsStub", "It is.", "cs_a", limit, 1, Severity.INFO, Cause.PORT, "units", "Much.", ("look",), "Mend.",
        labels=only,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (Limit(Op.ABOVE, 5, 1), '(max by (host, disk) (cs_a{disk="a\\"b"}) > 5)'),
        (Limit(Op.BELOW, "cs_b", 1), '(min by (host, disk) (cs_a{disk="a\\"b"}) < min by (host, disk) (cs_b))'),
        (Limit(Op.EQUALS, 0, 1, absolute=True), 'max by (host, disk) (abs(cs_a{disk="a\\"b"}) == 0)'),
        (Limit(Op.ABOVE, -60, 1, age=True), '(max by (host, disk) ((time() - cs_a{disk="a\\"b"})) > -60)'),
    ],
)
def test_every_kind_of_limit(limit: Limit, expected: str) -> None:
    """The worst of several replicas counts."""
    assert expected == condition(symptom(limit), SERIES, Rendering({}))


def test_hosts_with_limits_of_their_own() -> None:
    """Those with equal ones share a comparison, and the symptom's own is not for them."""
    own = {"CsStub": {"kvm1.x": 7.0, "kvm2": 9.0, "kvm3": 7.0}}
    assert (
        r'(max by (host, disk) (cs_a{disk="a\"b",host!~"kvm1\\.x|kvm2|kvm3"}) > 5)'
        "\nor\n"
        r'(max by (host, disk) (cs_a{disk="a\"b",host=~"kvm1\\.x|kvm3"}) > 7)'
        "\nor\n"
        r'(max by (host, disk) (cs_a{disk="a\"b",host=~"kvm2"}) > 9)'
    ) == condition(symptom(Limit(Op.ABOVE, 5, 1)), SERIES, Rendering({}, own=own))


def test_a_selector_has_what_the_operator_adds() -> None:
    """Or no braces at all."""
    assert "cs_a" == selector("cs_a")
    assert 'cs_a{b="c",job="x"}' == selector("cs_a", 'b="c"', also='job="x"')


def test_a_join_falls_back() -> None:
    """Where nothing is recorded of a host, its alert fires without the place."""
    found = joined("a > 1", ("host",), ("zone",), "info", ("host", "disk"))
    assert "(\n  a > 1\n)\n* on (host) group_left (zone) info\nor on (host, disk) (\n  a > 1\n)" == found
