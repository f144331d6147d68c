"""Faults of clocks: of a host's own, of its NTP client, and of the server that all of them follow.

Where the clock is the machine's own (namespaces), its programs are lied to; User-Mode-Linux clocks are really wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cs_exporter.board import FLEET
from tests.demo.cloud import NAMESPACED, OWN_KERNEL, Cloud
from tests.demo.fault import ANY, EXPORTER, HERE, Fault, Row
from tests.demo.ways import ended_by
from tests.lab import faults

WRONG = 6.0
"""Seconds: beyond every limit within a pool."""

SKEWED = (Row(HERE, "CsClockSkew"), Row(HERE, "CsClockSkewFromFleet"))
IN_POOL = (Row(HERE, "CsClockSkewInPool"), Row(HERE, "CsClockSkewInPoolCritical"))
"""Of hosts that share one: the only ones whose clocks are worth a page at once."""

OFFSET = (Row(HERE, "CsClockOffset"), Row(HERE, "CsClockOffsetCritical"))
BOUND = Row(HERE, "CsClockErrorBound")
POLL = 4.0
"""Seconds between two looks of the User-Mode-Linux hosts' NTP clients at their server."""

FORGETS = 40.0
"""Seconds until those clients have given up a server that does not answer: eight polls."""

CLIENTS = ("kvm3", "kvm4", "kvm5", "ms1", "ms2", "db1", "nfs1", "kvm6", "db2")
UNSYNCHRONISED = Row(HERE, "CsClockNotSynchronised")


@contextmanager
def really_wrong(cloud: Cloud, host: str) -> Iterator[None]:
    """The kernel's own clock is stepped, and its NTP client may only slew it, slowly; mended by a step back."""
    kernel = cloud.kernels[host]
    kernel.start_chronyd(cloud.ntp, "maxslewrate 1")
    kernel.set_clock(WRONG)
    try:
        yield
    finally:
        kernel.stop_chronyd()
        kernel.set_clock(0.0)
        kernel.start_chronyd(cloud.ntp, "makestep 0.1 3")


@contextmanager
def of_the_exporter_wrong(cloud: Cloud, _host: str) -> Iterator[None]:
    """The exporter's own clock is stepped, and back again."""
    cloud.exporter_clock.write_text(f"{WRONG:+g}\n", encoding="utf-8")
    try:
        yield
    finally:
        cloud.exporter_clock.write_text("+0\n", encoding="utf-8")


def followed(cloud: Cloud, host: str, offset: float = 0.0) -> None:
    """The host's client follows the cloud's server, and believes its own clock to be wrong by so much."""
    cloud.clocks[host].follow(cloud.ntp, offset)


CLOCKS = (
    Fault(
        name="clock-wrong",
        tells=f"the clock is {WRONG:g} s ahead, and so its NTP client says",
        hosts=tuple(OWN_KERNEL),
        breaks=really_wrong,
        probe="time_drift",
        rows=(*SKEWED, *IN_POOL, *OFFSET),
        also=(BOUND, UNSYNCHRONISED, Row(HERE, "CsStorageHeartbeatAhead")),
        slack=lambda pace: pace.slowness + 2 * POLL,
        part="clock of $host",
    ),
    Fault(
        name="clock-ahead",
        tells=f"programs see a clock {WRONG:g} s ahead, of which the NTP client knows nothing",
        hosts=NAMESPACED,
        breaks=lambda cloud, host: faults.clock_wrong(cloud.host(host), WRONG),
        probe="time_drift",
        rows=SKEWED,
        part="clock of $host",
    ),
    Fault(
        name="clock-offset",
        tells="the NTP client finds the clock 2 s wrong",
        hosts=CLIENTS,
        breaks=lambda cloud, host: ended_by(lambda: followed(cloud, host, 2.0), lambda: followed(cloud, host)),
        probe="time_drift",
        rows=OFFSET,
        also=(BOUND, UNSYNCHRONISED),
        slack=lambda _pace: 2.0,
        part="NTP client of $host",
    ),
    Fault(
        name="clock-unsynchronised",
        tells="the NTP client asks a server that never answers",
        hosts=CLIENTS[1:] + CLIENTS[:1],
        breaks=lambda cloud, host: ended_by(cloud.clocks[host].never_synchronised, lambda: followed(cloud, host)),
        probe="time_drift",
        rows=(UNSYNCHRONISED,),
        slack=lambda _pace: 2.0,
        part="NTP client of $host",
    ),
    Fault(
        name="clock-client-frozen",
        tells="the NTP client does not answer",
        hosts=CLIENTS[2:] + CLIENTS[:2],
        breaks=lambda cloud, host: faults.frozen(cloud.clocks[host]),
        probe="time_drift",
        rows=(Row(HERE, "CsClockClientMute"),),
        part="NTP client of $host",
    ),
    Fault(
        name="clock-client-stopped",
        tells="no NTP client runs",
        hosts=CLIENTS[3:] + CLIENTS[:3],
        breaks=lambda cloud, host: ended_by(cloud.clocks[host].stop, lambda: followed(cloud, host)),
        probe="time_drift",
        rows=(UNSYNCHRONISED, Row(HERE, "CsClockNoClient")),
        slack=lambda _pace: 2.0,
        part="NTP client of $host",
    ),
    Fault(
        name="clock-server-lost",
        tells="the time server answers nobody any more",
        hosts=("ntp1",),
        breaks=lambda cloud, host: faults.frozen(cloud.clocks[host]),
        probe="time_drift",
        rows=tuple(Row(name, "CsClockNotSynchronised") for name in (*CLIENTS, *OWN_KERNEL)),
        slack=lambda pace: pace.slowness + FORGETS,
    ),
    Fault(
        name="exporter-clock",
        tells=f"the clock of the machine that watches all others is {WRONG:g} s ahead",
        hosts=(EXPORTER,),
        breaks=of_the_exporter_wrong,
        probe="time_drift",
        rows=(Row(FLEET, "CsExporterClockWrong"),),
        # No host is taken for wrong by its neighbours, once all have been measured by the clock as it is now.
        queries=("max(abs(cs_clock_skew_from_fleet_seconds)) < 1 and on() abs(cs_clock_fleet_skew_seconds) > 5",),
        also=(Row(ANY, "CsClockSkew"), Row(ANY, "CsStorageHeartbeatAhead")),
        slack=lambda pace: pace.slowness + 1,
        # Ages are told by the exporter's clock and looked at by Prometheus', so that all silence shows late.
        alone=True,
    ),
)
