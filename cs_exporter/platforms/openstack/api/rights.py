"""What the account of an OpenStack cloud has to be allowed, by each service's own policy, and what of it is refused.

Found out by asking, for the checklist: keystone tells roles, and not what a service lets them do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cs_exporter.model import Reason
from cs_exporter.platforms.openstack.api.agents import LISTS, agents_of, is_absent
from cs_exporter.platforms.openstack.api.asking import Asking
from cs_exporter.ports import ApiError, CloudApi
from cs_exporter.spec import Need

OF_ONE_LIST = frozenset({Reason.DENIED, Reason.COMMAND})
"""Reasons of an API's error that say nothing of other lists: a policy, or a version without it."""

POLICIES: Mapping[str, tuple[str, str]] = {
    "nova.services": ("nova", "os_compute_api:os-services:list"),
    "nova.hypervisors": ("nova", "os_compute_api:os-hypervisors:list-detail"),
    "neutron.agents": ("neutron", "get_agent"),
    "cinder.services": ("cinder", "volume_extension:services:index"),
}
"""List -> the service that gives it, and the rule of its policy by which it does; administrators have all of them."""

NEED = Need(
    key="cloud API",
    lost="which machines the cloud has and how its agents are, by its APIs",
    mend="in clouds.yaml an account that can log in: an administrator's, or of a role that these policies allow: "
    + ", ".join(rule for _, rule in POLICIES.values()),
    applies=lambda host: host.cloud is not None and host.cloud.sdk is not None,
)
"""Of whoever asks a cloud's APIs; the checklist finds out by `refused` what of it is not there."""


async def refused(api: CloudApi, deadline: float) -> Mapping[str, str]:
    """Of POLICIES' lists those that are refused, each with the API's words, in so many seconds. Raises ProbeFailed.

    A service that the catalog has not refuses nobody.
    """
    asking = Asking(api, deadline, len(POLICIES))
    services = {command: service for service, (command, _) in LISTS.items()}
    found: dict[str, str] = {}
    for command in POLICIES:
        try:
            if command in services:
                await agents_of(services[command], asking)
            else:
                await asking.listed(command)
        except ApiError as failure:
            if is_absent(failure):
                continue
            if failure.reason not in OF_ONE_LIST:
                raise
            found[command] = failure.detail
    return found


def allowing(commands: Iterable[str]) -> str:
    """What to write into the services' policies so that they give these lists; ROLE is a role of the account."""
    rules = (POLICIES[command] for command in commands)
    return "; ".join(f'/etc/{service}/policy.yaml: "{rule}": "role:admin or role:ROLE"' for service, rule in rules)
