"""Pages in both formats: what a client asks for, what is escaped, and that the real promtool has nothing to say."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from cs_exporter.board import FLEET
from cs_exporter.exposition.pages import OPENMETRICS, TEXT, TEXT_1, Exposition, Format, negotiate
from cs_exporter.model import Failure, Reason, Unsupported
from cs_exporter.spec import Sample
from tests.exposition.stubs import (
    BUILD,
    KVM1,
    MEAN,
    NOW,
    Mean,
    Weights,
    outcome,
    promtool_says,
    samples,
    sheet,
    snapshot_of,
)

EXPOSITION = Exposition([sheet(), sheet("height", "cs_height")], [MEAN], BUILD)
NASTY = 'a "quoted"\\back\nslashed, größe \u2028 and {braces} # =,'
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;"
    "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/html,application/xhtml+xml,*/*;q=0.8", TEXT),
        ("text/plain", TEXT),
        ("text/plain;version=1.0.0", TEXT_1),
        ("text/plain;version=nonsense", TEXT),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text;version=9.9.9", TEXT),
        ("APPLICATION/OpenMetrics-Text; Version=1.0.0", OPENMETRICS),
        ("application/openmetrics-text;version=1.0.0;q=0.2,text/plain;q=0.3", TEXT),
        ("application/openmetrics-text;q=0,text/plain;version=0.0.4", TEXT),
        ("application/openmetrics-text;q=,;;=,", TEXT),
        (PROMETHEUS_2, OPENMETRICS),
        (PROMETHEUS_3, OPENMETRICS),
        ("application/json", TEXT),
    ],
)
def test_a_client_gets_the_format_it_likes_best(accept: str, wanted: Format) -> None:
    """Weights count, unknown versions are not claimed, and nobody is turned away."""
    assert wanted == negotiate(accept)


def full_page(wanted: Format = TEXT) -> tuple[str, str]:
    """A page with every kind of outcome on it, and its media type."""
    parts = tuple(
        Sample(value, (name,))
        for name, value in ((NASTY, 1.5), ("nan", math.nan), ("inf", math.inf), ("big", 12345678.9))
    )
    snapshot = snapshot_of(
        outcome(Weights(70.0, parts, 3.0)),
        outcome(Unsupported("no scales"), "kvm2"),
        outcome(Failure(Reason.TIMEOUT, "late"), "kvm1", "height"),
        outcome(Mean(35.0), FLEET, "mean_weight"),
    )
    page = EXPOSITION.render(snapshot, wanted)
    return page.body.decode(), page.content_type


@pytest.mark.parametrize(
    ("wanted", "media_type"),
    [
        (TEXT, "text/plain; version=0.0.4; charset=utf-8"),
        (TEXT_1, "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"),
        (OPENMETRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"),
    ],
)
def test_every_value_comes_back_out_of_every_format(wanted: Format, media_type: str) -> None:
    """Quotes, line ends, backslashes, NaN and infinity survive; the page says what it is."""
    page, said = full_page(wanted)
    parse = parse_openmetrics if wanted is OPENMETRICS else parse_text
    found = {
        (sample.name, sample.labels.get("part", "")): sample.value
        for family in parse(page)
        for sample in family.samples
        if sample.name.startswith("cs_weight")
    }
    assert media_type == said
    assert math.isnan(found.pop(("cs_weight_part_grams", "nan")))
    assert {
        ("cs_weight_grams", ""): 70.0,
        ("cs_weight_part_grams", NASTY): 1.5,
        ("cs_weight_part_grams", "inf"): math.inf,
        ("cs_weight_part_grams", "big"): 12345678.9,
        ("cs_weight_events_total", ""): 3.0,
        ("cs_weight_mean_grams", ""): 35.0,
    } == found


@given(st.text(), st.floats(allow_nan=False))
def test_any_text_and_number_comes_back(label: str, value: float) -> None:
    """Whatever a host says, the page can be read, and says the same; only NUL and surrogates are replaced."""
    page = EXPOSITION.render_outcome(outcome(Weights(parts=(Sample(value, (label,)),))), KVM1)
    found = [
        sample
        for family in parse_text(page.body.decode())
        for sample in family.samples
        if sample.name == "cs_weight_part_grams"
    ]
    shown = label.replace("\0", "\N{REPLACEMENT CHARACTER}")
    assert [({"host": "kvm1"} | ({"part": shown} if shown else {}), value)] == [
        (one.labels, one.value) for one in found
    ]


@pytest.mark.debian
def test_promtool_has_nothing_to_say() -> None:
    """Names, types and help of every family pass the linter that operators use, on every kind of page."""
    full = full_page()[0].encode()
    pages = [full, EXPOSITION.render(snapshot_of()).body, EXPOSITION.render_outcome(outcome(Weights(1.0)), KVM1).body]
    assert ["", "", ""] == [promtool_says(page) for page in pages]
    assert "" != promtool_says(full.replace(b"# HELP cs_weight_grams What", b"# NOHELP cs"))


def test_an_empty_label_is_left_out() -> None:
    """It means the same, and the fleet's own series have no host."""
    page, _ = full_page()
    assert 'cs_host_info{address="192.0.2.2",host="kvm2",platform="static"} 1.0' in page
    assert 'cs_probe_success{probe="mean_weight"} 1.0' in page
    assert '=""' not in page


def test_own_health_and_the_process_are_on_the_page() -> None:
    """The exporter watches itself with the client library's own process metrics."""
    page, _ = full_page()
    assert re.search(r'^cs_build_info\{python_version="3.11.2",version="1.2.3"\} 1.0$', page, re.MULTILINE)
    assert re.search(r"^process_resident_memory_bytes \d", page, re.MULTILINE)
    assert re.search(r"^cs_first_sweep_done 0.0$", page, re.MULTILINE)


def test_a_page_of_an_empty_board_is_valid() -> None:
    """Before the first outcome only hosts and own health are shown."""
    page = EXPOSITION.render(snapshot_of()).body
    assert {"cs_host_info", "cs_first_sweep_done"} < {family.name for family in parse_text(page.decode())}
    assert set() == samples(page, ["cs_probe", "cs_weight"])


def test_two_pages_of_one_moment_are_equal_whatever_order_outcomes_came_in() -> None:
    """A stable order makes pages comparable, and compresses better over time."""
    one, two = outcome(Weights(1.0)), outcome(Weights(2.0), "kvm2")
    pages = [EXPOSITION.render(snapshot_of(*order)).body for order in ((one, two), (two, one))]
    lines = [[line for line in page.splitlines() if not line.startswith(b"process_")] for page in pages]
    assert lines[0] == lines[1]


def test_series_beyond_a_host_s_limit_are_left_out_and_counted() -> None:
    """The frame's own series count, and are always shown."""
    parts = tuple(Sample(1.0, (str(number),)) for number in range(20))
    page = EXPOSITION.render(snapshot_of(outcome(Weights(70.0, parts))), series_limit=15).body
    assert {'cs_host_series_dropped{host="kvm1"} 20.0'} == samples(page, ["cs_host_series", "cs_weight_part"])
    assert {'cs_weight_grams{host="kvm1"} 70.0', 'cs_weight_events_total{host="kvm1"} 0.0'} == samples(
        page, ["cs_weight"]
    )


def test_one_outcome_has_a_page_of_its_own() -> None:
    """Its values and what became of it; no other probe, no own health, no counter that would start anew each time."""
    page = EXPOSITION.render_outcome(outcome(Weights(70.0), at=NOW + 1e6), KVM1)
    assert {
        'cs_probe_supported{host="kvm1",probe="weight"} 1.0',
        'cs_probe_success{host="kvm1",probe="weight"} 1.0',
        'cs_probe_duration_seconds{host="kvm1",probe="weight"} 0.25',
        'cs_probe_last_success_timestamp_seconds{host="kvm1",probe="weight"} 1.70000000025e+09',
        'cs_weight_grams{host="kvm1"} 70.0',
        'cs_weight_events_total{host="kvm1"} 0.0',
    } == samples(page.body)


def test_one_failed_outcome_shows_only_its_failure() -> None:
    """A /probe page never shows values of an earlier run."""
    page = EXPOSITION.render_outcome(outcome(Failure(Reason.DENIED, "no")), KVM1)
    assert {
        'cs_probe_supported{host="kvm1",probe="weight"} 1.0',
        'cs_probe_success{host="kvm1",probe="weight"} 0.0',
        'cs_probe_duration_seconds{host="kvm1",probe="weight"} 0.25',
        'cs_probe_failing{host="kvm1",probe="weight",reason="denied"} 1.0',
    } == samples(page.body)
