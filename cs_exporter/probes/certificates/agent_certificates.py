"""The sheet of the probe `agent_certificates`: until when a hypervisor's certificates are good.

Those of its agent and of libvirt are one. CloudStack renews it by itself fifteen days before its end, while the agent
stays connected to the server that knows it. One that has run out is still let in by default: libvirt's migration and
consoles break first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from cs_exporter.model import Host, Role
from cs_exporter.parsers import certificates
from cs_exporter.parsers.certificates import CertificateFile, FileState
from cs_exporter.ports import Io, SectionCall
from cs_exporter.probes.agents.sessions import CLOUDSTACK_AGENT
from cs_exporter.probes.certificates.symptoms import SYMPTOMS
from cs_exporter.spec import Metric, Need, ProbeSettings, ProbeSpec, Sample, Seconds, Section, rows

MOST_FILES = 8


def _plain_path(path: str) -> str:
    if not path.startswith("/") or any(character.isspace() or not character.isprintable() for character in path):
        raise ValueError(f"{path!r} is no absolute path without blanks; correct it")
    return path


class AgentCertificatesSettings(ProbeSettings):
    """Settings of the probe agent_certificates."""

    interval: Seconds = Field(default=300.0, gt=0, description="rounded up to a multiple of global.interval")
    files: tuple[Annotated[str, AfterValidator(_plain_path)], ...] = Field(
        default=("/etc/cloudstack/agent/cloud.crt", "/etc/pki/libvirt/servercert.pem"),
        max_length=MOST_FILES,
        description="absolute paths of certificates in PEM; those that are not there are no finding",
    )


# A folder that may not be entered looks empty, which must not pass for a file that is not there.
SECTION = Section(
    name="certificate_dates",
    tool="openssl",
    body=r"""
	for file; do
		folder=${file%/*} closed=
		while [ -n "$folder" ]; do
			if [ -e "$folder" ] && [ ! -x "$folder" ]; then closed=yes; fi
			folder=${folder%/*}
		done
		if [ -n "$closed" ]; then echo "unreadable $file"
		elif [ ! -e "$file" ]; then echo "missing $file"
		elif [ ! -r "$file" ]; then echo "unreadable $file"
		elif dates=$(openssl x509 -in "$file" -noout -startdate -enddate 2>/dev/null </dev/null); then
			printf 'read %s\n%s\n' "$file" "$dates"
		else echo "strange $file"
		fi
	done
""",
)


@dataclass(frozen=True, slots=True)
class AgentCertificatesReading:
    """The files that were looked for; none of them need be there, on a host that is not secured."""

    files: tuple[CertificateFile, ...]


async def probe(_host: Host, io: Io, settings: AgentCertificatesSettings) -> AgentCertificatesReading:
    """Read the dates of all files in one question."""
    call = SectionCall(SECTION.name, settings.files)
    answers = await io.shell.ask(call)
    return AgentCertificatesReading(certificates.parse(answers[call].text()))


def _ends(reading: AgentCertificatesReading) -> Iterable[Sample]:
    return [Sample(one.not_after, (one.path,)) for one in reading.files if one.not_after is not None]


def _unread(reading: AgentCertificatesReading) -> Iterable[Sample]:
    unread = (FileState.UNREADABLE, FileState.STRANGE)
    return [Sample(1.0, (one.path, str(one.state))) for one in reading.files if one.state in unread]


METRICS: tuple[Metric[AgentCertificatesReading], ...] = (
    rows(
        "cs_certificate_not_after_timestamp_seconds",
        "When a certificate on the host runs out, in seconds since the epoch (notAfter, by openssl x509).",
        ("file",),
        _ends,
    ),
    rows(
        "cs_certificate_unreadable",
        "1 while a certificate is there and its end is not known (by openssl x509): closed to us, or strange.",
        ("file", "state"),
        _unread,
    ),
)


def applies(host: Host) -> bool:
    """Whether the host is a hypervisor with an agent of its own."""
    return Role.HYPERVISOR in host.roles and CLOUDSTACK_AGENT.runs_at(host)


NEEDS = (
    Need(
        key="openssl",
        lost="until when the certificates of agent and libvirt are good",
        mend="apt-get install openssl (or dnf install openssl)",
        check="command -v openssl",
        applies=applies,
    ),
)

SPEC: ProbeSpec[AgentCertificatesSettings, AgentCertificatesReading] = ProbeSpec(
    name="agent_certificates",
    question="Until when are the certificates of the agent and of libvirt good?",
    settings=AgentCertificatesSettings,
    reading=AgentCertificatesReading,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    sections=(SECTION,),
    needs=NEEDS,
    applies=applies,
)
