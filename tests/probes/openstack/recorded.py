"""The recorded timelines as the rows of this probe see them: looked at from every second, and second by second.

Each begins with a minute in which all is well; seconds are counted from the recording's own zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.lab.openstack_schema import CINDER, NOVA
from tests.platforms.openstack.replay.timelines import Story, Who, joined, read, story
from tests.probes.openstack.agents_stand import replay

LEAD = 60.0
POLL = 15

CONDUCTED = tuple(Who(NOVA, host, name) for host, name in (("ctl1", "nova-conductor"), ("cmp1", "nova-compute")))
BY_CONDUCTOR = (*CONDUCTED, Who(NOVA, "cmp2", "nova-compute"))
SCHEDULER = Who(CINDER, "ctl1", "cinder-scheduler")

STORIES: Mapping[str, Callable[[], Story]] = {
    "E1": lambda: story(joined(*read("E1")), lead=LEAD),
    "E2": lambda: story(joined(*read("E2")), lead=LEAD),
    "E3": lambda: story(read("E3")[0], lead=LEAD),
    "E3 -70": lambda: story(read("E3")[1], lead=LEAD, ahead=dict.fromkeys(BY_CONDUCTOR, -70)),
    "E3 +70": lambda: story(read("E3")[2], lead=LEAD, ahead=dict.fromkeys(BY_CONDUCTOR, 70)),
    "E3 -55": lambda: story(read("E3")[3], lead=LEAD, ahead=dict.fromkeys(BY_CONDUCTOR, -55)),
    "E3b": lambda: story(read("E3b")[0], lead=LEAD, ahead={SCHEDULER: -90}),
    "E6": lambda: story(joined(*read("E5")), lead=LEAD),
    "E7": lambda: story(joined(*read("E7")), lead=LEAD),
}

Course = dict[tuple[str, str, str], tuple[float, float]]
"""(symptom, host, agent or suspect) -> the seconds of the first and the last look that saw it."""


def course(name: str, *, phase: float = 0.0, poll: float = 1.0) -> Course:
    """What whoever looks every `poll` seconds sees of a recording."""
    found: Course = {}
    for at, red in replay(STORIES[name](), phase=phase, poll=poll).red:
        for one in red:
            found[one] = (found.get(one, (at - LEAD, 0))[0], at - LEAD)
    return found
