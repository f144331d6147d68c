"""The rows of the troubleshooting matrix about system VMs, guests and storage, as the cloud has them.

Tickets, all of them: users notice, but no host is lost by it; a pool that is not Up keeps hosts from coming back.
"""

from __future__ import annotations

from cs_exporter.probes.cloudstack.reading import ERRORS_WINDOW
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_FALSE = Limit(Op.EQUALS, 0, step=1)
_SERVER_LOG = "/var/log/cloudstack/management/management-server.log"
_BY_STATE = (
    'mariadb -e "SELECT instance_name, type, state, host_id, update_time FROM cloud.vm_instance WHERE removed IS NULL '
    "AND state NOT IN ('Running', 'Stopped', 'Destroyed') ORDER BY update_time LIMIT 20\""
)

SYMPTOMS = (
    Symptom(
        name="CsSystemVmDown",
        sees="A zone has had no console proxy, or no secondary storage VM, at work for ten minutes.",
        metric="cs_zone_system_vms",
        limit=_FALSE,
        runs=2,
        hold=600,  # one that is replaced is made, started and connected in that time
        cause=Cause.MANAGEMENT,
        severity=Severity.WARNING,
        unit="VMs",
        means="None of that kind runs with its agent connected. The cloud starts such VMs by itself, under new names "
        "again and again where that fails: without a console proxy there are no "
        "consoles, without a secondary storage VM no templates, snapshots or volumes are copied.",
        look=(
            (
                'mariadb -e "SELECT instance_name, state, host_id, update_time FROM cloud.vm_instance WHERE type IN '
                "('ConsoleProxy', 'SecondaryStorageVm') AND removed IS NULL\""
            ),
            (
                f"grep -E '(ConsoleProxy|SecondaryStorage)ManagerImpl' {_SERVER_LOG} | tail -n 50, on each "
                "management server"
            ),
        ),
        fix="Mend what its start failed for: capacity, the system template, an address range that is used up, "
        "secondary storage. In a zone that is disabled on purpose they do not start: remove them there.",
    ),
    Symptom(
        name="CsSystemVmAgentDisconnected",
        sees="A system VM runs, and its agent does not reach a management server.",
        metric="cs_system_vm_agent_connected",
        limit=_FALSE,
        runs=2,
        hold=300,  # it boots, gets its patch and a certificate in that time
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        unit="boolean",
        means="It looks well in lists of VMs and does nothing. Its agent does not run, can't reach the address in the "
        "setting host on port 8250, or is refused for its certificate; a clock that is wrong does that too.",
        look=(
            (
                "ssh -i ~/.ssh/id_rsa.cloud -p 3922 root@$ADDRESS, on its hypervisor; then "
                "/usr/local/cloud/systemvm/ssvm-check.sh"
            ),
            "tail -n 50 /var/log/cloud.log, on the same machine",
            "mariadb -e \"SELECT value FROM cloud.configuration WHERE name = 'host'\"",
        ),
        fix="Mend the way to port 8250, the setting host, or the clock of its hypervisor; restart the agent in the VM "
        "(systemctl restart cloud), or destroy the VM: the cloud makes a new one.",
    ),
    Symptom(
        name="CsVmsStuckInTransition",
        sees="A guest or system VM has been on its way from one state to another for more than half an hour.",
        metric="cs_vms_in_transition_oldest_seconds",
        limit=Limit(Op.ABOVE, 1800, step=1),  # as long as the cloud itself waits for a command (wait)
        runs=2,
        cause=Cause.MANAGEMENT,
        severity=Severity.WARNING,
        unit="seconds",
        means="VMs that stay in Starting, Stopping or Migrating wait for an agent that does not answer, a template "
        "that is not copied, or a job whose server went away. Large migrations of storage may take that long and be "
        "well.",
        look=(
            _BY_STATE,
            (
                'mariadb -e "SELECT id, job_cmd, job_status, instance_id, job_init_msid, created FROM cloud.async_job '
                'WHERE job_status = 0 ORDER BY created LIMIT 20"'
            ),
            (
                'mariadb -e "SELECT DISTINCT h.name, h.status FROM cloud.host h JOIN cloud.vm_instance v ON v.host_id '
                "= h.id WHERE v.removed IS NULL AND v.state NOT IN ('Running', 'Stopped', 'Destroyed')\" (the hosts "
                "they are on)"
            ),
        ),
        fix="Look at the host it is on, and at its secondary storage. A job of a server that is gone is ended when "
        "that server, or another one, restarts.",
    ),
    Symptom(
        name="CsVmsInError",
        sees="Several guests have gone into Error within half an hour.",
        metric="cs_vms_recent_errors",
        limit=Limit(Op.ABOVE, 4, step=1),
        runs=1,
        cause=Cause.MANAGEMENT,
        severity=Severity.WARNING,
        unit="VMs",
        means=f"Within {ERRORS_WINDOW / 60:g} minutes several could not be made. One alone is often a wish that can't "
        "be fulfilled; several are a lack of capacity or addresses, a template that can't be copied, or hosts that "
        "fail to start any.",
        look=(
            (
                'mariadb -e "SELECT instance_name, last_host_id, update_time FROM cloud.vm_instance WHERE state = '
                "'Error' AND removed IS NULL ORDER BY update_time DESC LIMIT 20\""
            ),
            (
                f"grep -E 'InsufficientServerCapacity|ResourceUnavailable' {_SERVER_LOG} | tail -n 20, on each "
                "management server"
            ),
        ),
        fix="Mend what the log names, then remove the VMs in Error; they stay for ever else.",
    ),
    Symptom(
        name="CsStoragePoolNotUp",
        sees="A storage pool that hosts have mapped is not Up.",
        metric="cs_storage_pool_unusable_hosts",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=2,
        hold=300,
        cause=Cause.STORAGE,
        severity=Severity.WARNING,
        unit="hosts",
        means="Hosts that have it keep working, but one that connects anew may fail at it and go into Alert: a restart "
        "of a management server is enough for all of them. A pool in maintenance on purpose is told as well, for that "
        "reason.",
        look=(
            (
                'mariadb -e "SELECT name, uuid, status, host_address, path FROM cloud.storage_pool WHERE removed IS '
                "NULL AND status <> 'Up'\""
            ),
            "showmount -e $ADDRESS, on one of its hosts",
        ),
        fix="Bring it back and end its maintenance; one that is given up should be removed from the cloud, so that no "
        "host has it mapped.",
    ),
    Symptom(
        name="CsImageStoreDown",
        sees="A secondary storage that is reached by HTTP answers no more.",
        metric="cs_image_store_up",
        limit=_FALSE,
        runs=2,
        hold=120,
        cause=Cause.STORAGE,
        severity=Severity.WARNING,
        unit="boolean",
        means="Templates, snapshots and volumes can't be copied; guests whose template is not on primary storage yet "
        "can't be made. It answered the exporter before; system VMs may have another way to it.",
        look=(
            "curl -sv -o /dev/null $URL, on the exporter's machine",
            "curl -sv -o /dev/null $URL, on a machine of the storage network",
        ),
        fix="Mend the storage, its balancer or certificate, or the way there. If only the exporter can't reach it any "
        "more, let it through, or nobody will be told next time.",
    ),
    Symptom(
        name="CsImageStoreCertificateExpires",
        sees="The TLS certificate of a secondary storage runs out within 14 days.",
        metric="cs_image_store_tls_not_after_timestamp_seconds",
        limit=Limit(Op.ABOVE, -14 * 86400, step=3600, age=True),
        runs=2,
        cause=Cause.STORAGE,
        severity=Severity.WARNING,
        unit="seconds",
        means="When it has run out the secondary storage VMs and hypervisors refuse to use it.",
        look=(
            (
                "openssl s_client -connect $ADDRESS:443 </dev/null | openssl x509 -noout -dates -subject, on the "
                "exporter's machine"
            ),
        ),
        fix="Renew the certificate and have the storage load it.",
    ),
)
