"""Grafana's own model of a dashboard, as its makers' library for Grafana 10.1 has it, knows all that ours say.

What it does not know is lost when it reads a dashboard and writes it again: a property misspelt or out of place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from cs_exporter.matrix.dashboards.files import FOLDER, files
from tests.matrix.dashboards.stubs import MATRIX

TEXTS = {path.removeprefix(f"{FOLDER}/"): text for path, text in files(MATRIX).items() if path.startswith(FOLDER)}


@pytest.fixture(scope="module", autouse=True)
def _kinds_of_panels() -> None:
    """The library knows options of panels only when it is told to."""
    register_default_plugins()


def lost(said: object, known: object, where: str = "") -> Iterator[str]:
    """What of the first is not in the second, or another value there."""
    if isinstance(said, dict) and isinstance(known, dict):
        for key, value in said.items():
            if key in known:
                yield from lost(value, known[key], f"{where}.{key}")
            else:
                yield f"{where}.{key}"
    elif isinstance(said, list) and isinstance(known, list) and len(said) == len(known):
        for number, (one, other) in enumerate(zip(said, known, strict=True)):
            yield from lost(one, other, f"{where}[{number}]")
    elif said != known:
        yield where


def through(text: str) -> object:
    """The dashboard, read and written again by Grafana's library."""
    again: object = json.loads(json.dumps(Dashboard.from_json(json.loads(text)), cls=JSONEncoder))
    return again


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_is_lost(name: str) -> None:
    """Neither of dashboards and variables nor of panels of each kind, their queries, options, links and columns."""
    assert [] == list(lost(json.loads(TEXTS[name]), through(TEXTS[name])))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("schemaVersion", "schemaVersions"), ("legendFormat", "legend_format"), ("thresholdsStyle", "thresholdStyle")],
)
def test_a_mistake_is_seen(right: str, wrong: str) -> None:
    """At each depth."""
    planted = TEXTS["cs-host.json"].replace(f'"{right}"', f'"{wrong}"')
    assert [] != [place for place in lost(json.loads(planted), through(planted)) if place.endswith(wrong)]
