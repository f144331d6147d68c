"""The sheet of the probe `cloudstack_census`: which machines a CloudStack cloud has, from its database or its API.

Who of them is watched is not decided here: the daemon gives every answer to discovery, which knows the ones before.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from cs_exporter.model import Census, CloudKind, Host, ProbeFailed, Reason, UnsupportedError
from cs_exporter.platforms.cloudstack import api, database
from cs_exporter.ports import Io
from cs_exporter.spec import (
    LONGEST_RUN,
    Cause,
    Limit,
    Metric,
    Op,
    ProbeSettings,
    ProbeSpec,
    Seconds,
    Severity,
    Symptom,
    gauge,
)

TELLING = (
    *(Reason.DENIED, Reason.UNPARSABLE, Reason.COMMAND, Reason.EXHAUSTED, Reason.REFUSED, Reason.RESET, Reason.MUTE),
    *(Reason.TIMEOUT, Reason.UNREACHABLE, Reason.NOT_READY),
)
"""Reasons, those first that an operator can do most about: of two failures the one further ahead is told."""


LONGEST = 30.0
"""Seconds that a run takes at most: a large cloud's API takes its time."""


class CloudstackCensusSettings(ProbeSettings):
    """Settings of the probe cloudstack_census."""

    interval: Seconds = Field(default=60.0, gt=0, description="within it a new host is watched")
    timeout: Seconds | None = Field(
        default_factory=lambda given: min(LONGEST, given.get("interval", LONGEST)),
        gt=0,
        description="of one run; default: 30s, at most the interval",
    )
    deadline: Seconds = Field(default=10.0, gt=0, description="of the database's answer, and of the API's")

    def patience(self) -> float:
        """Seconds for either source, so that both fit into one run."""
        return min(self.deadline, LONGEST_RUN * self.interval / 2)


async def probe(host: Host, io: Io, settings: CloudstackCensusSettings) -> Census:
    """Ask the database, or, where it is not configured or can't be asked, the API. Raises ProbeFailed."""
    target, patience = host.cloud, settings.patience()
    if target is None:
        raise UnsupportedError("not the pseudo-host of a cloud")
    if target.database is None:
        return await api.census(host, io.api, patience)
    try:
        return await database.census(host, io.sql, patience)
    except ProbeFailed as failure:
        if target.api is None:
            raise
        return await _instead(host, io, patience, failure)


async def _instead(host: Host, io: Io, patience: float, failure: ProbeFailed) -> Census:
    """The API's census in place of the database's, which failed."""
    try:
        census = await api.census(host, io.api, patience)
    except ProbeFailed as second:
        reason = min(failure.reason, second.reason, key=_rank)
        raise ProbeFailed(reason, f"{failure.detail}; nor does the API: {second.detail}") from second
    instead = f"the database can't be asked ({failure.reason.value}), so the API was"
    return replace(census, stand_in=True, lacking=(instead, *census.lacking))


def _rank(reason: Reason) -> int:
    return TELLING.index(reason) if reason in TELLING else len(TELLING)


METRICS: tuple[Metric[Census], ...] = (
    gauge(
        "cs_discovery_hosts",
        "Machines in the cloud's answer (from its database or API), those included that are kept out of the inventory.",
        lambda census: len(census.hosts),
    ),
    gauge(
        "cs_discovery_lacking",
        "Things that the cloud, by its database or API, did not tell although they are wanted; the log names them.",
        lambda census: len(census.lacking),
    ),
)

SYMPTOMS = (
    Symptom(
        name="CsDiscoveryLacking",
        sees="The cloud does not tell all that is wanted of its hosts.",
        metric="cs_discovery_lacking",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=3,
        severity=Severity.INFO,
        cause=Cause.MANAGEMENT,
        unit="parts",
        means="Some of it may not be read by the account, or is not there in this version; or the API is asked because "
        "the database can't be. What depends on it (expected mounts, limits from settings) stays as it was told last, "
        "or falls back to defaults.",
        look=(
            "journalctl -u cs-exporter -g 'tell everything' -n 20, on the exporter's machine",
            "cs-exporter probe cloudstack_census HOST, on the exporter's machine",
        ),
        fix="Each missing part stands in the log, and in the reading that cs-exporter probe prints. Grant the database "
        "account what it lacks (README.md has the GRANT), or allow the API's account the list that it may not ask.",
    ),
)

SPEC: ProbeSpec[CloudstackCensusSettings, Census] = ProbeSpec(
    name="cloudstack_census",
    question="Which machines does the cloud have?",
    settings=CloudstackCensusSettings,
    reading=Census,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    needs=(database.NEED, api.NEED),
    applies=lambda host: host.cloud is not None and host.cloud.kind is CloudKind.CLOUDSTACK,
)
