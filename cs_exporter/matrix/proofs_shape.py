"""What a case of a proof is: the series of one host, and whether its alert fires.

Apart from the cases themselves, which stand in two files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from cs_exporter.matrix.proofs_series import LEFT, World
from cs_exporter.matrix.proofs_texts import Alert

SUSPECTED = "Suspected on the host: storage."
UNSUSPECTED = "No cause is found on the host itself."


class Fires(Enum):
    """When a case's alert fires."""

    NEVER = "never"
    UNTIL_HEALED = "until it has been inside for as long as alerts are kept"
    ALWAYS = "from the end of its wait on"


@dataclass(frozen=True)
class Case:
    """`series`: selector -> values. `alert`: what is expected of it, if it fires at all."""

    name: str
    tells: str
    fires: Fires
    series: Mapping[str, str]
    alert: Alert


def now(world: World) -> str:
    """What the alert tells of labels that it does not have, or not always."""
    labels = world.labels("")
    return " ".join(f"{label.capitalize()} now: {labels[label]}." for label in world.symptom.told)


def case_of(
    world: World, name: str, tells: str, fires: Fires, *series: Mapping[str, str], placed: bool = False
) -> Case:
    """A case with what its alert tells; `placed`: whether there is anything to join with."""
    merged = {selector: values for group in series for selector, values in group.items()}
    shown = any(selector.startswith("cs_host_seconds_to_alert{") for selector in merged)
    more = (SUSPECTED if shown else UNSUSPECTED) if world.foretells else now(world)
    alert = Alert(world.alert(name, placed=placed), world.beyond(), LEFT if shown else None, more)
    return Case(name, tells, fires, merged, alert)
