"""OpenStack's own databases as a source: how the agents of nova, neutron, cinder and heat are, and on which machines.

Read-only, without locks, every list bounded; what a version or an account does not show is said and left out.
"""

from cs_exporter.platforms.openstack.database.agents import agents
from cs_exporter.platforms.openstack.database.census import census
from cs_exporter.platforms.openstack.database.grants import GRANTS, NEED, OPTIONAL, grants
from cs_exporter.platforms.openstack.database.lacking import doubted, lacking

__all__ = ["GRANTS", "NEED", "OPTIONAL", "agents", "census", "doubted", "grants", "lacking"]
