"""The sheet of the probe `cloudstack_census`: which machines a CloudStack cloud has, from its database or its API.

Who of them is watched is not decided here: the daemon gives every answer to discovery, which knows the ones before.
"""

from __future__ import annotations

from functools import partial

from cs_exporter.model import Census, CloudKind, Host, UnsupportedError
from cs_exporter.platforms.cloudstack import api, database
from cs_exporter.ports import Io
from cs_exporter.probes.clouds.census import CensusSettings, asked
from cs_exporter.spec import ProbeSpec


class CloudstackCensusSettings(CensusSettings):
    """Settings of the probe cloudstack_census."""


async def probe(host: Host, io: Io, settings: CloudstackCensusSettings) -> Census:
    """Ask the database, or, where it is not configured or can't be asked, the API. Raises ProbeFailed."""
    target = host.cloud
    if target is None:
        raise UnsupportedError("not the pseudo-host of a cloud")
    return await asked(
        None if target.database is None else partial(database.census, host, io.sql),
        None if target.api is None else partial(api.census, host, io.api),
        settings.patience(),
    )


SPEC: ProbeSpec[CloudstackCensusSettings, Census] = ProbeSpec(
    name="cloudstack_census",
    question="Which machines does the cloud have?",
    settings=CloudstackCensusSettings,
    reading=Census,
    probe=probe,
    metrics=(),
    symptoms=(),
    needs=(database.NEED, api.NEED),
    applies=lambda host: host.cloud is not None and host.cloud.kind is CloudKind.CLOUDSTACK,
)
