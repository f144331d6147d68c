"""What the section's answer means in every captured state, and the section itself under three shells."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.probes.clocks.client import SECTION, ClientView, TimeSource, interpret, is_false_reading
from tests.parsers.outcomes import outcome
from tests.probes.clocks.time_stand import chrony, kernel, ntpd, timesyncd

STAMP = 1795249626.0
FRESH, STALE = STAMP + 64, STAMP + 65  # the captured poll interval is 32 s


@pytest.mark.parametrize(
    ("state", "synchronised", "reachable", "total"),
    [
        ("synced", True, 1, 1),
        ("step_resynced", True, 1, 1),
        ("off_by_2s_ahead", True, 1, 1),
        ("synced_with_a_falseticker", True, 4, 5),
        ("local_reference", True, 0, 0),
        ("just_started", False, 4, 5),
        ("no_majority", False, 2, 2),
        ("never_synced", False, 0, 1),
        ("server_lost", False, 0, 1),
        ("server_lost_31s", False, 0, 1),
    ],
)
def test_chrony(state: str, synchronised: bool, reachable: int, total: int) -> None:  # noqa: FBT001 (a table's column)
    """Synchronised is what has the time and still hears someone it follows; a clock of 2 s wrong may well be."""
    view = interpret(chrony(state), 0.0)
    assert (TimeSource.CHRONY, synchronised) == (view.source, view.synchronised)
    assert (reachable, total) == (view.sources_reachable, view.sources_total)


def test_never_synchronised_and_server_lost_differ() -> None:
    """The one knows nothing, the other has an offset, a bound and a last time, which age."""
    never, lost = interpret(chrony("never_synced"), 0.0), interpret(chrony("server_lost"), 0.0)
    assert ClientView(TimeSource.CHRONY, synchronised=False, sources_reachable=0, sources_total=1) == never
    assert (-0.000004624, 4) == (lost.offset, lost.stratum)
    assert pytest.approx(1795239892.525) == lost.last_sync


def test_its_own_clock_after_all_servers_are_lost_is_no_reference() -> None:
    """`local` makes an isolated root out of a chronyd without servers only."""
    own = chrony("local_reference")
    assert interpret(own, 0.0).synchronised
    assert not interpret(own + "^,?,10.0.0.1,3,6,0,9000,0.0,0.0,0.0\n", 0.0).synchronised


def test_a_reference_time_is_true_time() -> None:
    """By the host's own clock, which is 2 s ahead, the last synchronisation was 2 s later than chronyd says."""
    view = interpret(chrony("off_by_2s_ahead"), 0.0)
    assert pytest.approx(1795249596.600390374 + 2.000001431, abs=1e-6) == view.last_sync


@pytest.mark.parametrize(
    ("state", "stamp", "now", "synchronised"),
    [
        ("synced", STAMP, FRESH, True),
        ("step_resynced", STAMP, FRESH, True),
        ("server_lost", STAMP, STALE, False),
        ("synced", None, FRESH, False),
        ("never_synced", None, FRESH, False),
    ],
)
def test_timesyncd(state: str, stamp: float | None, now: float, synchronised: bool) -> None:  # noqa: FBT001 (a column)
    """Only the age of the stamp file, in poll intervals, tells of a lost server."""
    view = interpret(timesyncd(state, stamp), now)
    assert (TimeSource.TIMESYNCD, synchronised, stamp) == (view.source, view.synchronised, view.last_sync)


def test_an_offset_that_was_stepped_away_is_not_shown() -> None:
    """The client shows it until the next answer; what it could slew is shown as it is."""
    stepped = interpret(timesyncd("stepped_4s_just_now", STAMP), STAMP + 5)
    assert (None, None, True, 4) == (stepped.offset, stepped.error_bound, stepped.synchronised, stepped.stratum)
    assert 35e-6 == interpret(timesyncd("synced", STAMP), FRESH).offset


@pytest.mark.parametrize(
    ("state", "synchronised", "reachable", "total"),
    [
        ("ntpd_synced", True, 1, 1),
        ("ntpd_step_resynced", True, 1, 1),
        ("ntpd_off_by_2s", True, 1, 1),
        ("ntpd_stepped_just_now", False, 0, 1),
        ("ntpd_never_synced", False, 0, 1),
        ("ntpd_server_lost", False, 0, 1),
        ("ntpsec_synced", True, 2, 2),
        ("ntpsec_off_by_2s", True, 1, 1),
        ("ntpsec_never_synced", False, 0, 1),
        ("ntpsec_one_of_two_lost", True, 1, 2),
        ("ntpsec_server_lost", False, 0, 1),
    ],
)
def test_ntpd(state: str, synchronised: bool, reachable: int, total: int) -> None:  # noqa: FBT001 (a table's column)
    """Of both ntpds the peers decide, as chrony's sources do."""
    view = interpret(ntpd(state), 0.0)
    assert (TimeSource.NTPD, synchronised) == (view.source, view.synchronised)
    assert (reachable, total) == (view.sources_reachable, view.sources_total)
    assert (view.offset is None) is ("never" in state or "just_now" in state)


@pytest.mark.parametrize(
    ("state", "clients", "synchronised"),
    [
        ("debian_synced", "", True),
        ("busybox_synced", "chronyd running\n", True),
        ("debian_synced", "chronyd unknown\n", True),
        ("debian_synced", "chronyd stopped\n", False),
        ("debian_synced", "chronyd stopped\nphc2sys running\n", True),
        ("debian_never_synced", "", False),
        ("busybox_never_synced", "chronyd running\n", None),
        ("debian_never_synced", "chronyd unknown\n", None),
        ("debian_never_synced", "ntpd stopped\n", False),
    ],
)
def test_kernel(state: str, clients: str, synchronised: bool | None) -> None:  # noqa: FBT001 (a table's column)
    """A client that runs and tells nobody may be right; one that is stopped leaves the clock to itself."""
    view = interpret(kernel(state, clients), 0.0)
    assert (TimeSource.KERNEL, synchronised, None) == (view.source, view.synchronised, view.error_bound)


def test_a_clock_that_nobody_has_steered_for_an_hour() -> None:
    """The kernel says synchronised for nine hours more, while its `maxerror` grows."""
    old = kernel("debian_synced").replace("maxerror: 16552", "maxerror: 1500001")
    assert (False, None) == (interpret(old, 0.0).synchronised, interpret(old, 0.0).offset)


@pytest.mark.parametrize(
    ("clients", "synchronised"),
    [("", None), ("chronyd stopped\n", False), ("chronyd running\n", None), ("ntpd unknown\n", None)],
)
def test_nobody_told(clients: str, synchronised: bool | None) -> None:  # noqa: FBT001 (a table's column)
    """Without any witness nothing is known, except that a client which is installed and stopped steers nothing."""
    assert ClientView(TimeSource.NONE, synchronised=synchronised) == interpret(f"none\n-- clients\n{clients}", 0.0)


@pytest.mark.parametrize(
    ("offset", "expected"), [(4.294967296, True), (-4.2949667, True), (4.29497, False), (2.0, False), (0.0, False)]
)
def test_the_false_reading(offset: float, expected: bool) -> None:  # noqa: FBT001 (a table's column)
    """2^32 ns, give or take a microsecond."""
    assert expected is is_false_reading(offset)


@pytest.mark.parametrize(
    "text", ["", "mute\n", "sundial\n-- status\n", "chrony\n-- tracking\n", "none\n", "kernel\n-- clients\n"]
)
def test_what_is_no_answer(text: str) -> None:
    """A source nobody knows, or a part that is missing: refused."""
    with pytest.raises(UnparsableError):
        interpret(text, 0.0)


PIECES = st.sampled_from(["chrony\n", "timesyncd\n", "ntpd\n", "kernel\n", "none\n", "-- tracking\n", "-- sources\n"])
PARTS = st.sampled_from(["-- status\n", "-- stamp\n", "-- clients\n", "12\n", chrony("synced"), ntpd("ntpd_synced")])


@given(st.text() | st.lists(PIECES | PARTS).map("".join))
def test_nothing_but_unparsable(text: str) -> None:
    """Any answer is a view or refused."""
    assert isinstance(outcome(lambda given: interpret(given, 0.0), text), ClientView | UnparsableError)


SHELLS: tuple[Sequence[str], ...] = (["dash", "-c"], ["bash", "-c"], ["busybox", "sh", "-c"])
in_every_shell = pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
with_lab_packages = pytest.mark.lab  # not for root: the shells come with the lab's packages
TOOLS = ("sort", "head", "stat", "pgrep")


def program(name: str) -> str:
    """Where a program of this machine is."""
    found = shutil.which(name)
    assert found, f"{name} is missing"
    return found


class Tools:
    """A directory that is the only place programs are found in: real tools, and clients that say what was captured."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        for name in TOOLS:
            self.add(name, f'exec {program(name)} "$@"')

    def add(self, name: str, script: str) -> None:
        """A program of that name, as the inside of a shell script."""
        path = self.directory / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def run(self, shell: Sequence[str]) -> str:
        """The section's answer."""
        argv = ["/usr/bin/env", "-i", f"PATH={self.directory}", "LC_ALL=C"]
        argv += [program(shell[0]), *shell[1:], SECTION.body]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=10)
        assert "" == done.stderr
        return done.stdout


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """A host without any NTP client."""
    return Tools(tmp_path)


def saying(path: str) -> str:
    """A script that prints a captured file."""
    found = Path(__file__).parents[2] / "captures" / "time" / path
    return f"/bin/cat '{found}'"


@with_lab_packages
@in_every_shell
def test_a_host_without_any_client(shell: Sequence[str], tools: Tools) -> None:
    """It says so, and nothing on standard error."""
    assert "none\n-- clients\n" == tools.run(shell)


@with_lab_packages
@in_every_shell
def test_the_client_that_answers_is_asked(shell: Sequence[str], tools: Tools) -> None:
    """Where chronyd is down and ntpd answers, adjtimex is not asked; without ntpd it is, and the stopped are named."""
    tools.add("chronyc", "echo '506 Cannot talk to daemon'; exit 1")
    tools.add("adjtimex", f'[ "$1" = --print ] && {saying("adjtimex/debian_synced.txt")}')
    tools.add("ntpq", saying("ntpq/ntpd_synced.txt"))
    assert interpret(ntpd("ntpd_synced"), 0.0) == interpret(tools.run(shell), 0.0)
    tools.add("ntpq", saying("ntpq/ntpsec_frozen.txt"))
    tools.add("pgrep", "exit 1")
    answer = tools.run(shell)
    assert answer.endswith("-- clients\nchronyd stopped\nntpd stopped\n")
    assert ClientView(TimeSource.KERNEL, offset=-2.199e-6, synchronised=False) == interpret(answer, 0.0)


@with_lab_packages
@in_every_shell
def test_busybox_adjtimex_has_no_options(shell: Sequence[str], tools: Tools) -> None:
    """It is asked again without them; where processes can't be seen, a silent client may run."""
    tools.add("chronyc", "exit 1")
    tools.add("pgrep", "exit 2")
    tools.add("adjtimex", f"[ $# = 0 ] && {saying('adjtimex/busybox_never_synced.txt')}")
    assert ClientView(TimeSource.KERNEL) == interpret(tools.run(shell), 0.0)


@with_lab_packages
@in_every_shell
def test_a_pool_of_sources_fits_into_one_write(shell: Sequence[str], tools: Tools) -> None:
    """Of 60 sources 20 are shown, the followed one among them though it came last; the answer is below 3 KiB."""
    address = "2001:0db8:1234:5678:9abc:def0:1234:5678"
    lost = f"^,?,{address},0,10,0,4294967295,-0.000000000,-0.000000000,0.000000000"
    followed = f"^,*,{address},3,10,377,512,-0.000012130,-0.000057418,0.000422045"
    many = "\\n".join([*[lost] * 59, followed])
    tools.add(
        "chronyc", f"case \"$*\" in *tracking) {saying('chrony/synced.tracking.txt')} ;; *) printf '{many}\\n' ;; esac"
    )
    answer = tools.run(shell)
    assert 3072 > len(answer)
    view = interpret(answer, 0.0)
    assert (True, 1, 20) == (view.synchronised, view.sources_reachable, view.sources_total)
