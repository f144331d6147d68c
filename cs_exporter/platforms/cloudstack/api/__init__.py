"""CloudStack by its API: who is there, and how they are, as far as lists of the root administrator tell.

It knows no numbers, no mounts of a host, no heartbeat and no clock of a server: what is not told is said.
"""

from cs_exporter.platforms.cloudstack.api.census import census
from cs_exporter.platforms.cloudstack.api.rights import COMMANDS, NEED, allowing, refused
from cs_exporter.platforms.cloudstack.api.states import states

__all__ = ["COMMANDS", "NEED", "allowing", "census", "refused", "states"]
