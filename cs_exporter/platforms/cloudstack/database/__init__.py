"""CloudStack's own database as a source: who belongs to the cloud, and how everybody is.

Read-only, without locks, every list bounded; what a version or an account does not show is said and left out.
"""

from cs_exporter.platforms.cloudstack.database.census import census
from cs_exporter.platforms.cloudstack.database.grants import GRANTS, NEED, grants
from cs_exporter.platforms.cloudstack.database.lacking import lacking
from cs_exporter.platforms.cloudstack.database.states import states

__all__ = ["GRANTS", "NEED", "census", "grants", "lacking", "states"]
