"""Devices as the collector's section prints them: every field where it belongs, and nothing but UnparsableError."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import Link, UnparsableError
from cs_exporter.parsers import links
from tests.parsers.outcomes import outcome


def test_every_field() -> None:
    """A dash is what does not apply."""
    text = (
        "2 eth0 9000 1 - bond0 - - - -\n"
        "5 eth0.7 9000 0 vlan cloudbr0 eth0 - - -\n"
        "7 vxlan9 1450 1 vxlan brvx-9 eth0 9 fd00::1 8472\n"
    )
    assert (
        Link(2, "eth0", 9000, master="bond0"),
        Link(5, "eth0.7", 9000, "vlan", up=False, master="cloudbr0", underlay="eth0"),
        Link(
            7,
            "vxlan9",
            1450,
            "vxlan",
            master="brvx-9",
            underlay="eth0",
            vxlan_id=9,
            vxlan_local="fd00::1",
            vxlan_port=8472,
        ),
    ) == links.devices(text)
    assert () == links.devices("")


@pytest.mark.parametrize(
    "line",
    [
        "2 eth0 9000 1 - bond0 - - -",
        "2 eth0 9000 1 - bond0 - - - - -",
        "x eth0 9000 1 - - - - - -",
        "2 - 9000 1 - - - - - -",
        "2 eth0 - 1 - - - - - -",
        "2 v 1450 1 vxlan - eth0 nine - -",
    ],
)
def test_other_lines_are_refused(line: str) -> None:
    """Loudly, and quoting them."""
    with pytest.raises(UnparsableError):
        links.devices(line)


FIELD = st.sampled_from(["-", "1", "0", "9000", "eth0", "vxlan", "", "fd00::1", "-1", "é"])


@given(st.lists(st.lists(FIELD, min_size=8, max_size=11).map(" ".join) | st.text(max_size=30)).map("\n".join))
def test_whatever_comes(text: str) -> None:
    """Devices or UnparsableError."""
    found = outcome(links.devices, text)
    assert isinstance(found, tuple | UnparsableError)
