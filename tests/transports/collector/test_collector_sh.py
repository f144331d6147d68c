"""The collector as a program, under every shell that stands behind `sh` somewhere: what it answers, and how it ends."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.collector import ClockFrame, Hello, SectionFrame
from cs_exporter.spec import Section
from cs_exporter.transports.collector.script import assemble
from tests.lab.wait import wait_until_async
from tests.transports.collector.running import DASH, SCRIPT, SECTIONS, SHELLS, Call, ShellKind, collector

pytestmark = pytest.mark.debian

every_shell = pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)


def content(size: int, letter: str = "x") -> bytes:
    """A text of exactly so many bytes, in lines."""
    return (letter * 99 + "\n").encode() * (size // 100)


@every_shell
async def test_what_it_says_of_itself(shell: ShellKind, tmp_path: Path) -> None:
    """The hello carries protocol, hash and the names of all sections, also of those that this machine can't do."""
    script = assemble(SECTIONS)
    async with collector(shell, tmp_path) as running:
        assert Hello(1, script.hash, script.names) == await running.hello()


@every_shell
async def test_sections_that_never_block(shell: ShellKind, tmp_path: Path) -> None:
    """Output, errors and exit status come back; arguments arrive as they were, whatever is in them."""
    arguments = ("two words", "", "new\nline\n", "'\"\\$(id)`id`*;|&<>", "a,b", "é\udcff")
    async with collector(shell, tmp_path) as running:
        answers = await running.ask(("show", 0, arguments), ("fail", 0, ()), ("show", 0, ()), ("read", 0, ("/none",)))
    shown = "".join(f"<{argument}>" for argument in arguments).encode("utf-8", "surrogateescape")
    assert (0, shown + b"\n") == (answers[0].status, answers[0].output)
    assert (3, b"to stderr\n") == (answers[1].status, answers[1].output)
    assert (0, b"") == (answers[2].status, answers[2].output)
    assert answers[3].status
    assert b"No such file" in answers[3].output


@every_shell
async def test_the_clock_comes_first(shell: ShellKind, tmp_path: Path) -> None:
    """Each request begins with the host's clock, which is this machine's here."""
    before = time.time()
    async with collector(shell, tmp_path) as running:
        await running.ask(("show", 0, ()))
    clock = running.frames[1]
    assert isinstance(clock, ClockFrame)
    assert before - clock.resolution <= clock.host_time <= time.time()
    assert clock.resolution == 1 if shell.all_applets else clock.resolution <= 1e-6


@every_shell
async def test_what_is_not_there_is_unsupported(shell: ShellKind, tmp_path: Path) -> None:
    """An unknown section, a missing tool and a malformed word answer for themselves; the others are not held up."""
    calls: tuple[Call, ...] = (
        ("nowhere", 0, ()),
        ("lacking", 0, ()),
        ("lacking_worker", 1, ()),
        ("show", 0, ("here",)),
    )
    async with collector(shell, tmp_path) as running:
        answers = await running.ask(*calls)
        running.write(b"f.ab show,0,$(id) show,0,`id` show;id,0 *,0 show,0,ok\n")
        await wait_until_async(lambda: running.ended("f.ab"))
        malformed = running.of("f.ab")
    assert [None, None, None, 0] == [answers[index].status for index in range(4)]
    assert [None, None, None, None, 0] == [malformed[index].status for index in range(5)]


@every_shell
async def test_workers_answer_with_status_and_time(shell: ShellKind, tmp_path: Path) -> None:
    """A section that may block answers when it is done, in its own order, with what it printed and how it ended."""
    arguments = ("new\nline", "$(id)'\"\\")
    script = assemble([*SECTIONS, Section("tell", 'printf "<%s>" "$@"', blocks=True)]).text
    async with collector(shell, tmp_path, script) as running:
        answers = await running.ask(("nap", 9, ("0.2",)), ("wrong", 9, ()), ("tell", 9, arguments), ("size", 9, ("/",)))
    assert (0, b"slept\n", 4, b"almost\n") == (
        answers[0].status,
        answers[0].output,
        answers[1].status,
        answers[1].output,
    )
    assert (0, b"<new\nline><$(id)'\"\\>\n") == (answers[2].status, answers[2].output)
    assert 0 == answers[3].status
    assert answers[3].output.strip().isdigit()
    assert answers[0].seconds is not None
    assert 0.1 < answers[0].seconds < 5


@every_shell
async def test_a_late_worker_holds_nobody_up(shell: ShellKind, tmp_path: Path) -> None:
    """A worker is late at its limit; meanwhile the next request is answered at once."""
    async with collector(shell, tmp_path) as running:
        began = time.monotonic()
        late = running.send(("nap", 1, ("60",)), ("show", 0, ("inline",)))
        assert {0: b"<meanwhile>\n", 1: b"slept\n"} == {
            index: answer.output
            for index, answer in (await running.ask(("show", 0, ("meanwhile",)), ("nap", 5, ("0.1",)))).items()
        }
        assert not running.ended(late)
        assert {1: b"<inline>\n"} == {index: answer.output for index, answer in running.of(late).items()}
        await wait_until_async(lambda: running.ended(late))
        assert 0.9 < time.monotonic() - began
        assert SectionFrame(late, 0, None, late=True) == running.of(late)[0]
        # The timeout of busybox knows only the worker itself: what that one had started ends by itself.
        await wait_until_async(lambda: shell.all_applets or "sleep 60 " not in running.alive().values())


async def test_a_worker_without_a_limit_gets_one(tmp_path: Path) -> None:
    """No limit, or one that is no number, never means for ever."""

    async def late(shell: ShellKind) -> list[bool]:
        async with collector(shell, tmp_path) as running:
            running.write(b"e.ab nap,0,60 nap,,60 nap,000,60 nap,1s,60\n")
            await wait_until_async(lambda: running.ended("e.ab"), 20)
            return [running.of("e.ab")[index].late for index in range(4)]

    assert [[True] * 4] * len(SHELLS) == await asyncio.gather(*map(late, SHELLS))


@every_shell
async def test_records_of_many_workers_do_not_mix(shell: ShellKind, tmp_path: Path) -> None:
    """Twenty workers that report large records at once, round after round: each record is whole."""
    files = {}
    for letter in "abcdefghijklmnopqrst":
        files[letter] = tmp_path / letter
        files[letter].write_bytes(content(3400, letter))
    calls: list[Call] = [("chunk", 20, (str(path),)) for path in files.values()]
    async with collector(shell, tmp_path) as running:
        for _ in range(4):
            answers = await running.ask(*calls, deadline=8)
            assert {index: content(3400, letter) for index, letter in enumerate(files)} == {
                index: answer.output for index, answer in answers.items()
            }


@every_shell
async def test_a_workers_record_is_cut_where_records_could_mix(shell: ShellKind, tmp_path: Path) -> None:
    """What a worker prints beyond the size of an atomic write is left out, and its status is still told."""
    (tmp_path / "much").write_bytes(content(100_000))
    async with collector(shell, tmp_path) as running:
        answers = await running.ask(("chunk", 9, (str(tmp_path / "much"),)))
    assert (0, content(100_000)[:3500]) == (answers[0].status, answers[0].output.rstrip(b"\n") + b"\n")


@every_shell
async def test_a_long_answer_stays_whole_while_workers_report(shell: ShellKind, tmp_path: Path) -> None:
    """200 KB that the client takes its time to read, with workers reporting in between: nothing gets into it."""
    (tmp_path / "long").write_bytes(content(200_000))
    async with collector(shell, tmp_path) as running:
        naps = running.send(*[("nap", 9, (f"0.{tenth}",)) for tenth in range(1, 6)])
        await wait_until_async(lambda: any(getattr(frame, "workers", 0) == 5 for frame in running.frames))
        running.reading[0].clear()
        request = running.send(
            ("show", 0, ("before",)), ("read", 0, (str(tmp_path / "long"),)), ("show", 0, ("after",))
        )
        await wait_until_async(lambda: len(running.of(naps)) == 5)
        assert 1 not in running.of(request)  # one read may have been under way, of a third of it at most
        running.reading[0].set()
        await wait_until_async(lambda: running.ended(request))
    assert [b"<before>\n", content(200_000), b"<after>\n"] == [
        answer.output for _, answer in sorted(running.of(request).items())
    ]


@every_shell
async def test_it_says_nothing_but_answers(shell: ShellKind, tmp_path: Path) -> None:
    """Every byte on both streams belongs to a frame, also where sections complain or a request is none."""
    async with collector(shell, tmp_path) as running:
        running.write(b"\nnot-an-id show,0\n\n   \n")
        await running.ask(
            ("fail", 0, ()), ("nowhere", 0, ()), ("nap", 1, ("60",)), ("wrong", 5, ()), ("read", 0, ("/",))
        )
        await running.ask()
    assert (b"", b"") == (running.readers[0].noise, running.readers[1].noise)
    assert {"1.ab", "2.ab"} == {getattr(frame, "request", "1.ab") for frame in running.frames}


async def test_noise_before_the_collector_is_passed_over(tmp_path: Path) -> None:
    """A login that talks (a profile, a message of the day) does not spoil the conversation."""
    async with collector(DASH, tmp_path, f"echo Welcome!; echo oops >&2\n{SCRIPT}") as running:
        assert {0: b"<x>\n"} == {
            index: found.output for index, found in (await running.ask(("show", 0, ("x",)))).items()
        }
    assert b"Welcome!" == running.readers[0].noise


async def test_a_parser_error_is_not_hidden_by_this_file(tmp_path: Path) -> None:
    """The instrument itself: bytes that are no frame make its reader raise, so that silence above means something."""
    async with collector(DASH, tmp_path) as running:
        with pytest.raises(UnparsableError):
            list(running.readers[0].feed(b"\x1e1.ab ?\n"))
