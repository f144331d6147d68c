"""Rows of port_reachability of which a run found out nothing: how long they are shown as they were seen before."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.model import Login, ProbeFailed, Reason
from cs_exporter.probes.ports.port_reachability import RECENT_INTERVALS
from tests.probes.ports.port_stand import values
from tests.probes.ports.test_port_reachability import API, LISTENING, SSH, stand_of


async def test_a_lost_poll_ends_no_series() -> None:
    """What could not be found out is as it was at the last look, for 3 intervals as every reading's values; red too."""
    stand = stand_of()
    stand.shell.text = LISTENING.replace("LISTEN 0 50 *:8250", "LISTEN 51 50 *:8250")
    lost = ProbeFailed(Reason.TIMEOUT, "no answer", login=Login.PAST)
    before = values(await stand.poll(), "cs_port_up")
    stand.shell.failure = stand.there.results[9090] = lost
    for expected in (True, True, False):
        reading = await stand.poll()
        assert expected is (before == values(reading, "cs_port_up"))
        assert expected is (("ms1", "8250", "ms1", "mute", "critical") in values(reading, "cs_port_failing"))
        assert ("timeout: no answer",) == reading.missing


async def test_what_was_seen_before_runs_that_failed_does_not_come_back() -> None:
    """Time counts, not looks: runs that fail as a whole leave no reading. Neither red nor green comes back."""
    stand = stand_of()
    stand.shell.text = LISTENING.replace("LISTEN 0 50 *:8250", "LISTEN 51 50 *:8250")
    lost = ProbeFailed(Reason.TIMEOUT, "no answer", login=Login.PAST)
    told_by_host = {("ms1", "8250", "ms1"), ("ms1", "22", "exporter"), ("ms2", "9090", "ms1")}
    assert told_by_host <= values(await stand.poll(), "cs_port_up").keys()
    stand.shell.failure = stand.there.results[9090] = lost
    stand.clock.now += stand.settings.interval * (RECENT_INTERVALS - 2)
    assert told_by_host <= values(await stand.poll(), "cs_port_up").keys()
    stand.clock.now += 2 * stand.settings.interval
    reading = await stand.poll()
    assert not told_by_host & values(reading, "cs_port_up").keys()
    assert {} == values(reading, "cs_port_failing")


async def test_a_row_that_is_wanted_no_longer_is_not_kept() -> None:
    """A reload has taken it away while the host could not be asked."""
    stand = stand_of()
    await stand.poll()
    stand.shell.failure = stand.there.results[9090] = ProbeFailed(Reason.TIMEOUT, "no answer", login=Login.PAST)
    stand.host = replace(stand.host, ports=(API, SSH))
    assert {("ms1", "8080", "exporter"), ("ms1", "22", "exporter")} == set(values(await stand.poll(), "cs_port_up"))
