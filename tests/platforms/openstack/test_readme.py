"""The README's section on OpenStack says what is granted, asked and typed, as it is and nothing else."""

from __future__ import annotations

import re

from cs_exporter.config.endpoints import SDK_PACKAGE
from cs_exporter.platforms.openstack.api import POLICIES
from cs_exporter.platforms.openstack.database import GRANTS, OPTIONAL
from cs_exporter.transports.clouds import refusals
from cs_exporter.transports.clouds.openstack import EXTRA, RENEWED
from tests.lab.control import PROJECT

SECTION = re.compile(r"^## Watch an OpenStack cloud$(.*?)^## ", re.MULTILINE | re.DOTALL)


def section() -> str:
    """The text of it."""
    found = SECTION.search((PROJECT / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def test_it_has_the_grants() -> None:
    """All that are needed, then those that are not, and no others."""
    found = [line.strip() for line in section().splitlines() if line.strip().startswith("GRANT ")]
    assert [*GRANTS.splitlines(), *OPTIONAL.splitlines()] == found


def test_it_has_the_policies() -> None:
    """As the checklist names them."""
    assert all(f"`{rule}`" in section() for _, rule in POLICIES.values())


def test_it_says_how_often_a_refused_login_is_tried() -> None:
    """In words; and where the rights stand that its database servers want besides."""
    text = " ".join(section().split())
    assert (60.0, 600.0, 600.0) == (refusals.FIRST, refusals.LONGEST, RENEWED)
    assert "else after one minute and then ever more rarely, up to ten" in text
    assert "a role that the account is given is seen within ten minutes" in text
    (page, heading) = re.findall(r"\((docs/accounts\.md)#([a-z-]+)\)", text)[0]
    headings = re.findall(r"^## (.*)$", (PROJECT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert heading in [each.lower().replace(" ", "-") for each in headings]


def test_it_says_what_to_install() -> None:
    """As whoever lacks it is told."""
    assert f"`{EXTRA}`" in section()
    assert f"[{SDK_PACKAGE}]" in EXTRA
