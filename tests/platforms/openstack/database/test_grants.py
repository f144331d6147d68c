"""The documented grants: three tables and nothing else, none of which has a secret."""

from __future__ import annotations

import pytest

from cs_exporter.model import Schema
from cs_exporter.platforms.openstack.database import GRANTS, OPTIONAL, grants
from cs_exporter.platforms.openstack.database.grants import WHOM
from tests.lab.control import PROJECT
from tests.lab.mysql_fixtures import BOTH
from tests.platforms.openstack.database.openstack_stand import ACCOUNT, SmallCloud, account


def test_text() -> None:
    """One line for each table, as it is typed; another schema has another name in it."""
    tables = ["nova.services", "neutron.agents", "cinder.services"]
    assert [f"GRANT SELECT ON {table} TO {WHOM};" for table in tables] == GRANTS.splitlines()
    assert ("SELECT ON `nova_cell2`.`services`",) == grants([Schema("nova", "nova_cell2")])
    assert not any(word in GRANTS + OPTIONAL for word in ("*", "cell_mappings", "instances"))


def test_readme() -> None:
    """It has them as they are, those that are needed first, and no others but CloudStack's."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    typed = [line.strip() for line in readme.splitlines() if line.strip().startswith("GRANT")]
    assert [*GRANTS.splitlines(), *OPTIONAL.splitlines()] == [line for line in typed if " ON cloud." not in line]


@pytest.mark.lab
@BOTH
def test_accepted(small: SmallCloud) -> None:
    """Both servers take all of them as they are written."""
    account(small.database, "nova.services", "neutron.agents", "cinder.services", "heat.service")
    for line in (*GRANTS.splitlines(), *OPTIONAL.splitlines()):
        small.database.server.sql(line.replace(WHOM, f"'{ACCOUNT}'@'%'"))
    shown = " ".join(str(row) for row in small.database.server.sql(f"SHOW GRANTS FOR '{ACCOUNT}'@'%'"))
    tables = ("`nova`.`services`", "`nova`.`compute_nodes`", "`neutron`.`agents`", "`cinder`.`services`")
    assert all(table in shown for table in (*tables, "`heat`.`service`"))
