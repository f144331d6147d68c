"""What the exporter's account may not do on a database server, and the exact statement that mends it.

By the server's own SHOW GRANTS, against what the probe mysql_connections asks of a server of that flavour and version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cs_exporter.model import CloudKind, Host, ProbeFailed, Reason
from cs_exporter.needs import Lack
from cs_exporter.parsers import mysql_grants
from cs_exporter.platforms.cloudstack import database as cloudstack
from cs_exporter.platforms.openstack import database as openstack
from cs_exporter.ports import Sql, SqlServer
from cs_exporter.probes.mysql.statements import GRANTS, dialect
from cs_exporter.spec import Need

ACCOUNT, PROCESS, REPLICATION = "database account", "process grant", "replication grant"
CLOUD = cloudstack.NEED.key
"""The same of every platform: a pseudo-host stands for one cloud."""

KEYS = frozenset((ACCOUNT, PROCESS, REPLICATION, CLOUD))
"""Keys of the needs that are looked for here."""

_LACKING = {CloudKind.CLOUDSTACK: cloudstack.lacking, CloudKind.OPENSTACK: openstack.lacking}
_DOUBTED = {CloudKind.OPENSTACK: openstack.doubted}
_ADDRESS = "ADDRESS OF THE EXPORTER"
_REFUSED = re.compile(r"'[^']*'@'([^']+)'|Host '([^']+)' is not allowed")
"""How a server names whom it does not let in: 1045 Access denied for user 'u'@'192.0.2.9'; 1130 Host '192.0.2.9' ..."""

_CURRENT = "SELECT CURRENT_USER() AS account"


async def lacks(sql: Sql, user: str, wanted: Mapping[str, Need], deadline: float) -> list[Lack]:
    """What the account lacks of `wanted`, by key. Raises ProbeFailed, UnsupportedError, UnparsableError."""
    try:
        server = await sql.login(deadline)
    except ProbeFailed as failure:
        if failure.reason is not Reason.DENIED or ACCOUNT not in wanted:
            raise
        mend = _addressed(wanted[ACCOUNT].mend.replace("cs_exporter@", f"{user}@"), failure)
        return [Lack(f"{ACCOUNT} ({failure.detail})", wanted[ACCOUNT].lost, mend)]
    granted = mysql_grants.privileges(await sql.query(GRANTS, deadline))
    lacking = {
        key: names[0]
        for key, names in _privileges(server).items()
        if key in wanted and not mysql_grants.has(granted, *names)
    }
    account = await _account(sql, user, deadline) if lacking else ""
    return [Lack(key, wanted[key].lost, f"GRANT {name} ON *.* TO {account};") for key, name in lacking.items()]


async def cloud_lacks(sql: Sql, host: Host, need: Need, deadline: float) -> list[Lack]:
    """What the account of a cloud's database lacks there; `host`: the cloud's pseudo-host. Raises ProbeFailed."""
    kind = CloudKind.CLOUDSTACK if host.cloud is None else host.cloud.kind
    try:
        missing = await _LACKING[kind](host, sql, deadline)
    except ProbeFailed as failure:
        if failure.reason is not Reason.DENIED:
            raise
        mend = _addressed(need.mend.replace("'cs_exporter'@", f"'{host.mysql.user}'@"), failure)
        return [Lack(f"{need.key} ({failure.detail})", need.lost, mend)]
    if not missing:
        return []
    account = await _account(sql, host.mysql.user, deadline)
    mend = " ".join(f"GRANT {grant} TO {account};" for grant in missing)
    doubted = await _DOUBTED[kind](host, sql, deadline) if kind in _DOUBTED else ()
    if doubted:
        mend += f" -- or, where there is no such schema, correct {', '.join(doubted)}"
    return [Lack(f"{need.key}: {len(missing)} {'grants' if len(missing) > 1 else 'grant'}", need.lost, mend)]


def _addressed(mend: str, failure: ProbeFailed) -> str:
    """With our address as the server sees it, where its refusal tells that."""
    found = _REFUSED.search(failure.detail)
    return mend.replace(_ADDRESS, found[1] or found[2]) if found else mend


def _privileges(server: SqlServer) -> dict[str, tuple[str, ...]]:
    """Of these any will do, and the first is what to grant."""
    return {PROCESS: ("PROCESS",), REPLICATION: dialect(server).monitor}


async def _account(sql: Sql, user: str, deadline: float) -> str:
    """The account that the server took us for, as a statement names it."""
    try:
        (row,) = await sql.query(_CURRENT, deadline)
    except ProbeFailed:
        return f"'{user}'@'{_ADDRESS}'"
    name, _, origin = (row["account"] or user).rpartition("@")
    return f"'{name}'@'{origin}'"
