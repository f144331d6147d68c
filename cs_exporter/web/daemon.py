"""What the web server needs of the daemon, as a protocol, so that pages can be tested without one.

All of it is called on the event loop's thread, but for `shown_config`, which may take long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cs_exporter.board import Board, Snapshot
from cs_exporter.history import History
from cs_exporter.model import Outcome
from cs_exporter.spec import AnyDerived, AnySpec


class Daemon(Protocol):
    """The running exporter."""

    @property
    def board(self) -> Board:
        """The latest outcomes, the inventory in force and the exporter's health."""

    @property
    def history(self) -> History:
        """The last outcomes."""

    @property
    def probes(self) -> Sequence[AnySpec]:
        """The sheets of all probes; they never change while the exporter runs."""

    @property
    def derived(self) -> Sequence[AnyDerived]:
        """The sheets of all derived probes; they never change either."""

    @property
    def series_limit(self) -> int:
        """Series one host may have on /metrics, from the configuration in force."""

    def snapshot(self) -> Snapshot:
        """The board at this moment."""

    async def run_probe(self, probe: str, host: str, timeout: float) -> Outcome:  # noqa: ASYNC109
        """Run a probe on a host now, or join its run in flight, and give what it produced within `timeout` seconds.

        Both names are known. What goes wrong is in the outcome (a run that takes longer is a failure, `timeout`).
        """

    async def reload(self) -> None:
        """Take in the configuration anew, as SIGHUP does.

        Raises ConfigError, and changes nothing, where a file can't be used.
        """

    def shown_config(self) -> str:
        """The configuration in force, as YAML, with secrets hidden."""
