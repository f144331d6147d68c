"""The collector's section that measures a path, under every shell: which packets it sends, and what it finds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cs_exporter.model import Route
from cs_exporter.parsers import ping
from cs_exporter.parsers.ping import Fate, Packet, Round, Way
from cs_exporter.probes.paths.ladder import _PACKET, AT_ONCE, LARGEST, PATH, SIZES, SMALL, at_once, budget
from cs_exporter.transports.collector.script import assemble
from tests.lab.wait import wait_until_async
from tests.probes.paths.path_fakes import FakePath, install
from tests.transports.collector.running import SHELLS, Call, ShellKind, collector

LEARNT = ',"expires":590,"metrics":[{"mtu":1400}]'
ANSWERED = "echo time=0.111 ms"
TOO_BIG = f"[ $size -lt 1400 ] && {ANSWERED} && exit; echo 'From 10.99.1.254 Frag needed (mtu = 1400)'; exit 1"
ONLY_SMALL = f"[ $size -lt 1400 ] && {ANSWERED}"

PATHS = {
    "192.0.2.1": FakePath(9000),
    "192.0.2.2": FakePath(1400, "too_big"),
    "192.0.2.3": FakePath(1400),
    "192.0.2.4": FakePath(1437),
    "192.0.2.5": FakePath(0),
    "192.0.2.6": FakePath(0, "network_unreachable"),
    "192.0.2.7": FakePath(0, "denied", udp=ANSWERED),
    "192.0.2.8": FakePath(1400, "local_cached", route=LEARNT, udp=TOO_BIG),
    "192.0.2.9": FakePath(1400, "local_cached", route=LEARNT, udp=ANSWERED),
    "192.0.2.10": FakePath(1400, "local_cached", route=LEARNT, udp=ONLY_SMALL),
    "192.0.2.11": FakePath(1400, "older_local"),
    "2001:db8::9": FakePath(1400, "ipv6_too_big"),
}
IPV4 = [address for address in PATHS if ":" not in address]
LADDER = " ".join(map(str, SIZES))


def call(address: str, hint: str = "", expected: str = "9000") -> Call:
    """The section asked about one path."""
    return (PATH.name, 15, (address, expected, hint, "1", "10", LADDER))


def sizes(seen: Round, *fates: Fate) -> list[int]:
    """Sizes of the packets that ended so, in ascending order."""
    return sorted(packet.size for packet in seen.packets or () if packet.fate in fates)


def passed(seen: Round) -> int:
    """The largest size that passed."""
    return max(sizes(seen, Fate.REPLY), default=0)


def least_lost(seen: Round) -> int:
    """The smallest size above it that did not."""
    return min(packet.size for packet in seen.packets or () if packet.size > passed(seen))


async def rounds(shell: ShellKind, tmp_path: Path, *calls: Call, known: str = "do", head: int = 28) -> list[Round]:
    """What the section finds on each of these paths, all at once."""
    programs = install(tmp_path / "programs", PATHS, known=known, head=head)
    path = os.pathsep.join((str(programs), str(shell.directory(tmp_path)), "/usr/bin", "/bin"))
    script = assemble([PATH]).text
    async with collector(shell, tmp_path, script, {"PATH": path}) as running:
        answers = await running.ask(*calls, deadline=30)
        assert ["0"] * len(calls) == [str(answer.status) for _, answer in sorted(answers.items())]
        return [ping.answer(answer.output.decode()) for _, answer in sorted(answers.items())]


@pytest.mark.debian
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)
async def test_every_kind_of_path(shell: ShellKind, tmp_path: Path) -> None:
    """Two packets where all is well; a search to the byte where large ones vanish; a second look at what is cached."""
    found = await rounds(shell, tmp_path, *map(call, IPV4))
    well, told, hole, odd, mute, no_net, denied, learnt, healed, holed, older = found
    assert (Route("lo"), LARGEST) == (well.route, well.device_mtu)
    assert {Packet(size, Way.DO, Fate.REPLY, rtt=5.2e-5) for size in (84, 9000)} == {*(well.packets or ())}
    assert ([84, 1400], [9000]) == (sizes(told, Fate.REPLY), sizes(told, Fate.TOO_BIG))
    for seen, size in ((hole, 1400), (odd, 1437)):
        assert (size, size + 1) == (passed(seen), least_lost(seen))
        assert 3 == sizes(seen, Fate.SILENT).count(9000)
    assert ([84, 84, 9000], 0) == (sizes(mute, Fate.SILENT), passed(mute))
    assert [84, 84, 9000] == sizes(no_net, Fate.UNREACHABLE)
    assert {Way.DO, Way.UDP} == {packet.way for packet in denied.packets or ()}
    assert [84, 9000] == sizes(denied, Fate.REPLY)
    assert {9000} == {*sizes(learnt, Fate.TOO_BIG)}
    assert (True, 1400) == (learnt.route is not None and learnt.route.cached, passed(learnt))
    assert 9000 == passed(healed)
    assert ([84, 84, 1400], [9000, 9000]) == (sizes(holed, Fate.REPLY), sizes(holed, Fate.SILENT))
    assert ([84, 1400], [9000]) == (sizes(older, Fate.REPLY), sizes(older, Fate.LOCAL))


@pytest.mark.debian
@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)
async def test_a_fault_that_persists_stays_cheap(shell: ShellKind, tmp_path: Path) -> None:
    """The size that passed last time and the next one confirm it; a repaired path is seen, a worse one searched."""
    same, next_one, better, worse = await rounds(
        shell,
        tmp_path,
        *(call("192.0.2.3", hint) for hint in ("1400", "1399")),
        call("192.0.2.1", "1400"),
        call("192.0.2.3", "1450"),
    )
    assert ([84, 1400], [1401, 9000]) == (sizes(same, Fate.REPLY), sizes(same, Fate.SILENT))
    assert 1400 == passed(next_one)
    assert [84, 1400, 1401, 9000] == sizes(better, Fate.REPLY)
    assert (1400, 1401) == (passed(worse), least_lost(worse))


@pytest.mark.debian
async def test_the_cache_is_left_aside_where_ping_can(tmp_path: Path) -> None:
    """With -M probe everything goes by ping, whatever the kernel remembers."""
    (seen,) = await rounds(SHELLS[0], tmp_path, call("192.0.2.10"), known="probe|do")
    assert {Way.PROBE} == {packet.way for packet in seen.packets or ()}


@pytest.mark.debian
async def test_ipv6_has_a_larger_header(tmp_path: Path) -> None:
    """40 bytes instead of 20: sizes are those of the whole packet all the same."""
    (seen,) = await rounds(SHELLS[0], tmp_path, call("2001:db8::9"), head=48)
    assert ([84, 1400], [9000]) == (sizes(seen, Fate.REPLY), sizes(seen, Fate.TOO_BIG))


@pytest.mark.debian
@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shell.name in {"dash", "only busybox"}])
async def test_no_packet_outlives_its_deadline(shell: ShellKind, tmp_path: Path) -> None:
    """A worker that is ended in the middle of a round leaves pings behind that end by themselves."""
    programs = install(tmp_path / "programs", PATHS)
    ping_program = programs / "ping"
    waiting = ping_program.read_text(encoding="utf-8").replace('exit "$status"', 'exec sleep "$deadline"')
    ping_program.write_text(waiting, encoding="utf-8")
    path = os.pathsep.join((str(programs), str(shell.directory(tmp_path)), "/usr/bin", "/bin"))
    name, _, arguments = call("192.0.2.5")
    async with collector(shell, tmp_path, assemble([PATH]).text, {"PATH": path}) as running:
        answers = await running.ask((name, 1, (*arguments[:3], "3", *arguments[4:])))
        assert answers[0].late
        await wait_until_async(lambda: "sleep 3 " not in running.alive().values(), 6, "pings to end")


@pytest.mark.debian
async def test_never_more_at_once(tmp_path: Path) -> None:
    """Of the search's steps none has more packets than the ladder may; the least known size is tried at once."""
    (seen,) = await rounds(SHELLS[0], tmp_path, call("192.0.2.4"))
    packets = seen.packets or ()
    assert len(packets) <= 2 + 6 * AT_ONCE
    assert {SMALL, 1280, 1400, 1420, 1450, 1492, 8900, 9000} <= {packet.size for packet in packets}


def alone(tmp_path: Path, *arguments: str, programs: bool) -> Round:
    """The section without a collector, where there is nothing but what it brings and, perhaps, a ping of no use."""
    folder = install(tmp_path, {"192.0.2.7": FakePath(0, "denied")})
    (folder / "python3").unlink()
    if not programs:
        (folder / "ping").unlink()
    (folder / "cat").symlink_to("/bin/cat")
    done = subprocess.run(
        ["/bin/sh", "-c", PATH.body.replace("/usr/libexec", "/nowhere"), "sh", *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": str(folder)},
    )
    return ping.answer(done.stdout)


@pytest.mark.parametrize("programs", [True, False], ids=["denied", "missing"])
def test_a_host_that_can_send_no_packet_says_so(tmp_path: Path, *, programs: bool) -> None:
    """No ping, or none for this account, and no Python: not the same as no answer."""
    seen = alone(tmp_path, "192.0.2.7", "1500", "", "1", "5", LADDER, programs=programs)
    assert Round(Route("lo"), LARGEST, None) == seen


def program(path: Path, text: str) -> None:
    """Write a program in sh."""
    path.write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
    path.chmod(0o755)


SIZE = 'for word; do [ "$last" = -s ] && size=$((word + 28)); last=$word; done; [ -n "$size" ] || exit 0\n'


def by(tmp_path: Path, ping_program: str, *arguments: str) -> Round:
    """The section, with that program of sh as its ping; $size is that of the packet."""
    program(tmp_path / "ping", SIZE + ping_program)
    path = f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin"
    command = ["sh", "-c", PATH.body, "sh", "192.0.2.1", "9000", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={"PATH": path})
    return ping.answer(done.stdout)


@pytest.mark.parametrize(
    ("hint", "lost"),
    [
        ("", "9000:1 9000:2"),
        ("", "9000:1 9000:2 8950:1"),
        ("8999", "9000:1"),
        ("1400", "9000:1 9000:2 8950:1 84:1"),
    ],
)
def test_a_lossy_path_is_no_black_hole(tmp_path: Path, hint: str, lost: str) -> None:
    """Packets of the expected size that were lost by chance: it is sent once more before the search is over."""
    chance = f"""
    for each in 1 2; do
        case " {lost} " in *" $size:$each "*) mkdir "$0.$size.$each" 2>/dev/null && exit 1 ;; esac
    done
    {ANSWERED}
    """
    assert 9000 == passed(by(tmp_path, chance, hint, "1", "20", LADDER))


@pytest.mark.parametrize("words", ["Operation not permitted", "Address family not supported by protocol"])
def test_a_ping_without_a_socket(tmp_path: Path, words: str) -> None:
    """As where it has lost its file capabilities, with IPv6 or without: not the same as no answer."""
    assert by(tmp_path, f"echo 'ping: socket: {words}'; exit 2", "", "1", "20", LADDER).packets is None


def test_a_host_whose_paths_all_fail(tmp_path: Path) -> None:
    """The more peers, the fewer packets to each at once; the search is as exact."""
    assert [6, 6, 6, 5, 4, 3, 3] == [at_once(peers) for peers in (0, 1, 6, 7, 9, 12, 60)]
    (tmp_path / "now").mkdir()
    counting = f"""
    mkdir "{tmp_path}/now/$$"; sleep 0.1; ls "{tmp_path}/now" | wc -l >>"{tmp_path}/counts"; sleep 0.1
    rmdir "{tmp_path}/now/$$"; [ "$size" -le 1437 ] && {ANSWERED}
    """
    seen = by(tmp_path, counting, "", "1", "20", LADDER, "3")
    assert (1437, 1438) == (passed(seen), least_lost(seen))
    assert 3 == max(map(int, (tmp_path / "counts").read_text().split()))


def test_a_device_that_nobody_can_read(tmp_path: Path) -> None:
    """Gone in this moment, or none that /sys shows: the rest of the round is there, without an expected size."""
    install(tmp_path, {"192.0.2.1": FakePath(9000)})
    path = f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin"
    body = PATH.body.replace("/sys/class/net", str(tmp_path))
    done = subprocess.run(
        ["sh", "-c", body, "sh", "192.0.2.1", "", "", "1", "5", LADDER],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        env={"PATH": path},
    )
    seen = ping.answer(done.stdout)
    assert (Route("lo"), None, [84]) == (seen.route, seen.device_mtu, sizes(seen, Fate.REPLY))


@pytest.mark.parametrize(
    ("has_getent", "why"), [(True, "Name or service not known"), (False, "no getent on the host to resolve it with")]
)
def test_a_name_that_nobody_knows(tmp_path: Path, has_getent: bool, why: str) -> None:  # noqa: FBT001
    """No packet is sent, and the row says which name, and whether anybody could have told."""
    if has_getent:
        program(tmp_path / "getent", "exit 2\n")
    seen = alone(tmp_path, "nfs.example", "1500", "", "1", "5", LADDER, programs=True)
    text = f"nfs.example: {why}"
    assert Round(None, None, (Packet(84, Way.NAME, Fate.UNREACHABLE, text=text),)) == seen


def test_the_expected_size_is_that_of_the_device(tmp_path: Path) -> None:
    """Where none is declared; the loopback device's is one byte more than any packet has."""
    install(tmp_path, {"192.0.2.1": FakePath(65536)})
    path = f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin"
    done = subprocess.run(
        ["sh", "-c", PATH.body, "sh", "192.0.2.1", "", "", "1", "5", LADDER],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": path},
    )
    assert [84, LARGEST] == sizes(ping.answer(done.stdout), Fate.REPLY)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_packet_by_udp(address: str) -> None:
    """A real one: a closed port's refusal means that it arrived. No privilege, no packages, no site of its own."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _PACKET, address, "1000", "2"], capture_output=True, text=True, check=False
    )
    assert Fate.REPLY is ping.packet(1028, Way.UDP, done.returncode, done.stdout + done.stderr).fate


def test_a_search_ends_within_its_limit() -> None:
    """The last step may begin so late only that its packets are still waited for."""
    assert 10 == budget(12, 1)
    assert 0 == budget(2, 1)
