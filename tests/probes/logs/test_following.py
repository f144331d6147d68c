"""A log that grows, followed by the real collector under real shells: what is found in it, and nothing is missed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cs_exporter.parsers.management_log import Pool
from cs_exporter.probes.logs import stems
from cs_exporter.probes.logs.following import AGENT, call, ranges
from cs_exporter.probes.logs.reading import Heard
from tests.probes.logs.log_stand import (
    NEW,
    OTHER,
    behind,
    direct_ping,
    log_stand,
    name_of,
    new_ping,
    old_ping,
    uuid_of,
)
from tests.transports.collector.running import SHELLS, ShellKind

EVENTS = [(event, text) for event, texts in stems.SERVER.items() for text in texts]
HIKARI = (
    "cloud - Connection is not available, request timed out after 30001ms (total=250, active=249, idle=1, waiting=24)"
)


@pytest.mark.debian
@pytest.mark.parametrize("shell", SHELLS, ids=lambda kind: kind.name)
async def test_every_shell_follows_alike(shell: ShellKind, tmp_path: Path) -> None:
    """Both layouts and all forms, a file that was rolled, and what is not whole yet."""
    async with log_stand(tmp_path, shell) as stand:
        stand.write(old_ping(9))
        assert {} == (await stand.look()).heard
        stand.write(old_ping(1), new_ping(2), direct_ping(300), OTHER, "Nothing\n", behind(1, 17), f"{NEW}{HIKARI}\n")
        reading = await stand.look()
        assert {
            1: Heard(1, stand.now, "", name_of(1)),
            2: Heard(2, stand.now, uuid_of(2), name_of(2)),
            300: Heard(300, stand.now, uuid_of(300), name_of(300)),
        } == reading.heard
        assert {1, 17} == reading.behind
        assert {"behind_on_ping": 1, "pool_exhausted": 1} == {name: one.count for name, one in reading.events.items()}
        assert (Pool("cloud", 250, 249, 1, 24), stand.now) == reading.pools["cloud"]
        stand.write(new_ping(2))
        stand.path.rename(tmp_path / "management-server.log.2026-07-28")
        stand.write(new_ping(3), new_ping(4)[:-9])
        assert {2, 3} == {one.number for one in (await stand.look()).heard.values() if one.at == stand.now}
        stand.write(new_ping(4)[-9:])
        await stand.look()
        assert ([4], 0) == (stand.heard(), stand.last.reading.gaps if stand.last else None)


@pytest.mark.parametrize("ping", [old_ping, new_ping])
@pytest.mark.parametrize(
    ("before", "after"),
    [("2026-10-25 02:59:59,055", "2026-10-25 02:00:14,055"), ("2026-03-29 01:59:59,055", "2026-03-29 03:00:14,055")],
    ids=["summer time ends", "summer time begins"],
)
async def test_the_time_that_a_line_bears_counts_for_nothing(
    ping: Callable[[int], str], before: str, after: str, tmp_path: Path
) -> None:
    """The server's local time jumps by an hour between two pings: both were heard when they were first seen."""
    async with log_stand(tmp_path) as stand:
        await stand.look()
        stand.write(before + ping(1)[len(before) :])
        first = await stand.look()
        stand.write(after + ping(2)[len(after) :])
        second = await stand.look()
        assert {1: stand.now - 15, 2: stand.now} == {number: one.at for number, one in second.heard.items()}
        assert (0, 0, stand.now - 15) == (second.gaps, second.lost, first.at)


@pytest.mark.parametrize("ping", [old_ping, new_ping, direct_ping])
async def test_a_thousand_agents_fit_into_an_answer(ping: Callable[[int], str], tmp_path: Path) -> None:
    """All are heard in one look; what they are called is said bit by bit, as there is room, and then no more."""
    numbers = range(5, 5 + 7 * 1000, 7)
    async with log_stand(tmp_path) as stand:
        await stand.look()
        looks, named = 0, 0
        while named < len(numbers):
            stand.write(*map(ping, numbers))
            reading = await stand.look()
            assert list(numbers) == stand.heard()
            assert len(stand.answers[-1].output) < 3500
            more = sum(1 for one in reading.heard.values() if one.name)
            assert more > named
            looks, named = looks + 1, more
        assert looks < 60
        assert {number: name_of(number) for number in numbers} == {
            one.number: one.name for one in reading.heard.values()
        }
        await stand.look()
        assert stand.asked is not None
        assert "all" == stand.asked.arguments[3]


async def test_more_agents_than_have_room_are_a_gap(tmp_path: Path) -> None:
    """Those that an answer has no room for may have pinged."""
    async with log_stand(tmp_path) as stand:
        await stand.look()
        stand.write(*map(new_ping, range(1, 2000 * 700, 700)))
        reading = await stand.look()
        assert 300 < len(reading.heard) < 2000
        assert (stand.now - 15, stand.now, 1) == (reading.gap_from, reading.gap_until, reading.gaps)


@pytest.mark.parametrize(("event", "text"), EVENTS, ids=[text for _, text in EVENTS])
async def test_every_text_counts_for_its_event(event: str, text: str, tmp_path: Path) -> None:
    """Whatever stands around it; a text of the agent's log alone is nothing here."""
    async with log_stand(tmp_path) as stand:
        await stand.look()
        stand.write(f"{NEW}some words {text} 17 and more\n", f"{NEW}unknown host? \n")
        assert {event: 1} == {name: one.count for name, one in (await stand.look()).events.items()}


async def test_an_agents_log_has_other_texts(tmp_path: Path) -> None:
    """Each text of its list counts for its event; a text of the server's is nothing there."""
    path = tmp_path / "agent.log"
    path.write_text("".join(f"x {text} y\n" for texts in stems.AGENT.values() for text in texts) + behind(4))
    async with log_stand(tmp_path) as stand:
        asked = call(str(path), AGENT, 1 << 20, 5, "all", [])
        inode = path.stat().st_ino
        arguments = (*asked.arguments, str(inode), "0", "4294967295")
        frame = (await stand.running.ask((asked.name, 5, arguments)))[0]
        counted = {line for line in frame.output.decode().splitlines() if line.startswith("n ")}
        assert {f"n {event} {len(texts)}" for event, texts in stems.AGENT.items()} == counted


async def test_an_answer_that_is_lost_is_asked_for_again(tmp_path: Path) -> None:
    """Where to go on is known by the exporter alone: nothing is counted twice, and nothing is missed."""
    async with log_stand(tmp_path) as stand:
        await stand.look()
        stand.write(new_ping(1), f"{NEW}{HIKARI}\n")
        await stand.look_in_vain()
        stand.write(new_ping(2))
        reading = await stand.look()
        assert [1, 2] == stand.heard()
        assert 1 == reading.events["pool_exhausted"].count
        assert 1 == (await stand.look()).events["pool_exhausted"].count


async def test_reading_is_bounded_from_the_end(tmp_path: Path) -> None:
    """A log that grows too fast is read where it is newest, and that the rest was not is known."""
    filler = f"{OTHER}{'x' * 900}\n"
    async with log_stand(tmp_path, most_bytes=1 << 20) as stand:
        await stand.look()
        stand.write(new_ping(1), *[filler] * 2000, new_ping(2))
        size = stand.path.stat().st_size
        reading = await stand.look()
        assert ([2], 1, 1 << 20, size - (1 << 20)) == (stand.heard(), reading.gaps, reading.read, reading.lost)
        stand.write(new_ping(3))
        stand.path.rename(tmp_path / "management-server.log.1")
        stand.write(*[filler] * 1200, new_ping(4))
        reading = await stand.look()
        assert ([4], 2, 2 << 20) == (stand.heard(), reading.gaps, reading.read)


async def test_enormous_lines(tmp_path: Path) -> None:
    """One longer than all that is read is passed over in parts, one that is not yet whole waits for its end."""
    async with log_stand(tmp_path, most_bytes=1 << 20) as stand:
        await stand.look()
        stand.write(OTHER, "x" * 300_000)
        assert 0 == (await stand.look()).read
        stand.write("x" * 3_000_000)
        assert 1 << 20 == (await stand.look()).read
        stand.write("\n", new_ping(1))
        await stand.look()
        assert [1] == stand.heard()


async def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """Neither a wrong encoding nor NUL bytes, as a disk that was full leaves them, hide the lines around them."""
    async with log_stand(tmp_path) as stand:
        await stand.look()
        stand.write(
            b"\xff\xfe\x80 caf\xe9\n", new_ping(1), b"\0" * 5000 + b"\n", new_ping(2), b"\xc3\n\r\n", old_ping(3)
        )
        await stand.look()
        assert [1, 2, 3] == stand.heard()


async def test_pings_in_no_known_form_are_counted(tmp_path: Path) -> None:
    """So that a version with another form is noticed; nobody is heard in them."""
    async with log_stand(tmp_path) as stand:
        await stand.look()
        stand.write(f"{NEW}Ping from Routing host 0(x)\n", f"{NEW}Ping from afar\n", f"{NEW}Ping from -1(y)\n")
        reading = await stand.look()
        assert (3, 3, {}) == (reading.ping_lines, reading.strange_pings, reading.heard)


async def test_what_others_write_keeps_nobody_alive(tmp_path: Path) -> None:
    """A ping is what the server says itself, right behind the layout: the text may stand in what anybody has asked."""
    text = "Ping from Routing host 99(x)"
    async with log_stand(tmp_path) as stand:
        await stand.look()
        stand.write(f'{OTHER}{{"name":"{text}"}}\n', f"{OTHER}a (logid:) {text}\n", f"{text}\n", f"{NEW}b: {text}\n")
        assert {} == (await stand.look()).heard
        stand.write(new_ping(4))
        assert [4] == list((await stand.look()).heard)


async def test_other_lines_of_that_level(tmp_path: Path) -> None:
    """They are told from lines about pings, of other levels and of other loggers, so that a level that is off shows."""
    info, request = NEW.replace("DEBUG", "INFO "), NEW.replace("m.ClusteredAgentManagerImpl", "t.Request")
    async with log_stand(tmp_path) as stand:
        stand.write(f"{NEW}x\n")
        assert (await stand.look()).last_debug_line is None
        stand.write(new_ping(1), old_ping(2), f"{OTHER}x\n", f"{info}x\n", f"{request}x\n")
        assert (await stand.look()).last_debug_line is None
        stand.write(new_ping(1), f"{NEW}x\n" * 50_000, new_ping(2))
        reading = await stand.look()
        assert (stand.now, 4) == (reading.last_debug_line, reading.ping_lines)
        stand.write(old_ping(1))
        reading = await stand.look()
        assert stand.now - 15 == reading.last_debug_line


async def test_a_list_of_those_behind_is_of_its_moment(tmp_path: Path) -> None:
    """Who pings after it is not behind any more, and the newest list counts."""
    async with log_stand(tmp_path) as stand:
        await stand.look()
        stand.write(behind(1, 2), behind(2, 3), new_ping(2), new_ping(9))
        assert {3} == (await stand.look()).behind


def test_known_agents_are_named_by_ranges() -> None:
    """Hosts are added one after another, and their numbers follow each other."""
    assert "1-3.7-7" == ranges([7, 3, 1, 2])
    assert "" == ranges([])
