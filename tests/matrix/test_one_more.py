"""One more symptom: declared once in a sheet, it is everywhere after one command; CONTRIBUTING.md's own example."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from cs_exporter.board import Board
from cs_exporter.config import load
from cs_exporter.matrix.files import check, write
from cs_exporter.matrix.rendering import usual
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.whole import Matrix
from cs_exporter.model import Host, Inventory, Outcome
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import AnySpec, Cause, Limit, Op, Sample, Severity, Symptom
from cs_exporter.symptoms import holding
from tests.house import complete
from tests.matrix.proving import promtool

ROOT = Path(__file__).parents[2]
SHEET = "time_drift"


def documented() -> Symptom:
    """The example, read from the page."""
    (example,) = re.findall(r"```python\n(Symptom\(.*?\n\))\n```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    names = {"Symptom": Symptom, "Limit": Limit, "Op": Op, "Severity": Severity, "Cause": Cause}
    made = eval(example, names)  # noqa: S307  # a page of this project
    assert isinstance(made, Symptom)
    return made


SYMPTOM = documented()
METRIC = SYMPTOM.metric


def without(sheet: AnySpec) -> AnySpec:
    """The sheet as it is before that edit, though somebody follows the page to the letter."""
    return replace(sheet, symptoms=tuple(row for row in sheet.symptoms if row.name != SYMPTOM.name))


def with_one_more(sheet: AnySpec) -> AnySpec:
    """The sheet as it is after that edit."""
    return replace(sheet, symptoms=(*sheet.symptoms, SYMPTOM)) if sheet.name == SHEET else sheet


BEFORE = tuple(map(without, PROBES))
EDITED = tuple(map(with_one_more, BEFORE))


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which first the project's files were written, and then those with one symptom more."""
    folder = tmp_path_factory.mktemp("matrix")
    write(folder, Matrix(usual(BEFORE, DERIVED), BEFORE, DERIVED))
    return folder


@pytest.fixture(scope="module")
def written(output: Path) -> tuple[str, ...]:
    """What the second writing changed, as `matrix write` says it."""
    return tuple(write(output, edited()))


def edited() -> Matrix:
    """The matrix after the edit."""
    return Matrix(usual(EDITED, DERIVED), EDITED, DERIVED)


def row() -> Row:
    """The new row."""
    (found,) = [row for row in edited().rows if row.name == SYMPTOM.name]
    return found


def files(output: Path) -> dict[str, str]:
    """Everything that was written."""
    paths = (path for path in output.rglob("*") if path.is_file())
    return {path.relative_to(output).as_posix(): path.read_text() for path in paths}


def test_files_about_it_are_written_and_no_others(output: Path, written: tuple[str, ...]) -> None:
    """Rule, proofs, runbook and the lists, and runbooks of what mutes it; and then nothing is stale."""
    changed = {line.removesuffix(": written") for line in written}
    assert (
        set()
        == {
            f"alerts/cs_{SHEET}.yml",
            f"alerts/tests/cs_{SHEET}_test.yml",
            f"alerts/runbooks/{SYMPTOM.name}.md",
            "alerts/runbooks/README.md",
            "docs/matrix.md",
            "docs/metrics.md",
            f"{complete.DASHBOARDS}cs-host.json",
        }
        - changed
    )
    found = files(output)
    assert [] == [path for path in changed if SYMPTOM.name not in found[path]]
    assert [] == check(output, edited())


@pytest.mark.usefixtures("written")
def test_nothing_of_it_is_missing(output: Path) -> None:
    """By the same rules that look at all others."""
    found, alerts, conditions = files(output), [SYMPTOM.name], {SYMPTOM.name: row().condition}
    assert [] == [
        *complete.without_rule(alerts, found),
        *complete.without_proof(alerts, found),
        *complete.without_runbook(alerts, found),
        *complete.without_panel(conditions, found),
    ]
    assert f"[{SYMPTOM.name}](../alerts/runbooks/{SYMPTOM.name}.md)" in found["docs/matrix.md"]
    (line,) = [line for line in found["docs/metrics.md"].splitlines() if line.startswith(f"| `{METRIC}`")]
    assert SYMPTOM.name in line


@pytest.mark.debian
@pytest.mark.usefixtures("written")
def test_it_fires_when_it_should(output: Path) -> None:
    """Says promtool, of the new rule with the new proofs."""
    failed, said = promtool([output / f"alerts/tests/cs_{SHEET}_test.yml"])
    assert frozenset() == failed, said


@pytest.mark.usefixtures("written")
def test_its_limit_is_on_a_panel(output: Path) -> None:
    """A threshold of the panel in which its metric is drawn."""
    boards = [json.loads(text) for path, text in files(output).items() if path.startswith(complete.DASHBOARDS)]
    panels = [panel for board in boards for panel in complete.panels(board) if METRIC in json.dumps(panel["targets"])]
    limits = [
        step["value"]
        for panel in panels
        for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", ())
    ]
    assert SYMPTOM.limit.value in limits


@pytest.mark.parametrize(("stratum", "expected"), [(15.0, [SYMPTOM.name]), (14.0, [])])
def test_the_status_page_has_its_colour(stratum: float, expected: list[str]) -> None:
    """Beyond the limit it holds, with its severity; at the limit it does not."""
    sheet = next(sheet for sheet in EDITED if sheet.name == SHEET)
    metrics = tuple(replace(metric, read=lambda found: found) for metric in sheet.metrics if metric.name == METRIC)
    board = Board(Inventory(MappingProxyType({"kvm1": Host("kvm1", "192.0.2.1")})))
    board.land(Outcome(SHEET, "kvm1", 50.0, 50.0, 0.1, (Sample(stratum),)), 30.0)
    held = holding(board.snapshot(50.0), (replace(sheet, metrics=metrics, symptoms=(SYMPTOM,)),), 50.0)
    assert expected == [found.symptom.name for found in held]


def test_the_configuration_takes_its_limit(tmp_path: Path) -> None:
    """Of one host, here; and the rules then say so."""
    file = tmp_path / "cs_exporter.yml"
    file.write_text(f"hosts: [{{name: here, connection: local, limits: {{{SYMPTOM.name}: 10}}}}]")
    config = load(file, EDITED, DERIVED)
    assert 10 == config.plans[0].profile.limits.symptoms[SYMPTOM.name]
