"""The rows of the troubleshooting matrix about paths: black holes, reduced, dead, lossy and slow ones, VXLAN's room.

Apart from the sheet only because of their length; in the commands, words in capitals stand for the alert's labels.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_TRUE = Limit(Op.EQUALS, 1, step=1)
_DEVICE = "$(ip -o route get PEER | grep -o 'dev [^ ]*' | cut -c5-)"
_LOOK = (
    # As large as the network's own packets: on one of jumbo frames 1500 bytes pass through the hole.
    f"ping -c3 -M do -s $(($(cat /sys/class/net/{_DEVICE}/mtu) - 28)) PEER (or - 48, where PEER is one with colons)",
    "tracepath -n PEER",
    "ip route get PEER",
    "ip -d link show | grep -E 'mtu|bond|bridge|vxlan'",
)

SYMPTOMS = (
    Symptom(
        name="CsPathMtuBlackhole",
        sees="Small packets pass between host and peer, large ones vanish without a word.",
        metric="cs_path_mtu_blackhole",
        limit=_TRUE,
        # Two rounds, each of which sends the expected size afresh: a path that merely loses packets pages nobody.
        runs=2,
        cause=Cause.PATH,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="Some switch port, bond, bridge or peer carries less than the ends believe. Connections open and then "
        "stand still at the first full packet: NFS mounts hang, SSH stops in its key exchange, agents lose their "
        "management server while every ping is well. cs_path_mtu_bytes is the largest size that passes.",
        look=(*_LOOK, "ip link show, on the peer and on every bridge and bond in between"),
        fix="Give every port of this network the same MTU, switches included; the pair of hosts on which all black "
        "holes agree names the port. Until then lower the MTU of the devices at both ends to cs_path_mtu_bytes.",
    ),
    Symptom(
        name="CsPathMtuReduced",
        sees="The path carries smaller packets than its network should, and the router or device in between says so.",
        metric="cs_path_mtu_reduced",
        limit=_TRUE,
        runs=2,
        cause=Cause.PATH,
        severity=Severity.WARNING,
        unit="boolean",
        means="TCP adapts, so that nothing fails at once: storage loses throughput, and tunnels, which can't adapt, "
        "lose or fragment what guests send. The label `by` is who carries less: a router's address or the host's own "
        "device. Where that is as it should be, the expected size is wrong.",
        look=_LOOK,
        fix="Raise the MTU at `by`, or declare what this network carries: probes.path_mtu.expected.",
    ),
    Symptom(
        name="CsPathMtuCached",
        sees="The host refuses to send packets of the expected size because of a path MTU that it learnt earlier.",
        metric="cs_path_mtu_cached",
        limit=_TRUE,
        runs=2,
        cause=Cause.PATH,
        severity=Severity.INFO,
        unit="boolean",
        means="A router has said so within the last ten minutes (net.ipv4.route.mtu_expires). Whether it still would "
        "is not known, since the host has neither ping -M probe nor Python.",
        look=("ip route get PEER", "tracepath -n PEER"),
        fix="Install iputils 20231222 or later, or Python 3, and the path is measured afresh each time. It ends by "
        "itself once nobody says so any more; `ip route flush cache`, as root, forgets it at once.",
    ),
    Symptom(
        name="CsPathUnreachable",
        sees="The host gets no answer from its peer on this network, to no packet of either size.",
        metric="cs_path_unreachable",
        limit=_TRUE,
        runs=2,
        cause=Cause.PATH,
        severity=Severity.WARNING,
        unit="boolean",
        means="The peer is down, or its address on this network, the way there or the way back is missing; or a packet "
        "filter drops ICMP echo. If other hosts reach the peer, the fault is on this host's side.",
        look=("ping -c3 PEER", "ip route get PEER", "ip neighbour show to PEER", "ip -s link show"),
        fix="Mend link, VLAN, address or route. Where a packet filter drops ICMP echo on purpose, let it pass between "
        "the hosts of the cloud: with it the network loses its only way to tell of sizes that do not fit.",
    ),
    Symptom(
        name="CsPathLoss",
        sees="More than a fifth of the small packets between host and peer are lost.",
        metric="cs_path_loss_ratio",
        limit=Limit(Op.ABOVE, 0.2, step=0.01),
        runs=2,
        cause=Cause.PATH,
        severity=Severity.WARNING,
        unit="ratio",
        means="NFS and the agent's connection retransmit with growing pauses; heartbeats come late. Of a path that is "
        "quite dead the ratio is 1.",
        look=(
            "ping -c100 -i0.2 PEER",
            "ip -s -s link show",
            f"ethtool -S {_DEVICE} | grep -iE 'err|drop|crc'",
        ),
        fix="Look for a bad cable or transceiver, a duplex mismatch, a bond with one dead member, a full queue.",
    ),
    Symptom(
        name="CsPathSlow",
        sees="An answer from the storage network takes longer than 10 ms.",
        metric="cs_path_rtt_seconds",
        labels={"traffic": "storage"},
        limit=Limit(Op.ABOVE, 0.01, step=0.001),
        runs=3,
        cause=Cause.PATH,
        severity=Severity.WARNING,
        unit="seconds",
        means="Within a site an answer takes less than a millisecond. Every synchronous write of every guest waits "
        "for it, and so does the storage heartbeat.",
        look=("ping -c20 -i0.2 PEER", "tracepath -n PEER", "ip -s -s link show"),
        fix="Find the saturated link or the detour on the way; see whether the server is slow too (CsNfsMountSlow).",
    ),
    Symptom(
        name="CsPathSlowManagement",
        sees="An answer on the management network takes longer than 100 ms.",
        metric="cs_path_rtt_seconds",
        labels={"traffic": "management"},
        limit=Limit(Op.ABOVE, 0.1, step=0.001),
        runs=3,
        cause=Cause.PATH,
        severity=Severity.WARNING,
        unit="seconds",
        means="Agents and management servers wait so long for each other's every word, and what takes many of them "
        "(starting a guest, migrating it, deploying a network) takes many times as long.",
        look=("ping -c20 -i0.2 PEER", "tracepath -n PEER", "ip -s -s link show"),
        fix="Find the saturated link or the detour on the way. Where a zone is that far away on purpose, raise this "
        "limit for its hosts.",
    ),
    Symptom(
        name="CsVxlanHeadroomNegative",
        sees="A VXLAN of the host has a larger MTU than the device below can carry with the encapsulation added.",
        metric="cs_vxlan_headroom_bytes",
        limit=Limit(Op.BELOW, 0, step=1),
        runs=2,
        cause=Cause.PATH,
        severity=Severity.CRITICAL,
        unit="bytes",
        means="Full packets between guests on different hosts are fragmented or lost, while small ones pass: guests "
        "connect, and then hang. The MTU of the device below was lowered after the VXLANs were made.",
        look=("ip -d link show type vxlan", "ip link show DEVICE"),
        fix="Raise the MTU of DEVICE, and of the switches behind it, to that of the VXLANs + 50 (IPv6: + 70).",
    ),
    Symptom(
        name="CsPathNotMeasured",
        sees="The host can't send packets that would tell a path's MTU.",
        metric="cs_path_unmeasured",
        limit=_TRUE,
        runs=2,
        cause=Cause.PATH,
        severity=Severity.INFO,
        unit="boolean",
        means="It has no ping that knows -M, or the account may not use it, and no Python either: black holes on its "
        "paths stay unseen.",
        look=("ping -c1 -M do 127.0.0.1", "getcap $(command -v ping)", "sysctl net.ipv4.ping_group_range"),
        fix="Install iputils' ping with its file capability (setcap cap_net_raw+p), or let the account's group use "
        "ICMP: sysctl -w net.ipv4.ping_group_range='0 2147483647'.",
    ),
)
