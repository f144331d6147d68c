"""What the role of our API account has to allow, and which of it is refused, for the checklist.

Found out by asking: the one command that lists what an account may do would have to be allowed itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cs_exporter.platforms.cloudstack.api.asking import Asking
from cs_exporter.ports import CloudApi
from cs_exporter.spec import Need

COMMANDS = (
    *("listHosts", "listManagementServers", "listSystemVms", "listStoragePools", "listImageStores", "listClusters"),
    *("listConfigurations", "listVirtualMachines"),
)
"""All that is ever asked: what the role of the account has to allow, and nothing else. It must be a root one's."""

_NOBODY = "cs_exporter.checklist"
"""A name that nothing has: whether a list is allowed shows as well when it is empty, and costs nothing then."""

_CHEAP: Mapping[str, Mapping[str, str]] = {
    "listHosts": {"details": "min"},
    "listVirtualMachines": {"details": "min", "state": "Starting"},
}

NEED = Need(
    key="cloud API",
    lost="who belongs to the cloud and how its hosts are, by its API",
    mend="an account of the root domain, with a role that allows the lists which the README names: its API key into "
    "the file that api.key_file of the platform names, its secret key into that of api.secret_file",
    applies=lambda host: host.cloud is not None and host.cloud.api is not None,
)
"""Of whoever asks a cloud's API; the checklist finds out by `refused` what of it is not there."""


async def refused(api: CloudApi, deadline: float) -> Mapping[str, str]:
    """Of COMMANDS those that are refused, each with the API's words, within `deadline` seconds. Raises ProbeFailed."""
    asking = Asking(api, deadline)
    found: dict[str, str] = {}
    for command in COMMANDS:
        if await asking.part(command, command, name=_NOBODY, **_CHEAP.get(command, {})) is None:
            found[command] = asking.lacking[-1].removeprefix(f"{command}: ")
    return found


def allowing(commands: Iterable[str]) -> str:
    """What to type into CloudStack's own command line, cmk, to allow these; ROLE is the id of the account's role."""
    rule = "cmk create rolepermission roleid=ROLE permission=allow rule="
    return "; ".join(f"{rule}{command}" for command in commands)
