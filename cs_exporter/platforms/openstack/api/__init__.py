"""OpenStack by its APIs: who is there, and how its agents are, as far as lists tell that an account with admin may see.

Nova tells verdicts and no heartbeats, neutron and cinder tell both; what the catalog names can be asked as well.
"""

from cs_exporter.platforms.openstack.api.agents import agents
from cs_exporter.platforms.openstack.api.census import census
from cs_exporter.platforms.openstack.api.endpoints import endpoints
from cs_exporter.platforms.openstack.api.rights import NEED, POLICIES, allowing, refused

COMMANDS = ("nova.services", "nova.hypervisors", "neutron.agents", "cinder.services", "keystone.endpoints")
"""All that is ever listed, each by GET."""

__all__ = ["COMMANDS", "NEED", "POLICIES", "agents", "allowing", "census", "endpoints", "refused"]
