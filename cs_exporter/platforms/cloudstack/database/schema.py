"""Which schema of the database server is the cloud's.

The pseudo-host says so; whoever asks a cloud that has only an API has made a mistake.
"""

from __future__ import annotations

from cs_exporter.model import Host, ProbeFailed, Reason


def schema_of(host: Host) -> str:
    """The schema's name. Raises ProbeFailed where the pseudo-host has no database."""
    if host.cloud is None or host.cloud.database is None:
        raise ProbeFailed(Reason.COMMAND, f"{host.name}: no database is configured for this cloud", ours=True)
    return host.cloud.database
