"""The rows of the troubleshooting matrix about the endpoints of an OpenStack cloud's catalog.

In the commands, words in capitals stand for the alert's labels; address is host:port.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_MEANS = (
    "Its state says how: refused, nothing listens there; filtered, requests vanish; reset, whoever accepts breaks off; "
    "mute, it accepts and never answers: the service is frozen or all its workers wait; error, it answers 500, 502, "
    "503 or 504: the balancer has no server left for it, or it has lost its database; tls, no handshake succeeds. "
    "Clients of the catalog, and the services themselves, come this way."
)
_LOOK = (
    (
        "curl -sS -m 10 -o /dev/null -w '%{http_code} %{time_total}\\n' http://ADDRESS/ (or https), on the exporter's "
        "machine"
    ),
    "ss -tlnp, on the controllers: whether the address' port is there, and whose it is",
    "systemctl status haproxy, on the machine that has the address",
)
_FIX = (
    "mute: see what the service waits for (database, message bus, another API), then restart it. error: mend its "
    "database or its servers behind the balancer. refused: start it, or correct the catalog: openstack endpoint list."
)


def _down(name: str, severity: Severity, sees: str) -> Symptom:
    return Symptom(
        name=name,
        sees=sees,
        metric="cs_openstack_endpoint_failing",
        labels={"severity": severity.value},
        limit=Limit(Op.EQUALS, 1, step=1),
        told={"state": "filtered"},
        runs=3,
        cause=Cause.PORT,
        severity=severity,
        unit="boolean",
        means=_MEANS,
        look=_LOOK,
        fix=_FIX,
    )


SYMPTOMS = (
    _down(
        "CsOpenStackEndpointDown",
        Severity.CRITICAL,
        "An API of OpenStack that no guest can be started without does not answer.",
    ),
    _down(
        "CsOpenStackEndpointDownWarning",
        Severity.WARNING,
        "An API that OpenStack's catalog names does not answer.",
    ),
    Symptom(
        name="CsOpenStackApiSlow",
        sees="An API of OpenStack takes more than two seconds to turn an empty request away.",
        metric="cs_openstack_endpoint_first_byte_seconds",
        limit=Limit(Op.ABOVE, 2.0, step=0.01),
        runs=4,
        cause=Cause.PORT,
        severity=Severity.WARNING,
        unit="seconds",
        means="A few milliseconds are usual, and neither database nor message bus is needed: all workers are busy. One "
        "call about a frozen compute holds a worker for as long as a call may take, a minute by default. Requests that "
        "do work wait longer than this one, and clients give up on theirs.",
        look=(
            "ss -tln, on the controllers: Recv-Q of the address' port, connections that wait to be accepted",
            (
                "openstack compute service list; openstack network agent list, on a controller, as an administrator: "
                "who is down and still asked"
            ),
        ),
        fix="Mend the agents that calls wait for, the message bus or the database. Else give the service more workers.",
    ),
    Symptom(
        name="CsOpenStackCertificateExpires",
        sees="The TLS certificate of an API of OpenStack runs out within 14 days.",
        metric="cs_openstack_endpoint_tls_not_after_timestamp_seconds",
        limit=Limit(Op.ABOVE, -14 * 86400.0, step=3600, age=True),
        runs=2,
        cause=Cause.PORT,
        severity=Severity.WARNING,
        unit="seconds",
        means="When it has run out, no client that checks it connects, and services are clients of each other.",
        look=(
            (
                "openssl s_client -connect ADDRESS </dev/null | openssl x509 -noout -dates -subject, on the exporter's "
                "machine"
            ),
        ),
        fix="Renew the certificate and have the balancer or service load it.",
    ),
)
