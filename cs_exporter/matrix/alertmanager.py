"""The example configuration of Alertmanager: who gets which alert, in which groups, and what mutes what.

Written from the same data as the alerts, so that a renamed label or alert can't leave an inhibition that does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from textwrap import wrap

from cs_exporter.matrix.inhibitions import INHIBITIONS
from cs_exporter.matrix.muting import Inhibition, Matcher
from cs_exporter.matrix.rules import duration, quoted
from cs_exporter.matrix.whole import Matrix

PATH = "alerts/alertmanager.example.yml"
DEAD_MAN = "CsDeadMansSwitch"
WIDTH = 112

HEAD = """\
# Made by cs-exporter matrix write. An example for Alertmanager: critical alerts page, warnings are tickets, the rest is
# context for dashboards. To fill in: what says example.com. If you have a configuration already, take over the route
# of Cs.+, its receivers, and inhibit_rules.
"""

GLOBAL = """\
global:
  # Your mail server, for the tickets; it may need smtp_auth_username and smtp_auth_password_file as well.
  smtp_smarthost: 'mail.example.com:587'
  smtp_from: 'alertmanager@example.com'
"""

RECEIVERS = """\
receivers:
- name: nobody
# Somebody is woken up: your pager's webhook, or its own section (pagerduty_configs, opsgenie_configs and so on).
- name: page
  webhook_configs:
  - url: 'https://pager.example.com/cs_exporter'
    send_resolved: true
# Somebody looks at it in working hours: e-mail, or your ticket system's webhook.
- name: ticket
  email_configs:
  - to: 'tickets@example.com'
    send_resolved: true
# A service outside of this cloud that reports when nothing came for some minutes: then no alert reaches anybody.
- name: dead-man
  webhook_configs:
  - url: 'https://dead-mans-switch.example.com/cs_exporter'
    send_resolved: false
"""

NAMES = ("page", "ticket", "dead-man")
"""The receivers that somebody is told by."""


@dataclass(frozen=True)
class Pace:
    """Seconds of a route: until a new group is told, until it is told of changes, and until it is told again."""

    wait: float
    interval: float
    repeat: float


@dataclass(frozen=True)
class AlertmanagerTimings:
    """How long each receiver is kept waiting.

    A page waits just so long that the alerts of one fault, and the cause that mutes the rest, are there: of a silent
    agent 35 s are left then. A ticket waits longer, so that what becomes a page within that time is none.
    """

    page: Pace = Pace(wait=10, interval=60, repeat=4 * 3600)
    ticket: Pace = Pace(wait=60, interval=5 * 60, repeat=24 * 3600)
    dead_man: Pace = Pace(wait=0, interval=60, repeat=50)  # less than the interval, else every other beat is left out


def files(matrix: Matrix) -> dict[str, str]:
    """The example; it is the same for every matrix."""
    del matrix
    return {PATH: configuration()}


def configuration(timings: AlertmanagerTimings | None = None, webhooks: Mapping[str, str] | None = None) -> str:
    """The text of the configuration file. `webhooks`: receiver of NAMES -> URL, in place of the example's receivers."""
    received = (GLOBAL, RECEIVERS) if webhooks is None else ("", _webhooks(webhooks))
    lines = (*_route(timings or AlertmanagerTimings()), *_inhibit_rules())
    return f"{HEAD}{received[0]}" + "\n".join(lines) + f"\n{received[1]}"


def _route(timings: AlertmanagerTimings) -> Iterable[str]:
    yield "route:"
    yield "  receiver: nobody"
    yield "  routes:"
    yield "  - matchers: ['alertname=~\"Cs.+\"']"
    yield "    receiver: nobody  # severity info"
    yield "    # One group per cloud and cause: fifty hosts with one fault are one page, two kinds of fault are two."
    yield "    # Add cloud_zone if your zones share neither storage nor management servers nor databases."
    yield "    # A pager that joins by group key shows a second fault of the same cause as an update of the first:"
    yield "    # add alertname if yours pages on the first one only."
    yield "    group_by: [platform, cause]"
    yield "    routes:"
    yield from _branch("dead-man", Matcher("alertname", "=", DEAD_MAN), timings.dead_man)
    yield from _branch("page", Matcher("severity", "=", "critical"), timings.page)
    yield from _branch("ticket", Matcher("severity", "=", "warning"), timings.ticket)


def _branch(receiver: str, matcher: Matcher, pace: Pace) -> Iterable[str]:
    yield f"    - receiver: {receiver}"
    yield f"      matchers: [{quoted(str(matcher))}]"
    yield f"      group_wait: {duration(pace.wait)}"
    yield f"      group_interval: {duration(pace.interval)}"
    yield f"      repeat_interval: {duration(pace.repeat)}"


def _inhibit_rules() -> Iterable[str]:
    yield "# What mutes what. A cause is never muted by its symptom, nor what was seen by somebody's being blind."
    yield "# What was told before its cause fired has to be closed by hand: Alertmanager tells no end of what is muted."
    yield "inhibit_rules:"
    for inhibition in INHIBITIONS:
        yield from _inhibit_rule(inhibition)


def _inhibit_rule(inhibition: Inhibition) -> Iterable[str]:
    yield from (f"# {line}" for line in wrap(inhibition.tells, WIDTH))
    for side, matchers in (("source", inhibition.source), ("target", inhibition.target)):
        prefix = "- " if side == "source" else "  "
        yield f"{prefix}{side}_matchers:"
        yield from (f"  - {quoted(str(matcher))}" for matcher in (*matchers, *inhibition.known))
    if inhibition.equal:
        yield f"  equal: [{', '.join(inhibition.equal)}]"


def _webhooks(urls: Mapping[str, str]) -> str:
    lines = ["receivers:", "- name: nobody"]
    for name in NAMES:
        lines += [f"- name: {name}", "  webhook_configs:", f"  - url: {quoted(urls[name])}", "    send_resolved: true"]
    return "\n".join(lines) + "\n"
