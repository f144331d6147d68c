"""The documented grants: all that is read and nothing else, and no column with a secret where that can be said."""

from __future__ import annotations

import re

import pytest

from cs_exporter.platforms.cloudstack.api import COMMANDS
from cs_exporter.platforms.cloudstack.database import GRANTS, grants
from cs_exporter.platforms.cloudstack.database.grants import WHOM
from cs_exporter.platforms.cloudstack.database.tables import READ
from tests.lab.control import PROJECT
from tests.lab.mysql_fixtures import BOTH
from tests.platforms.cloudstack.database.cloud_stand import ACCOUNT, SmallCloud


def test_text() -> None:
    """One line for each table, as it is typed; another schema has another name in all of them."""
    lines = GRANTS.splitlines()
    assert len(READ) == len(lines)
    assert "GRANT SELECT ON cloud.host TO 'cs_exporter'@'ADDRESS OF THE EXPORTER';" == lines[0]
    assert all("`other`.`" in grant for grant in grants("other"))
    assert not any(word in GRANTS for word in ("password", "user_info", "*"))


def test_what_the_readme_says() -> None:
    """It has the command names of the API's role, and no others."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert {*COMMANDS} == {*re.findall(r"`(list\w+)`", readme)}


def test_readme() -> None:
    """The README has them as they are, and no others on the cloud's database."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    found = [line.strip() for line in readme.splitlines() if "GRANT" in line and " ON cloud." in line]
    assert GRANTS.splitlines() == found


@pytest.mark.lab
@BOTH
def test_accepted(small: SmallCloud) -> None:
    """Both servers take them as they are written, in the oldest version too."""
    cloud = small.database
    cloud.version = "4.15"
    cloud.create()
    account = f"'{ACCOUNT}'@'%'"
    for line in GRANTS.splitlines():
        cloud.server.sql(line.replace(WHOM, account))
    shown = " ".join(str(row) for row in cloud.server.sql(f"SHOW GRANTS FOR {account}"))
    assert all(f"`cloud`.`{table}`" in shown for table in READ)
