"""How a runbook's steps are typed where OpenStack runs in containers of kolla-ansible, or comes from RDO's packages.

Said once for all pages: a page shows the lines that its own steps need, and is as good at night on either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

TITLE = "In containers, or with RDO's packages"

LEAD = (
    "Steps are typed as on Ubuntu and Debian. Where kolla-ansible has made containers, type what is behind the arrow "
    "(podman instead of docker, where that is used). A container has its service's name with _ for -, and is started "
    "anew by docker restart nova_compute; ps, ss, df, iostat, dmesg and chronyc are typed on the machine itself. "
    "Passwords are in /etc/kolla/passwords.yml, on the machine that deploys."
)
RDO = (
    "With RDO's packages units of nova, cinder and heat begin with openstack- (openstack-nova-compute), neutron's do "
    "not; neutron's and cinder's logs are called without the project (neutron/l3-agent.log, cinder/volume.log)."
)

PROGRAM = (
    "cs-exporter is typed as /opt/cs_exporter/bin/cs-exporter where it was installed by deploy/systemd, and as "
    "docker exec cs_exporter cs-exporter where it runs in a container."
)
"""The exporter's own program, on its machine: no PATH has it."""

_PROBES = ("openstack_", "rabbitmq", "galera_", "mysql_")
_SERVICE = r"(?:AGENT\b|(?:nova|neutron|cinder|heat)-\w)"
_OF_OPENSTACK = re.compile(rf"\bopenstack |\b{_SERVICE}")
_OF_PACKAGES = re.compile(rf"\b(?:systemctl|journalctl) .*{_SERVICE}|/var/log/(?:nova|neutron|cinder|heat|\*)/")

_Way = Callable[[re.Match[str]], tuple[str, str]]
"""What was found in a step -> what is typed as packaged, and in containers."""

_CONTAINERS = {"rabbitmq-server": "rabbitmq"}
"""Unit -> container, where its name is another one."""


def _inside(program: str, container: str) -> _Way:
    return lambda _: (f"{program} ...", f"docker exec {container} {program} ...")


def _unit(found: re.Match[str]) -> tuple[str, str]:
    container = _CONTAINERS.get(found[1], found[1].replace("-", "_"))
    return f"systemctl status {found[1]}", f"docker ps -a -f name={container}"


def _same(typed: str, there: str) -> _Way:
    return lambda _: (typed, there)


_WAYS: tuple[tuple[str, _Way], ...] = (
    (r"\bsystemctl status ([\w-]+)", _unit),
    (r"\bsystemctl list-units --failed", _same("systemctl list-units --failed", "docker ps -a | grep -v '(healthy)'")),
    (r"\bjournalctl -u mariadb", _same("journalctl -u mariadb ...", "tail -n 200 /var/log/kolla/mariadb/mariadb.log")),
    (rf"\bjournalctl -u '?\*?{_SERVICE}", _same("journalctl -u AGENT ...", "tail -n 50 /var/log/kolla/*/AGENT.log")),
    (r"\brabbitmqctl ", _inside("rabbitmqctl", "rabbitmq")),
    (r"\brabbitmq-diagnostics ", _inside("rabbitmq-diagnostics", "rabbitmq")),
    (
        r"\b(?:mariadb|mysql) -e (?!.*\bcloud\.)",
        _same("mariadb -e ...", "docker exec -it mariadb mariadb -u root -p -e ... (database_password)"),
    ),
    (r"/var/log/(nova|neutron|cinder|heat|rabbitmq|\*)/", lambda found: (found[0], f"/var/log/kolla/{found[1]}/")),
    (r"/etc/(nova|cinder)/(\w+\.conf)", lambda found: (found[0], f"/etc/kolla/{found[1]}-*/{found[2]}")),
    (r"/etc/\*/\*\.conf", lambda found: (found[0], "/etc/kolla/*/*.conf")),
    (r"/var/lib/mysql", _same("/var/lib/mysql", "/var/lib/docker/volumes/mariadb")),
    (r"/var/lib/rabbitmq", _same("/var/lib/rabbitmq", "/var/lib/docker/volumes/rabbitmq")),
    (r"\bvirsh ", _inside("virsh", "nova_libvirt")),
    (
        r"\bopenstack ",
        _same("openstack ...", "the same on the machine that deploys, after: . /etc/kolla/admin-openrc.sh"),
    ),
)
"""What in a step asks for it, and what that comes to."""


def said(probe: str, typed: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """Paragraphs and a table for a page of these steps; empty ones where it has nothing to do with OpenStack."""
    steps = tuple(typed)
    if not probe.startswith(_PROBES) and not any(map(_OF_OPENSTACK.search, steps)):
        return (), ""
    pairs = dict.fromkeys(_pairs(steps))
    if not pairs:
        return (), ""
    width = max(len(packaged) for packaged, _ in pairs)
    told = (LEAD, RDO) if any(map(_OF_PACKAGES.search, steps)) else (LEAD,)
    return told, "\n".join(f"{packaged:<{width}}  ->  {there}" for packaged, there in pairs)


def _pairs(steps: Iterable[str]) -> Iterator[tuple[str, str]]:
    for step in steps:
        if "/var/log/cloudstack/" in step or "cloudstack-" in step:
            continue
        for pattern, pair in _WAYS:
            yield from map(pair, re.finditer(pattern, step))
