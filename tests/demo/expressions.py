"""Everything that is wrong now as one PromQL expression: the matrix' own conditions, each with its symptom's name.

What alerts ask of Prometheus, without their waits: the demo tells of a symptom at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from cs_exporter.limits import in_force
from cs_exporter.matrix.promql import condition, either, series_of
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.model import Inventory
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import AnyDerived, AnySpec, Symptom

SPECS: tuple[AnySpec | AnyDerived, ...] = (*PROBES, *DERIVED)
SYMPTOMS = tuple(symptom for spec in SPECS for symptom in spec.symptoms)
SYMPTOM_LABEL = "symptom"

_SERIES = {metric.name: series_of(metric) for spec in SPECS for metric in spec.metrics}


def everything_red(inventory: Inventory, symptoms: Iterable[Symptom] = SYMPTOMS) -> str:
    """Finds all symptoms that hold anywhere, with the symptom's name in the label `symptom`."""
    limits = in_force(inventory, SYMPTOMS)
    rendering = Rendering({}, limits=limits.usual, own=limits.own)
    return either(_named(symptom, rendering) for symptom in symptoms)


def _named(symptom: Symptom, rendering: Rendering) -> str:
    found = condition(symptom, _SERIES[symptom.metric], rendering)
    return f'label_replace({found}, "{SYMPTOM_LABEL}", "{symptom.name}", "", "")'
