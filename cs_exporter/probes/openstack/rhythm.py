"""How often the agents of a service report, and after how long the service takes them for down; all seconds.

Sources: nova.conf report_interval and service_down_time, neutron.conf [agent] report_interval and agent_down_time,
cinder.conf report_interval and service_down_time, heat's periodic_interval.
"""

from __future__ import annotations

from dataclasses import dataclass

from cs_exporter.platforms.openstack.agents import Service

OVERDUE = 1.2
"""Of the interval: a report that has not come by then is missed, whatever rounding and a busy bus do."""

RAISED = 2.5
"""What nova makes of its interval where service_down_time is no longer than that (nova/servicegroup/api.py)."""

LATE, LATE_OF_LIMIT = 2.5, 2 / 3
STOPPED, STOPPED_OF_LIMIT = 2.2, 0.6
"""Intervals, and the share of the limit, whichever is less: agents that stop together have a cause that is told before
any of them is late."""

LASTING = 3600.0
"""Seconds without a report after which an agent is no fresh trouble any more: it may never come back."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`one_sided`: a report from the future is fresh (neutron, heat); else it is as bad as an old one."""

    interval: float
    limit: float
    one_sided: bool = False

    @property
    def late(self) -> float:
        """Silence after which one agent is late: 25 s of nova and cinder, 50 s of neutron, by their defaults."""
        return self._share(LATE, LATE_OF_LIMIT)

    @property
    def stopped(self) -> float:
        """Silence after which an agent counts for those that stopped together: 22 s and 45 s."""
        return self._share(STOPPED, STOPPED_OF_LIMIT)

    def overage(self, age: float) -> float:
        """Seconds by which an age is over the limit, as the service judges it; negative: so much is left."""
        return (age if self.one_sided else abs(age)) - self.limit

    def _share(self, intervals: float, of_limit: float) -> float:
        return max(OVERDUE * self.interval, min(intervals * self.interval, of_limit * self.limit))


DEFAULTS = {
    Service.NOVA: Rhythm(10, 60),
    Service.NEUTRON: Rhythm(30, 75, one_sided=True),
    Service.CINDER: Rhythm(10, 60),
    Service.HEAT: Rhythm(60, 120, one_sided=True),
}
