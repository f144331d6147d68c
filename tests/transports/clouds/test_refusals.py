"""How often a login is tried that was refused: an account must not be locked because we ask every 15 s."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cs_exporter.model import Reason
from cs_exporter.ports import ApiError
from cs_exporter.transports.clouds.openstack import RENEWED, OpenStackLists
from cs_exporter.transports.clouds.refusals import FIRST, LONGEST, refusal
from tests.lab.openstack_api import Fault, OpenStackApiServer

FAILURE = ApiError(Reason.DENIED, "login: no (401)", 401)


@dataclass
class Asking:
    """Who asks a lab's server at times of his own."""

    server: OpenStackApiServer
    now: float = 1000.0
    lists: OpenStackLists = field(init=False)

    def __post_init__(self) -> None:
        self.lists = OpenStackLists(self.server.target, lambda: self.now)

    def ask(self) -> str:
        """How a list failed; empty where it came."""
        try:
            self.lists.listed("nova.services", {}, time.monotonic() + 10.0, lambda: None)
        except ApiError as error:
            return str(error)
        return ""

    def posts(self) -> int:
        """Logins that were tried so far."""
        return sum(each.method == "POST" for each in self.server.asked)

    def poll_for(self, seconds: float) -> int:
        """Ask every 5 s, and say how many logins that cost."""
        before, ends = self.posts(), self.now + seconds
        while self.now < ends:
            self.ask()
            self.now += 5.0
        return self.posts() - before


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Asking]:
    """Of the captured lists."""
    with OpenStackApiServer(tmp_path) as server:
        made = Asking(server)
        yield made
        made.lists.close()


def test_a_wrong_password_is_tried_ever_more_rarely(asking: Asking) -> None:
    """Who asks meanwhile hears the refusal, and until when it is kept."""
    asking.server.password += "-of-somebody-else"
    assert [1, 1, 2, 1] == [asking.poll_for(seconds) for seconds in (FIRST, 2 * FIRST, 6 * FIRST, 12 * FIRST)]
    said = asking.ask()
    assert said.startswith("denied: ")
    assert "(401)" in said
    assert "not tried again for 600 s" in said


def test_what_is_configured_anew_is_tried_at_once(asking: Asking) -> None:
    """The file has the right password at last; the next refusal begins anew."""
    asking.server.password += "-changed"
    assert 1 == asking.poll_for(FIRST)
    asking.server.write_clouds()
    assert ("", 2) == (asking.ask(), asking.posts())


def test_a_password_that_is_right_at_last_is_found(asking: Asking) -> None:
    """Keystone has been given the one that the file has: nothing here changes."""
    right, asking.server.password = asking.server.password, "another"
    asking.poll_for(FIRST)
    asking.server.password = right
    assert "" == asking.ask()


def test_a_login_that_is_refused_once_its_token_is_good_no_more(asking: Asking) -> None:
    """The first one went well."""
    assert "" == asking.ask()
    asking.server.forget_tokens()
    asking.server.password += "-changed"
    assert 1 == asking.poll_for(FIRST)


def test_what_is_refused_to_a_login_that_is_good(asking: Asking) -> None:
    """Of a role that the account was given, a token of before knows nothing: it is renewed once in a while."""
    assert "" == asking.ask()
    asking.server.inflict(Fault.FORBIDDEN, "nova.services")
    assert [0, 1] == [asking.poll_for(RENEWED / 2), asking.poll_for(RENEWED)]
    asking.server.heal()
    assert ("", 2) == (asking.ask(), asking.server.logins)


def test_the_same_login_waits_twice_as_long() -> None:
    """At most so long; another one begins anew."""
    found, waits = None, []
    for _ in range(6):
        found = refusal(found, "a", FAILURE, 0.0)
        waits.append(found.wait)
    assert [60.0, 120.0, 240.0, 480.0, LONGEST, LONGEST] == waits
    assert [True, False, False] == [
        found.forbids("a", 599.0) if found else None,
        found.forbids("a", 600.0) if found else None,
        found.forbids("b", 1.0) if found else None,
    ]
    assert FIRST == refusal(found, "b", FAILURE, 0.0).wait
