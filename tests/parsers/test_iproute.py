"""Routes as ip(8) tells them: captured hosts, quirks of versions, and nothing but UnparsableError."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import Route, UnparsableError
from cs_exporter.parsers import iproute
from tests.parsers.outcomes import outcome

CAPTURES = Path(__file__).parents[1] / "captures" / "iproute"


def capture(name: str) -> str:
    """One captured answer."""
    return (CAPTURES / f"{name}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", Route("vec0", "10.213.0.201")),
        ("route-mtu", Route("vec0", "10.213.0.201", 1400)),
        ("route-mtu-locked", Route("vec0", "10.213.0.5", 1300)),
        ("local", Route("lo", "10.213.0.5")),
        ("ipv6", Route("cloudbr0", "fd00::5")),
        ("cached", Route("cslab0", "10.213.0.3", 1400, cached=True)),
    ],
)
def test_routes(name: str, expected: Route) -> None:
    """An MTU that was learnt is told from one that somebody has set."""
    assert expected == iproute.route(capture(f"route.{name}"))


@pytest.mark.parametrize("text", ["", "\n", "[]", "[{}]", '[{"type":"unreachable","dst":"2001:db8::1","dev":"lo"}]'])
def test_no_route(text: str) -> None:
    """Nothing at all, or a route that says that there is none."""
    assert iproute.route(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('Object "link" is unknown', "not JSON"),
        ("{}", "not a list"),
        ("[1]", "not an object"),
        ("[" * 100_000, "not JSON"),
        ('[{"dst":"10.0.0.1"}]', "without a device"),
        ('[{"dev":["eth0"]}]', "dev: not a word"),
        ('[{"type":[],"dev":"eth0"}]', "type: not a word"),
        ('[{"dev":"eth0","expires":true,"metrics":[{"mtu":1400}]}]', "expires: not a number"),
        ('[{"dev":"eth0","metrics":{"mtu":1}}]', "metrics are no list"),
        ('[{"dev":"eth0","metrics":[1400]}]', "metrics: not an object"),
        ('[{"dev":"eth0","metrics":[{"mtu":"lock"}]}]', "mtu: not a number"),
        ('[{"dev":"eth0","metrics":[{"mtu":-1}]}]', "mtu: not a number"),
    ],
    ids=lambda text: text[:40],
)
def test_what_is_no_answer(text: str, said: str) -> None:
    """The error names the part that offends."""
    with pytest.raises(UnparsableError, match=said):
        iproute.route(text)


_KEYS = st.sampled_from(["type", "dev", "prefsrc", "metrics", "mtu", "expires"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6),
    max_leaves=20,
)


@given(_JSON.map(json.dumps) | st.text())
def test_any_text_gives_a_value_or_unparsable(text: str) -> None:
    """No other error, whatever a host says."""
    assert isinstance(outcome(iproute.route, text), Route | UnparsableError | None)


@given(st.integers(0, len(capture("route.cached"))), st.text(max_size=3))
def test_a_damaged_answer_gives_a_value_or_unparsable(cut: int, noise: str) -> None:
    """An answer that was cut, or has something in it that does not belong there."""
    whole = capture("route.cached")
    for text in (whole[:cut] + noise + whole[cut:], whole[:cut]):
        assert isinstance(outcome(iproute.route, text), Route | UnparsableError | None)
