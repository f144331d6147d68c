"""The course of one cloud that two exporters find by themselves, one by its database, one by its API: what befalls it.

Both see the same faults at the same time, each with a Prometheus and an Alertmanager of its own; this process only
breaks and mends, and what is judged is what these have of it all.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cs_exporter.probes import PROBES
from tests.demo.alerting import Alerting, Place, alerting
from tests.demo.stand import free_port
from tests.e2e.found_cloud import LATE, LIMIT, RESTING, SERVERS, STUCK, FoundCloud
from tests.lab import faults
from tests.lab.agents import pings_stuck
from tests.lab.prometheus import Series
from tests.lab.wait import WaitedInVain, wait_until
from tests.live.exporter import Exporter
from tests.live.watch import configuration

DATABASE, API = "database", "api"
SOURCES = (DATABASE, API)
INTERVAL = 5.0
DISCOVERY = 2 * INTERVAL
"""Seconds between two questions who belongs to the cloud."""

SCRAPE, KEPT = 1.0, 15.0
FOUND, SLOW = 60.0, 90.0
PAUSE = 0.3

NEEDED: dict[str, dict[str, float]] = {
    "agent_heartbeat": {},
    "storage_heartbeat": {"read_limit": 3},
    "management_log": {},
    "cloudstack_census": {"interval": DISCOVERY},
    "cloudstack_states": {"answer_limit": 2},
}
"""Probes that have to do with what is tried here: User-Mode-Linux is slow, and the machine small."""

LIMITS = {"CsHostAlertImminent": 9, "CsHostAlertImminentCritical": 7}
"""Seconds that are left, of LIMIT; usually 50 and 35 of 140."""


def configured(cloud: FoundCloud, source: str) -> str:
    """What an exporter is told: one source, how to log in, and not one host."""
    asked: Mapping[str, Any] = {
        DATABASE: {"database": {"address": cloud.address, "password_file": str(cloud.database.password_file)}},
        API: {
            "api": {
                "url": cloud.api.url,
                "key_file": str(cloud.api.key_file),
                "secret_file": str(cloud.api.secret_file),
            }
        },
    }
    probes = {spec.name: {"enabled": False} for spec in PROBES} | {
        name: {"interval": INTERVAL, **more} for name, more in NEEDED.items()
    }
    pace = {"interval": INTERVAL, "timeout": INTERVAL}
    defaults = {"limits": LIMITS}
    platforms = {"cloudstack": asked[source]}
    text = json.loads(configuration(cloud.lab, [], platforms=platforms, defaults=defaults))
    del text["hosts"]
    return json.dumps({**text, "global": pace, "probes": probes})


@dataclass(frozen=True)
class Watched:
    """One exporter, and what sees it."""

    source: str
    exporter: Exporter
    told: Alerting

    def now(self, query: str) -> list[Series]:
        """What a query finds now."""
        return self.told.prometheus.query(query)

    def states(self) -> dict[str, str]:
        """Host -> the state that its cloud gives it."""
        return {series.host: series.labels["state"] for series in self.now("cs_host_state == 1")}

    def pages(self, host: str) -> list[tuple[float, float, str]]:
        """What somebody was paged with because of that host: when it came, since when it fired, and its name."""
        return [
            (one.received, alert.starts, alert.name)
            for one in self.told.receiver.of("page")
            for alert in one.firing
            if alert.labels.get("host") == host
        ]


@dataclass
class Course:
    """`run` goes through all of it. `at`: what happened, and when (epoch seconds)."""

    cloud: FoundCloud
    watched: tuple[Watched, ...]
    at: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Raises WaitedInVain with what was not seen, and what the exporters said."""
        try:
            for step in (self.find, self.silence, self.kill_database, self.lose_server, self.promote):
                step()
        except WaitedInVain as error:
            for one in self.watched:
                error.add_note(f"{one.source}: {one.exporter.log()[-6000:]}")
            raise
        self.mark("end")

    def mark(self, what: str) -> None:
        """It happens now."""
        self.at[what] = time.time()

    def until(self, condition: Callable[[Watched], object], what: str, deadline: float = SLOW) -> None:
        """Wait for it to be so at both."""
        for one in self.watched:
            wait_until(lambda one=one: condition(one), deadline, f"{what}, by the {one.source}", PAUSE)  # type: ignore[misc]  # a default binds the loop's variable

    def all_up(self) -> None:
        """Wait until every hypervisor that is known is Up."""
        names = {*self.cloud.names, *([LATE] if "late" in self.at else [])} - {*SERVERS}
        self.until(lambda one: names == {host for host in names if one.states().get(host) == "Up"}, f"{names} to be Up")

    def find(self) -> None:
        """From nothing, all hosts; one of them rests."""
        self.mark("begin")
        self.until(lambda one: one.now("cs_first_sweep_done == 1"), "the first sweep", FOUND)
        self.until(
            lambda one: self.cloud.names <= {found.host for found in one.now("cs_host_info")}, "all hosts", FOUND
        )
        self.mark("found")
        number = self.cloud.numbers[RESTING]
        self.all_up()
        self.cloud.tables.update("host", f"id = {number}", resource_state="Maintenance")
        self.until(lambda one: RESTING in {found.host for found in one.now("cs_host_maintenance == 1")}, "the rest")

    def silence(self) -> None:
        """One agent stands still until the cloud gives its host up; others' rest, or hang in their pings."""
        cloud = self.cloud
        still = cloud.still.name
        with ExitStack() as broken:
            broken.enter_context(cloud.still_with_a_heartbeat())
            self.mark("silent")
            broken.enter_context(faults.frozen(cloud.agents[RESTING]))
            broken.enter_context(pings_stuck(cloud.agents[STUCK]))
            cloud.add_late()
            self.mark("late")
            for server in cloud.servers.values():
                server.roll_log()
            wait_until(lambda: self._row(still)["status"] == "Alert", SLOW, "the cloud to give the host up", PAUSE)
            self.mark("given up")
            self.until(lambda one: one.states().get(still) == "Alert", "the state Alert")
            self.mark("followed")
        self.all_up()
        self.mark("healed")

    def kill_database(self) -> None:
        """In the middle of an answer."""
        self.mark("killed")
        self.cloud.killed_in_answer()
        self.asked_since("killed")

    def asked_since(self, what: str) -> None:
        """Wait until all who belong to the cloud have been told since then."""
        query = f"cs_discovery_last_complete_timestamp_seconds > {self.at[what] + INTERVAL:.3f}"
        self.until(lambda one: one.now(query), "a whole answer")
        self.all_up()

    def lose_server(self) -> None:
        """One management server is lost: all agents go to the other."""
        first, second = SERVERS
        self.mark("lost")
        with faults.stopped(self.cloud.servers[second]):
            self.until(lambda one: {first} == self._servers(one), "all agents to be at the other server")
            self.mark("failed over")
        self.until(
            lambda one: one.now(f'cs_probe_success{{probe="management_log",host="{second}"}} == 1'), "it is back"
        )

    def promote(self) -> None:
        """Another server is the database."""
        self.mark("promoted")
        self.cloud.promote()
        self.asked_since("promoted")

    def _row(self, name: str) -> Mapping[str, Any]:
        return self.cloud.tables.rows("host", f"id = {self.cloud.numbers[name]}")[0]

    def _servers(self, one: Watched) -> set[str]:
        return {series.labels["management_server"] for series in one.now("cs_agent_info")}


def watched(cloud: FoundCloud, folder: Path, source: str, stack: ExitStack) -> Watched:
    """Start an exporter with that source, and what sees it; all ends with the stack."""
    own = folder / source
    own.mkdir()
    file = own / "cs_exporter.yml"
    exporter = stack.enter_context(Exporter(cloud.lab, file, configured(cloud, source), source))
    place = Place(urlsplit(exporter.url).netloc, *(f"127.0.0.1:{free_port()}" for _ in range(2)))
    told = stack.enter_context(alerting(own, file, place, every=SCRAPE, grouping=SCRAPE, kept=KEPT))
    return Watched(source, exporter, told)


EARLIEST = LIMIT
"""Seconds of silence after which the cloud can act, by its own settings."""
