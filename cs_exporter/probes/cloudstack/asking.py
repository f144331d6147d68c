"""Who is asked how a cloud is: its database first, which tells more and cheaper; its API where that can't be asked.

Both are never added up: what one of them has more is worth less than knowing whose word a row is.
"""

from __future__ import annotations

from cs_exporter.model import Host, ProbeFailed, UnsupportedError
from cs_exporter.platforms.cloudstack import api, database
from cs_exporter.platforms.cloudstack.states import States
from cs_exporter.ports import Io


async def ask(host: Host, io: Io, deadline: float, api_deadline: float) -> tuple[States, str]:
    """The cloud's states, and why its database did not tell them although it is configured.

    The database has `deadline` seconds; half of it where the API can step in, which has what is then left of
    `api_deadline`: its lists come one after the other. Raises ProbeFailed where neither answers, for the database's
    reason where there is one.
    """
    target = host.cloud
    if target is None:
        raise UnsupportedError("not the pseudo-host of a cloud")
    if target.database is None:
        return await api.states(host, io.api, api_deadline), ""
    if target.api is None:
        return await database.states(host, io.sql, deadline), ""
    try:
        return await database.states(host, io.sql, deadline / 2), ""
    except ProbeFailed as failure:
        return await _instead(host, io, api_deadline - deadline / 2, failure)


async def _instead(host: Host, io: Io, deadline: float, failure: ProbeFailed) -> tuple[States, str]:
    try:
        return await api.states(host, io.api, deadline), f"{failure.reason.value}: {failure.detail}"
    except ProbeFailed as second:
        detail = f"{failure.detail}; nor does the API: {second.detail}"
        raise ProbeFailed(failure.reason, detail) from second
