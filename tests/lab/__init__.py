"""The fast lab: real hosts as network namespaces, each with its own sshd, clock daemon, addresses and processes.

It exists because the failures this exporter is for (frozen daemons, black holes, dead file servers) only show on
real sockets and real processes. `Lab` in `lab.py` is the way in; `fixtures.py` gives it to pytest.
"""

DEBIAN_PACKAGES = (
    "bash",
    "busybox",
    "chrony",
    "faketime",
    "iproute2",
    "kmod",
    "netbase",
    "nfs-common",
    "netbase",
    "nfs-ganesha",
    "nfs-ganesha-vfs",
    "nftables",
    "openssh-server",
    "procps",
    "rpcbind",
    "user-mode-linux",
    "util-linux",
)
"""Every Debian or Ubuntu package whose programs the lab starts."""

PROGRAMS = ("sshd", "chronyd", "chronyc", "ganesha.nfsd", "rpcbind", "nft", "ip", "ss", "nsenter", "busybox", "bash")
"""The programs looked for before a lab is built, so that a missing package is one clear line."""
