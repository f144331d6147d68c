"""Faults of single ports: refused, filtered, reset, accepting and mute, and a certificate that ran out.

The service behind is well in most of them: what fails is the way to it, as after a change of packet filters.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.demo.cloud import HTTPS, LIBVIRT, MANAGEMENT, NAMESPACED, Cloud
from tests.demo.fault import HERE, Fault, Row
from tests.lab import faults
from tests.lab.listeners import Listener

HTTP = 8080
DOWN = Row(HERE, "CsPortDown")
RETRIES = (Row(HERE, "CsPortMute"), Row(HERE, "CsPortSlow"), Row(HERE, "CsPortSynRetransmits"))


def _shows(name: str, state: str) -> tuple[str, ...]:
    return (f'cs_port_failing{{host="$host",port_name="{name}",state="{state}"}} == 1',)


@contextmanager
def certificate_run_out(cloud: Cloud, host: str) -> Iterator[None]:
    """The server behind the port presents a certificate of yesterday."""
    server = cloud.ports[host, HTTPS]
    good = server.certificate
    expired = cloud.authority.issue(f"{host}-expired", cloud.host(host).address, valid_for=dt.timedelta(days=-1))

    try:
        _present(server, expired)
        yield
    finally:
        _present(server, good)


def _present(server: Listener, certificate: tuple[Path, Path] | None) -> None:
    server.certificate = certificate
    server.stop()
    server.start()


PORTS = (
    Fault(
        name="port-refused",
        tells="a packet filter refuses connections to a management server's API",
        hosts=MANAGEMENT,
        breaks=lambda cloud, host: faults.rejected(cloud.host(host), HTTP),
        probe="port_reachability",
        rows=(DOWN,),
        queries=_shows("management-http", "refused"),
        part="port 8080 of $host",
    ),
    Fault(
        name="port-prohibited",
        tells="a packet filter prohibits connections to a management server's API, by ICMP",
        hosts=MANAGEMENT,
        breaks=lambda cloud, host: faults.rejected(cloud.host(host), HTTP, "icmp admin-prohibited"),
        probe="port_reachability",
        rows=(DOWN,),
        queries=_shows("management-http", "filtered"),
        also=RETRIES,
        part="port 8080 of $host",
    ),
    Fault(
        name="port-filtered",
        tells="packets to a management server's API vanish",
        hosts=MANAGEMENT[::-1],
        breaks=lambda cloud, host: faults.dropped(cloud.host(host), HTTP),
        probe="port_reachability",
        rows=(DOWN,),
        queries=_shows("management-http", "filtered"),
        also=RETRIES,
        part="port 8080 of $host",
    ),
    Fault(
        name="port-reset",
        tells="connections to a management server's API are reset at their first word",
        hosts=MANAGEMENT,
        breaks=lambda cloud, host: faults.filtered(
            cloud.host(host).namespace,
            "input",
            f"tcp dport {HTTP} tcp flags & syn == 0 reject with tcp reset",
        ),
        probe="port_reachability",
        rows=(DOWN,),
        queries=_shows("management-http", "reset"),
        part="port 8080 of $host",
    ),
    Fault(
        name="port-mute",
        tells="a management server's TLS port accepts connections, and nobody answers",
        hosts=MANAGEMENT[::-1],
        breaks=lambda cloud, host: faults.frozen(cloud.ports[host, HTTPS]),
        probe="port_reachability",
        rows=(DOWN,),
        also=RETRIES,
        part="port 8443 of $host",
    ),
    Fault(
        name="certificate-expired",
        tells="the certificate of a management server's TLS port has run out",
        hosts=MANAGEMENT,
        breaks=certificate_run_out,
        probe="port_reachability",
        rows=(Row(HERE, "CsPortCertificateExpires"), Row(HERE, "CsPortCertificateExpiresCritical")),
        also=(DOWN,),
        part="port 8443 of $host",
    ),
    Fault(
        name="libvirt-stopped",
        tells="libvirt listens no more",
        hosts=NAMESPACED,
        breaks=lambda cloud, host: faults.stopped(cloud.ports[host, LIBVIRT]),
        probe="port_reachability",
        rows=(DOWN,),
        queries=_shows("libvirt-tcp", "refused"),
        part="libvirt of $host",
    ),
)
