"""docs/matrix.md: the troubleshooting matrix as one table per cause, from what is seen to what to do.

For reading before anything is wrong, and for finding an alert by what one sees.
"""

from __future__ import annotations

from collections.abc import Iterator

from cs_exporter.matrix.markdown import HEAD, code, link, table
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.runbooks import FOLDER
from cs_exporter.matrix.usage import metrics_in
from cs_exporter.matrix.whole import Matrix
from cs_exporter.matrix.words import SEVERITIES, limited, spoken
from cs_exporter.spec import Cause

PATH = "docs/matrix.md"

CAUSES = {
    Cause.CLOCK: "A clock drifts, or follows nobody: tokens, TLS, replication and KVM HA judge by it.",
    Cause.DATABASE: "The database refuses, runs full, falls behind, or a cluster falls apart.",
    Cause.MESSAGE_BUS: "The message bus holds or loses what services send, or nobody takes it.",
    Cause.AGENT: "The cloud has not heard a host's agent for long, and gives the host up next.",
    Cause.MANAGEMENT: "A management server does not take in what its agents say.",
    Cause.STORAGE: "A mount hangs, an NFS server does not serve, KVM HA's heartbeat is not written.",
    Cause.PATH: "Packets get lost, are late, or are too large for something on the way.",
    Cause.PORT: "A port that should answer does not, or one that should not does.",
    Cause.REACHABILITY: "A host can't be asked: what is wrong with it is not known.",
    Cause.EXPORTER: "The trouble is on our own side: the exporter, its rules, its machine.",
}
"""Cause -> what is meant, in one sentence."""

_INTRODUCTION = """\
What cs_exporter watches for, by what is behind it. Limits and waits are those of the defaults; those that your own
configuration gives are written by `cs-exporter matrix write --config.file FILE --output DIR`, and those in force on a
running exporter are in `cs_symptom_limit`. The name of an alert leads to its runbook.

Every alert has the labels `severity` and `cause`, and those of its metric; one about a host has `host`, and `platform`,
`cloud_zone`, `cloud_pod` and `cloud_cluster` where they are known. `blind="true"` marks alerts which only say that
something can't be seen. No alert about a host fires while maintenance is declared on it.
"""

_HEADS = ("what you see", "alert", "severity", "beyond", "fires after", "ends after", "metric")


def files(matrix: Matrix) -> dict[str, str]:
    """The page."""
    severities = ((code(severity.value), told.partition(": ")[2]) for severity, told in SEVERITIES.items())
    found = [f"{HEAD}\n# The troubleshooting matrix\n", _INTRODUCTION, table(("severity", "means"), severities)]
    for cause, told in CAUSES.items():
        rows = [row for row in matrix.rows if row.cause is cause]
        if rows:
            found += [f"## {cause.value}\n", f"{told}\n", table(_HEADS, map(tuple, map(_cells, rows)))]
    return {PATH: "\n".join(found)}


def _cells(row: Row) -> Iterator[str]:
    yield row.sees
    yield link(row.name, f"../{FOLDER}/{row.name}.md")
    yield f"{row.severity.value}, blind" if "blind" in row.labels else row.severity.value
    yield "" if row.unit == "boolean" else limited(row)
    yield spoken(row.wait)
    yield spoken(row.keep)
    yield ", ".join(map(code, metrics_in(row.condition)))
