"""What the exporter lacks at a node of the message bus: plugins, a user that is let in, its tag, its permissions.

For the command `checklist`: the probe does with less wherever it can, and this says what that costs.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from cs_exporter.model import Host, ProbeFailed, Reason
from cs_exporter.parsers import rabbitmq_api
from cs_exporter.parsers.rabbitmq_api import OVERVIEW_COLUMNS
from cs_exporter.ports import Io
from cs_exporter.probes.rabbitmq.settings import RabbitmqSettings
from cs_exporter.probes.rabbitmq.talk import BY_CHANNEL, CONFIRMED, MOST, TOO_OLD, Look

_TAGGED = (f"overview?columns={OVERVIEW_COLUMNS}", "nodes?columns=name", "health/checks/alarms")
"""Who may ask these has the tag."""
_REFUSALS = (401, 403)
_UNKNOWN = "login failed"
"""What is said of a name or a password that is not right; of a tag that lacks other words."""

_MANAGEMENT = "partitions of the cluster, connections that an alarm holds, alarms as of now"
_ALL = "everything about the message bus"


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that is lacking: what is lost without it, and one line to type on the node."""

    what: str
    lost: str
    mend: str


async def missing(host: Host, io: Io, settings: RabbitmqSettings) -> list[Missing]:
    """All that is lacking. Raises ProbeFailed where the node can't be asked."""
    look = Look(host, io, settings)
    plugin = await _plugin(look, settings) if settings.prometheus_port else None
    user = await _account(look, settings, plugin) if settings.user is not None else None
    return [lack for lack in (plugin, user) if lack is not None]


async def _plugin(look: Look, settings: RabbitmqSettings) -> Missing | None:
    what = f"RabbitMQ's plugin rabbitmq_prometheus (port {settings.prometheus_port}"
    lost = _ALL if settings.user is None else "what the management API does not tell as cheaply, or at all"
    mend = "rabbitmq-plugins enable rabbitmq_prometheus"
    try:
        await look.page(f"{CONFIRMED}{BY_CHANNEL}")
    except ProbeFailed as failure:
        if failure.reason is Reason.REFUSED:
            return Missing(f"{what}: refused)", lost, mend)
        if failure.reason is Reason.DENIED:
            return Missing(f"{what}: it wants an account)", lost, "prometheus.authentication.enabled = false")
        if TOO_OLD in failure.detail:
            return Missing(f"{what}: {TOO_OLD})", lost, "upgrade RabbitMQ to 3.10, or give the probe rabbitmq a user")
        raise
    return None


async def _account(look: Look, settings: RabbitmqSettings, plugin: Missing | None) -> Missing | None:
    """What the management API lacks, or lacks the user there."""
    lost = _MANAGEMENT if plugin is None and settings.prometheus_port else _ALL
    try:
        for path in _TAGGED:
            answer = await look.ask_api(path)
            if answer.status in _REFUSALS:
                return _refused(rabbitmq_api.reason(answer.body), lost, settings)
        return await _blind(look, settings)
    except ProbeFailed as failure:
        if failure.reason is not Reason.REFUSED:
            raise
        what = f"RabbitMQ's plugin rabbitmq_management (port {settings.management_port}: refused)"
        return Missing(what, lost, "rabbitmq-plugins enable rabbitmq_management")


def _refused(said: str, lost: str, settings: RabbitmqSettings) -> Missing:
    user = settings.user or ""
    if said.lower() == _UNKNOWN:
        mend = f"rabbitmqctl change_password {shlex.quote(user)} PASSWORD   (or add_user; as {settings.password_file})"
        return Missing(f"RabbitMQ's user {user}, with that password ({said})", lost, mend)
    mend = f"rabbitmqctl set_user_tags {shlex.quote(user)} monitoring"
    return Missing(f"RabbitMQ's tag monitoring for {user} ({said})", lost, mend)


async def _blind(look: Look, settings: RabbitmqSettings) -> Missing | None:
    """Of a virtual host on which the user has no permissions no queue is listed, and nothing says so."""
    overview = await look.api(f"overview?columns={OVERVIEW_COLUMNS}", rabbitmq_api.overview)
    rows = await look.api("queues?columns=name,vhost", rabbitmq_api.queues, MOST)
    if len(rows) >= (overview.queues or 0):
        return None
    seen = {queue.vhost for _, queue in rows}
    blind = [vhost for vhost in await look.api("vhosts?columns=name", rabbitmq_api.vhosts) if vhost not in seen]
    if not blind:
        return None
    user = shlex.quote(settings.user or "")
    mend = "; ".join(f"rabbitmqctl set_permissions -p {shlex.quote(vhost)} {user} '' '' ''" for vhost in blind)
    what = f"RabbitMQ's permissions for {settings.user} on {', '.join(blind)}"
    return Missing(what, "the queues there, wherever the management API tells of them", mend)
