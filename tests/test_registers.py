"""What the registered sheets and the frame declare keeps the contract with users: metrics, symptoms, commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from importlib import import_module

import click
import pytest
from pydantic import BaseModel

from cs_exporter.cli import root
from cs_exporter.exposition.families import Head
from cs_exporter.exposition.frame import HEADS
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import AnyDerived, AnySpec, Cause, Limit, Op, Severity, Symptom
from tests.house import naming, places
from tests.house.naming import Declared
from tests.house.source import ROOT, Source, tree_sources

MetricRule = Callable[[Iterable[Declared]], Iterator[str]]
SymptomRule = Callable[[Iterable[Symptom]], Iterator[str]]

SHEETS: tuple[AnySpec | AnyDerived, ...] = (*PROBES, *DERIVED)
OF_SHEETS: tuple[Declared, ...] = tuple(metric for sheet in SHEETS for metric in sheet.metrics)
METRICS: tuple[Declared, ...] = (*OF_SHEETS, *HEADS)
SYMPTOMS = tuple(symptom for sheet in SHEETS for symptom in sheet.symptoms)

GOOD_HEAD = Head("cs_clock_offset_seconds", "Seconds the clock is ahead, from chronyc tracking.")
GOOD_SYMPTOM = Symptom(
    name="CsClockOff",
    sees="The clock of {{ host }} is wrong.",
    metric=GOOD_HEAD.name,
    limit=Limit(Op.ABOVE, 0.5, 0.01),
    runs=3,
    severity=Severity.WARNING,
    cause=Cause.CLOCK,
    unit="s",
    means="Its time service does not follow its servers.",
    look=("chronyc tracking",),
    fix="Restart chronyd.",
)

METRIC_RULES: tuple[tuple[MetricRule, tuple[Declared, ...]], ...] = (
    (naming.metric_names, METRICS),
    (naming.metric_helps, METRICS),
    (naming.metric_origins, OF_SHEETS),
    (naming.metric_labels, METRICS),
    (naming.one_owner, METRICS),
)
BAD_METRICS: tuple[tuple[MetricRule, tuple[Declared, ...]], ...] = (
    (naming.metric_names, (GOOD_HEAD._replace(name="node_offset_seconds"),)),
    (naming.metric_names, (GOOD_HEAD._replace(name="cs_clock_offset_ms"),)),
    (naming.metric_names, (GOOD_HEAD._replace(name="cs_clock_Offset_seconds"),)),
    (naming.metric_names, (GOOD_HEAD._replace(name="cs_clock_steps_total"),)),
    (naming.metric_names, (GOOD_HEAD._replace(kind="counter"),)),
    (naming.metric_helps, (GOOD_HEAD._replace(help="offset"),)),
    (naming.metric_helps, (GOOD_HEAD._replace(help="Seconds the clock is ahead, from chronyc"),)),
    (naming.metric_origins, (GOOD_HEAD._replace(help="How wrong the clock is."),)),
    (naming.metric_labels, (GOOD_HEAD._replace(labels=("host", "zone")),)),
    (naming.one_owner, (GOOD_HEAD, GOOD_HEAD)),
)

SYMPTOM_RULES: tuple[SymptomRule, ...] = (
    naming.symptom_names,
    naming.symptom_texts,
    lambda symptoms: naming.symptom_metrics(symptoms, (*METRICS, GOOD_HEAD)),
)
BAD_SYMPTOMS: tuple[tuple[Symptom, ...], ...] = (
    (replace(GOOD_SYMPTOM, name="ClockOff"),),
    (replace(GOOD_SYMPTOM, name="Cs_clock_off"),),
    (GOOD_SYMPTOM, GOOD_SYMPTOM),
    (replace(GOOD_SYMPTOM, means=""),),
    (replace(GOOD_SYMPTOM, look=()),),
    (replace(GOOD_SYMPTOM, metric="cs_clock_ofset_seconds"),),
    (replace(GOOD_SYMPTOM, limit=Limit(Op.ABOVE, "cs_clock_limit_seconds", 0.01)),),
    (replace(GOOD_SYMPTOM, labels={"mountpoint": "/mnt"}),),
)


@pytest.mark.parametrize(("rule", "metrics"), METRIC_RULES)
def test_every_metric_keeps_the_rule(rule: MetricRule, metrics: tuple[Declared, ...]) -> None:
    """Sheets and frame alike: users can't tell which of them a metric comes from."""
    problems = list(rule(metrics))
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(("rule", "metrics"), BAD_METRICS)
def test_a_bad_metric_is_seen(rule: MetricRule, metrics: tuple[Declared, ...]) -> None:
    """Each rule finds the fault that is planted for it, and lets the good one pass."""
    assert 1 == len(list(rule(metrics)))
    assert [] == list(rule([GOOD_HEAD]))


@pytest.mark.parametrize("rule", SYMPTOM_RULES)
def test_every_symptom_keeps_the_rule(rule: SymptomRule) -> None:
    """A row of the matrix is complete, its name is its own, and what it compares exists."""
    problems = list(rule(SYMPTOMS))
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("symptoms", BAD_SYMPTOMS)
def test_a_bad_symptom_is_seen(symptoms: tuple[Symptom, ...]) -> None:
    """Exactly one rule finds the fault that is planted, and none finds one in the good symptom."""
    assert 1 == len([problem for rule in SYMPTOM_RULES for problem in rule(symptoms)])
    assert [] == [problem for rule in SYMPTOM_RULES for problem in rule([GOOD_SYMPTOM])]


def test_host_is_no_label_of_a_sheet() -> None:
    """The exposition adds it, to every metric in the same place."""
    assert [] == [metric.name for metric in OF_SHEETS if "host" in metric.labels]


def test_settings_are_closed() -> None:
    """Settings can't change under a run, and a misspelt key is an error; a planted open class is seen."""

    class Open(BaseModel):
        interval: float = 1.0

    assert ["Open: frozen is not True", "Open: extra is not 'forbid'"] == list(naming.closed_settings([Open]))
    assert [] == list(naming.closed_settings(sheet.settings for sheet in PROBES))


def test_the_register_is_complete() -> None:
    """Every sheet is registered under the name of its file, so that a name leads to its file."""
    files = [path.relative_to(ROOT) for path in (ROOT / "cs_exporter/probes").rglob("[!_]*.py")]
    modules = [(path.stem, import_module(".".join(path.with_suffix("").parts))) for path in files]
    sheets = {name: module for name, module in modules if hasattr(module, "SPEC")}
    assert {name: module.SPEC for name, module in sheets.items()} == {sheet.name: sheet for sheet in SHEETS}
    assert len(SHEETS) == len({sheet.name for sheet in SHEETS})


def options_of(command: click.Command) -> set[str]:
    """What can be given to it, or to one of the commands below it."""
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return {option for item in command.params for option in item.opts}.union(*map(options_of, below))


def test_pages_name_existing_commands() -> None:
    """What a page tells an operator to type is a command with these options; planted mistakes are seen."""
    page = "```sh\ncs-exporter --log.level debug run\n$ cs-exporter probes a b\ncs-exporter --log.lvl=x | cat\n```\n"
    planted = {"": {"--log.level"}, "run": set[str]()}
    assert [
        "README.md: cs-exporter probes a b: no command probes",
        "README.md: cs-exporter --log.lvl=x: no option --log.lvl",
    ] == list(places.unknown_commands(Source("README.md", page), planted))
    own = {option for parameter in root.params for option in parameter.opts} | {"--help"}
    flags = {name: options_of(found) for name, found in root.commands.items()}
    problems = [finding for source in tree_sources() for finding in places.unknown_commands(source, {"": own, **flags})]
    assert not problems, "\n".join(problems)
