"""The fast lab: real hosts as network namespaces, each with its own sshd, clock daemon, addresses and processes.

It exists because the failures this exporter is for (frozen daemons, black holes, dead file servers) only show on
real sockets and real processes. `Lab` in `lab.py` is the way in; `fixtures.py` gives it to pytest. Modules: `host`
(what a host can be asked), `faults` (with blocks), `agents`, `ntp`, `nfs_server`, `hang_mount`, `uml` (hosts with
another kernel), `wait`.

Addresses are a /22 of 10.213.0.0/16 (`lan`: hosts, mgmt, this process by a veth named cslabM) and the /22 after it
(`far`, behind a router); the first pair that is free, so labs of several test runs do not meet. No packet leaves the
machine.
"""

DEBIAN_PACKAGES = (
    "bash",
    "busybox",
    "chrony",
    "faketime",
    "galera-4",
    "iproute2",
    "iputils-ping",
    "kmod",
    "mariadb-client-core",
    "mariadb-server-core",
    "netbase",
    "nfs-common",
    "nfs-ganesha",
    "nfs-ganesha-vfs",
    "nftables",
    "openssh-server",
    "procps",
    "python3",
    "rpcbind",
    "strace",
    "user-mode-linux",
    "util-linux",
)
"""Every Debian or Ubuntu package whose programs the lab starts."""

PROGRAMS = (
    "bash",
    "busybox",
    "chronyc",
    "chronyd",
    "faketime",
    "ganesha.nfsd",
    "ip",
    "linux.uml",
    "mariadb",
    "mariadb-install-db",
    "mariadbd",
    "nft",
    "nsenter",
    "ping",
    "pkill",
    "rpcbind",
    "showmount",
    "ss",
    "sshd",
    "strace",
)
"""The programs looked for before a lab is built, so that a missing package is one clear line."""
