"""What is wrong with the certificates of an agent or of libvirt, and what to do about it.

The limits lie below the fifteen days at which CloudStack renews: what they tell is that this has failed.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_DAY = 86400.0
_END = "cs_certificate_not_after_timestamp_seconds"
_LOOK = (
    "openssl x509 -in FILE -noout -dates -subject -serial, on HOST",
    "grep -a 'auto-renewal\\|expir' /var/log/cloudstack/management/management-server.log, on the management servers",
)

SYMPTOMS = (
    Symptom(
        name="CsCertificateExpires",
        sees="A certificate of an agent or of libvirt runs out within 14 days, and has not been renewed.",
        metric=_END,
        limit=Limit(Op.ABOVE, -14 * _DAY, step=3600, age=True),
        runs=2,
        cause=Cause.PORT,
        severity=Severity.WARNING,
        unit="seconds",
        means="CloudStack renews by itself at 15 days (ca.framework.cert.expiry.alert.period), where the host is Up "
        "and stayed connected to the server that knows its certificate: a reconnect makes it forget. After the end "
        "migration over TLS and consoles fail first; with ca.plugin.root.allow.expired.cert off, so does the agent.",
        look=_LOOK,
        fix="Provision it anew: the host's page, Provision host security keys (provisionCertificate). The agent and "
        "libvirtd restart for a moment; running machines keep their old certificate for consoles.",
    ),
    Symptom(
        name="CsCertificateExpiresCritical",
        sees="A certificate of an agent or of libvirt has run out, or will within 2 days.",
        metric=_END,
        limit=Limit(Op.ABOVE, -2 * _DAY, step=3600, age=True),
        runs=2,
        cause=Cause.PORT,
        severity=Severity.CRITICAL,
        unit="seconds",
        means="Live migration between secured hosts and consoles stop working, and libvirtd does not start again once "
        "it is stopped. A clock that is ahead makes a good certificate look like this to its peers, too.",
        look=_LOOK,
        fix="Provision it anew now: the host's page, Provision host security keys (provisionCertificate).",
    ),
    Symptom(
        name="CsCertificateUnreadable",
        sees="A certificate of an agent or of libvirt is there, and its end is not known.",
        metric="cs_certificate_unreadable",
        limit=Limit(Op.EQUALS, 1, step=1),
        runs=2,
        cause=Cause.PORT,
        severity=Severity.INFO,
        unit="boolean",
        means="The account may not read the file, or it holds no certificate. Nobody is warned before it runs out.",
        look=("ls -lL FILE; namei -l FILE, on HOST",),
        fix="Let the account read it (a certificate is no secret; the key beside it is): chmod a+r FILE, and a+x on "
        "its folders. Or leave it out: probes.agent_certificates.files.",
    ),
)
