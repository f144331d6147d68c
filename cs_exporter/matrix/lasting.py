"""What makes an alert last as long as its trouble: while that changes its shape, and while we have gone blind.

An alert that begins anew each time never pages, and one that ends because nobody can look says that all is well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from cs_exporter.matrix import records
from cs_exporter.matrix.intervals import span
from cs_exporter.matrix.promql import Series, equal, indented, selector
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.spec import Op, Symptom

LATELY = "10m"
"""For so long an answer of a port counts that has given none since."""

LATELY_RUNS = 3
"""What one of so many runs saw may come back."""

FORGOTTEN = 86400
"""Seconds after which what was seen before we went blind is no longer told."""


def steady(symptom: Symptom, holds: str, series: Series, interval: float, rendering: Rendering) -> str:
    """The condition without what changes while it lasts: `Symptom.worse` and `told`."""
    for label, values in symptom.worse.items():
        worse = f"{selector(series.name, f'{label}=~{json.dumps(values)}', also=rendering.selector)} == 1"
        seen_lately = (
            f"{selector(series.name, *equal(symptom.labels), also=rendering.selector)}[{span(LATELY_RUNS, interval)}]"
        )
        holds = _going_on(symptom, holds, series, seen_lately, worse)
    by = ", ".join(keys(symptom, series))
    for label, kept in symptom.told.items():
        others = selector(series.name, *equal(symptom.labels), f"{label}!={json.dumps(kept)}", also=rendering.selector)
        alike = f"max by ({by}) (\n{indented(holds)}\n)"
        alone = f"{alike}\nunless on ({by}) (max by ({by}) (max_over_time({others}[{LATELY}])) == 1)"
        holds = f'label_replace(\n{indented(alone)},\n  "{label}", "{kept}", "", ""\n)\nor on ({by}) {alike}'
    return holds


def keys(symptom: Symptom, series: Series) -> tuple[str, ...]:
    """The labels that tell the alerts apart."""
    return tuple(key for key in series.keys if key not in symptom.told)


def _going_on(symptom: Symptom, holds: str, series: Series, lately: str, worse: str) -> str:
    """Also where one of the last runs saw it, and it is worse now."""
    by, same = ", ".join(series.keys), ", ".join(key for key in series.keys if key not in symptom.worse)
    return f"{holds}\nor\n((max by ({by}) (max_over_time({lately})) == 1) and on ({same}) {worse})"


def told_now(symptom: Symptom, series: Series, rendering: Rendering) -> str:
    """A template that tells what the labels in `Symptom.told` are at the moment."""
    return " ".join(_told_now(symptom, series, rendering))


def _told_now(symptom: Symptom, series: Series, rendering: Rendering) -> Iterator[str]:
    own = [key for key in keys(symptom, series) if key not in symptom.labels]
    for label in symptom.told:
        found = selector(series.name, *equal(symptom.labels), *(f"{key}=%q" for key in own), also=rendering.selector)
        values = " ".join(f"$labels.{key}" for key in own)
        query = f"printf `count by ({label}) ({found} == 1)` {values} | query"
        yield f"{label.capitalize()} now:{{{{ range {query} }}}} {{{{ .Labels.{label} }}}}{{{{ end }}}}."


def passes(symptom: Symptom) -> bool:
    """Whether it is about something that happened, and is over when that is long ago, whoever may look."""
    return symptom.limit.age and symptom.limit.op is Op.BELOW


def held(symptom: Symptom, probe: str, by: tuple[str, ...], rendering: Rendering) -> str:
    """Finds what fired when the probe last found an answer on the host, until it does again; a day at most.

    What is recorded has the labels that the alert has, and ends with the first answer that does not confirm it: the
    alert itself goes on for a while then, and would be taken for what was seen last.
    """
    labels = ", ".join(by)
    firing = f'ALERTS{{alertname="{symptom.name}",alertstate="firing"}}'
    heard = f'{records.HEARD}{{probe="{probe}"}}'
    answers = selector("cs_probe_success", f'probe="{probe}"', also=rendering.selector)
    return "\n".join(
        (
            seen(symptom.name),
            f"and on ({labels}) {firing}",
            f"and on (host) (time() - {heard} < {FORGOTTEN})",
            f"unless on (host) ({answers} == 1)",
        )
    )


def seen(name: str) -> str:
    """The recorded series of the symptom."""
    return f'{records.SEEN}{{symptom="{name}"}}'


def of_seen(name: str) -> str:
    """The alert's expression where the symptom is recorded."""
    return f"max without (symptom) ({seen(name)})"
