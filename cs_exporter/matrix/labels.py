"""What every label means: one list, because the same label means the same on every metric that has it.

The reference prints it, and fails where a metric has a label that is not told here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "access": "whether it may be written to: `readwrite` or `readonly`",
        "address": "the address by which the host, or a mount's server, is reached; of a system VM its public one",
        "agent": "the agent: `cloudstack-agent`, `nova-compute` and so on",
        "agent_state": "the state that the cloud has the VM's agent in; empty if it has none",
        "by": "who says that packets are too large: a router's address, or the host's own device",
        "cause": "what is behind a symptom; the closed list of the causes of docs/matrix.md",
        "channel": "the replication channel; empty for the only one",
        "client": "the machine that holds the connections, by its inventory name or address; the rest is `other`",
        "cloud_cluster": "the host's cluster in the cloud",
        "cloud_pod": "the host's pod in the cloud",
        "cloud_zone": "the host's zone in the cloud; of what belongs to no host, its own",
        "device": "the network interface",
        "errno": "the database server's number of the error",
        "event": "what was written into the log, by a closed list; docs/metrics.md has it where it is counted",
        "export": "the exported folder, as the mount names it",
        "file": "the file on the host",
        "flavour": "whose server it is: `mariadb` or `mysql`",
        "grant": "the database privilege",
        "group": "the name of the Galera cluster",
        "host": "the host that it is about, by its inventory name",
        "hypervisor": "the kind of hypervisor, as the cloud names it",
        "image_store": "the secondary storage, by its name in the cloud",
        "kind": "what it is, in the cloud's words: `ConsoleProxy`, `NetworkFilesystem` and so on",
        "management_server": "the management server that last heard the agent",
        "map": "the multipath map, as device-mapper names it",
        "mode": "how the mount reacts to a server that is gone: `hard` or `soft`",
        "mountpoint": "where it is mounted",
        "outage": "how long a server has been down: `recent` for the first hour, then `lasting`",
        "path": "the exported folder of a storage pool, as the cloud has it",
        "peer": "the host at the other end of the path",
        "platform": "the cloud that the host belongs to: `cloudstack`, `openstack`; empty for hosts written down",
        "pool": "the primary storage pool, by its name in the cloud",
        "pool_uuid": "its uuid, by which hosts call the folder that they mount it at",
        "port": "the number of the TCP port",
        "port_name": "what the port is for",
        "probe": "the probe, as in the configuration's section `probes`",
        "program": "the RPC program: `nfs`, `mountd` or `portmapper`",
        "protocol": "how it is used: `nfs`, `s3` and so on",
        "python_version": "the Python it runs on",
        "question": "what the database server did not answer",
        "reason": "why a run found nothing out: `unreachable`, `refused`, `timeout` and so on",
        "revision": "the commit it was built from",
        "roles": "the host's roles, in alphabetical order, with commas between",
        "server": "the file server, by its inventory name if it is a host of the inventory, else its address",
        "severity": "how bad it is, where the port's own entry says so",
        "source": "where the value was read",
        "state": "the state; of what has one at a time there is a series for the present one only",
        "symptom": "the symptom, by its alert's name",
        "system_vm": "the console proxy or secondary storage VM, by its name in the cloud",
        "target": "the iSCSI target's name (IQN)",
        "thread": "the replica's thread: `io` or `sql`",
        "traffic": "what the path carries: `management`, `storage` or `overlay`",
        "url": "where it is, without what could be a secret",
        "vantage": "who looked: `exporter`, or the name of a host",
        "version": "the version of what answers, or of the exporter",
    }
)
"""Label -> what its value is."""
