"""The shells of all hosts: made once, kept while the way in stays, closed when their host leaves."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from cs_exporter.model import Connection, Host, ProbeFailed, Reason, SshTarget
from cs_exporter.ports import Counters, SectionCall
from cs_exporter.spec import Section
from cs_exporter.transports.collector.script import assemble
from cs_exporter.transports.pool import Pace, Shells

PACE = Pace(handshakes_at_once=4, handshakes_per_second=100.0, retry_cap=1.0)
SCRIPT = assemble([Section("hello", "echo hello")])
HERE = Host("here", "localhost", connection=Connection.LOCAL)
THERE = Host("there", "192.0.2.1", ssh=SshTarget(known_hosts="/nonexistent", key_file="/nonexistent"))


@pytest.fixture
def shells() -> Shells:
    """A pool with nothing in it."""
    return Shells(SCRIPT, PACE, time, Counters())


async def test_a_shell_is_kept_while_the_way_in_stays(shells: Shells) -> None:
    """Maintenance or limits change nothing; another address, account or port does."""
    first = shells.of(HERE)
    assert first is shells.of(replace(HERE, maintenance=True))
    assert first is not shells.of(replace(HERE, address="127.0.0.2"))
    there = shells.of(THERE)
    assert there is not shells.of(replace(THERE, ssh=replace(THERE.ssh, port=2222)))
    await shells.close()


async def test_a_local_host_answers_and_is_no_ssh_connection(shells: Shells) -> None:
    """The same collector, without SSH; closing ends it."""
    answers = await shells.of(HERE).ask(SectionCall("hello"))
    assert answers[SectionCall("hello")].text() == "hello\n"
    assert (shells.connections(), shells.mismatches()) == (0, frozenset())
    await shells.close()
    assert shells.of(HERE).session is None
    await shells.close()


async def test_another_collector_than_ours_is_a_mismatch() -> None:
    """An installed collector of another version is asked all the same, and named."""
    shells = Shells(replace(SCRIPT, hash="000000000000"), PACE, time, Counters())
    await shells.of(HERE).ask(SectionCall("hello"))
    assert shells.mismatches() == {"here"}
    await shells.close()


async def test_an_unreadable_key_is_told_with_its_file(shells: Shells) -> None:
    """Not at the address's expense: nothing is connected to."""
    with pytest.raises(ProbeFailed, match=r"/nonexistent: No such file") as caught:
        await shells.of(THERE).ask()
    assert caught.value.reason is Reason.COMMAND
    await shells.close()


async def test_another_pace_is_taken_over(shells: Shells) -> None:
    """A reload may change the pace; shells that are there go on."""
    kept = shells.of(HERE)
    shells.repace(replace(PACE, handshakes_at_once=1))
    assert kept is shells.of(HERE)
    await kept.ask()
    await shells.close()
