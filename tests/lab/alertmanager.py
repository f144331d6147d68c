"""A real Alertmanager: groups, mutes and delivers alerts, as the tests of paging and the demo need it.

It is told everything by a configuration text, keeps its data in a folder of its own, and forms no cluster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.lab.program import Program, ProgramError


class AlertmanagerError(ProgramError):
    """Alertmanager refused a question, or its configuration; says what it said."""


@dataclass(frozen=True)
class Known:
    """An alert that Alertmanager knows. `muted_by`: the labels of each alert that mutes it now."""

    labels: Mapping[str, str]
    muted_by: tuple[Mapping[str, str], ...]


class Alertmanager(Program):
    """`with Alertmanager(directory, configuration) as alertmanager:` it is ready, and gone at the end.

    `configuration`: the text of its configuration file; one that it does not take raises AlertmanagerError, with its
    last words as a note. For `directory`, `listen` and `enter` see Program.
    """

    name = "Alertmanager"
    error = AlertmanagerError

    def __init__(
        self,
        directory: Path,
        configuration: str,
        *,
        listen: str = "127.0.0.1:9093",
        enter: Callable[[Sequence[str]], list[str]] = list,
    ) -> None:
        super().__init__(directory, listen, enter)
        self._configuration = configuration

    def argv(self) -> list[str]:
        """Debian's name of the program is not upstream's."""
        return [
            "prometheus-alertmanager",
            f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address={self.listen}",
            "--cluster.listen-address=",
        ]

    def files(self) -> Mapping[str, str]:
        """Its configuration."""
        return {"alertmanager.yml": self._configuration}

    def post(self, alerts: Iterable[Mapping[str, str]], *, ended: bool = False) -> None:
        """Tell it that alerts with these labels fire, or have `ended`. Raises AlertmanagerError."""
        end = {"endsAt": datetime.now(UTC).isoformat()} if ended else {}
        status, body = self.http(
            "POST", "/api/v2/alerts", json.dumps([{"labels": dict(one), **end} for one in alerts]), "application/json"
        )
        if status != HTTPStatus.OK:
            raise AlertmanagerError(body.decode())

    def alerts(self) -> list[Known]:
        """All alerts that it knows of and that fire."""
        found = self._ask("alerts")
        labels = {one["fingerprint"]: one["labels"] for one in found}
        return [Known(one["labels"], tuple(labels[by] for by in one["status"]["inhibitedBy"])) for one in found]

    def muted(self) -> list[Known]:
        """Those of them that reach nobody, because another one fires."""
        return [one for one in self.alerts() if one.muted_by]

    def _ask(self, what: str) -> list[dict[str, Any]]:
        status, body = self.http("GET", f"/api/v2/{what}")
        if status != HTTPStatus.OK:
            raise AlertmanagerError(body.decode())
        answer: list[dict[str, Any]] = json.loads(body)
        return answer
