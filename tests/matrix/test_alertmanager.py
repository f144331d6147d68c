"""The example for Alertmanager: amtool takes it, and a real Alertmanager tells and mutes as the matrix says.

Alerts are posted with the labels that the rows give them; judged by what reaches a receiver, and by its own word.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cs_exporter.matrix.alertmanager import NAMES, AlertmanagerTimings, Pace, configuration, files
from tests.lab.alertmanager import Alertmanager
from tests.lab.one_page import free_address
from tests.lab.receiver import Receiver, receiving
from tests.lab.wait import wait_until
from tests.matrix.causes import CASES, KVM1, MATRIX, MOUNT, NFS_DOWN, ROWS, Alert, alert

pytestmark = pytest.mark.debian

QUICK = Pace(wait=0.2, interval=0.1, repeat=3600)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One that has got nothing yet."""
    with receiving() as found:
        yield found


@pytest.fixture
def alertmanager(tmp_path: Path, receiver: Receiver) -> Iterator[Alertmanager]:
    """The example's routes and inhibitions, with less patience."""
    text = configuration(AlertmanagerTimings(QUICK, QUICK, QUICK), dict.fromkeys(NAMES, receiver.url))
    with Alertmanager(tmp_path, text, listen=free_address()) as started:
        yield started


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example, as it is written."""
    ((_, text),) = files(MATRIX).items()
    path = tmp_path / "alertmanager.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_amtool_takes_the_example(example: Path) -> None:
    """As it is; placeholders included."""
    done = subprocess.run(["amtool", "check-config", str(example)], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    assert "4 receivers" in done.stdout


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (alert("CsMysqlDown"), "page"),
        (alert("CsMysqlConnectionsHigh"), "ticket"),
        (alert("CsClockNoClient"), "nobody"),
        (alert("CsDeadMansSwitch"), "dead-man"),
        (alert("CsExporterIsolated"), "page"),
        ({"alertname": "NodeDown", "severity": "critical"}, "nobody"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["alertname"],
)
def test_where_alerts_go(example: Path, labels: Alert, expected: str) -> None:
    """Critical ones page, warnings are tickets, what is not ours is left alone."""
    pairs = [f"{name}={value}" for name, value in labels.items()]
    argv = ["amtool", "config", "routes", "test", f"--config.file={example}", *pairs]
    assert expected == subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def test_every_row_goes_by_its_severity(example: Path) -> None:
    """A page's summary of all: the configuration knows no single one, but the dead man's."""
    assert {"critical", "warning", "info"} == {row.severity.value for row in MATRIX.rows}
    text = example.read_text(encoding="utf-8")
    route = text[text.index("\nroute:") : text.index("\ninhibit_rules:")]
    assert ["CsDeadMansSwitch"] == [name for name in ROWS if name in route]


LATER = {name: case for name, case in CASES.items() if case[1]}


def told(receiver: Receiver, since: int = 0) -> set[frozenset[tuple[str, str]]]:
    """The alerts that reached somebody, firing, from that notification on."""
    return {frozenset(one.labels.items()) for note in receiver.got[since:] for one in note.firing}


def frozen(*alerts: Alert) -> set[frozenset[tuple[str, str]]]:
    """Alerts as they are compared."""
    return {frozenset(one.items()) for one in alerts}


@pytest.mark.parametrize(("cause", "muted", "others"), CASES.values(), ids=CASES)
def test_a_cause_that_is_there_first(
    alertmanager: Alertmanager, receiver: Receiver, cause: Alert, muted: tuple[Alert, ...], others: tuple[Alert, ...]
) -> None:
    """What it mutes never arrives; everything else does, and Alertmanager says which is which."""
    alertmanager.post([cause])
    wait_until(lambda: frozen(cause) <= told(receiver), 10, "the cause")
    alertmanager.post([*muted, *others])
    wait_until(lambda: told(receiver) == frozen(cause, *others), 10, "all that is not muted")
    known = {frozenset(one.labels.items()): one.muted_by for one in alertmanager.alerts()}
    assert dict.fromkeys(frozen(*muted), (cause,)) == {one: by for one, by in known.items() if by}
    assert frozen(cause, *others) == told(receiver)


@pytest.mark.parametrize(("cause", "muted", "others"), LATER.values(), ids=LATER)
def test_a_cause_that_comes_later(
    alertmanager: Alertmanager, receiver: Receiver, cause: Alert, muted: tuple[Alert, ...], others: tuple[Alert, ...]
) -> None:
    """What has been told already is told no more from then on, not its end either, nor anew when the cause ends."""
    alertmanager.post([*muted, *others])
    alertmanager.post([cause])
    wait_until(lambda: frozen(cause, *others) <= told(receiver), 10, "all that is not muted")
    wait_until(lambda: len(alertmanager.muted()) == len(muted), 10, "the rest to be muted")
    since = len(receiver.got)
    alertmanager.post([*muted, cause], ended=True)
    wait_until(lambda: len(alertmanager.alerts()) == len(others), 10, "all of it to end")
    assert set() == told(receiver, since) & frozen(*muted)


def test_a_storm_is_one_page(alertmanager: Alertmanager, receiver: Receiver) -> None:
    """Fifty hosts with a hung mount of the server that is down: one group, one alert in it; mounts come first, too."""
    hosts = [{"host": f"kvm{number}", "cloud_zone": "z1", "cloud_pod": f"p{number % 5}"} for number in range(50)]
    hung = [alert("CsNfsMountHung", **host, server="nfs1", **MOUNT) for host in hosts]
    slow = [alert("CsNfsRequestsOutstanding", **host, server="nfs1", **MOUNT) for host in hosts]
    alertmanager.post([*hung, *slow, NFS_DOWN])
    wait_until(lambda: receiver.of("page"), 10, "a page")
    wait_until(lambda: len(alertmanager.muted()) == 100, 10, "the rest to be muted")
    assert frozen(NFS_DOWN) == told(receiver)
    assert ["page"] == [note.receiver for note in receiver.got]


def test_without_its_cause_a_storm_is_one_page_as_well(alertmanager: Alertmanager, receiver: Receiver) -> None:
    """One for each cause: fifty hung mounts of fifty servers, and a clock."""
    hosts = [{"host": f"kvm{number}", "platform": "cloudstack"} for number in range(50)]
    hung = [alert("CsNfsMountHung", **host, server=f"nfs-{host['host']}", **MOUNT) for host in hosts]
    clock = alert("CsClockOffsetCritical", host="kvm7", platform="cloudstack")
    alertmanager.post([*hung, clock])
    wait_until(lambda: told(receiver) == frozen(*hung, clock), 10, "all of them")
    groups = {note.key: len(note.firing) for note in receiver.of("page")}
    assert [1, 50] == sorted(groups.values())


def test_alerts_of_others_are_left_alone(alertmanager: Alertmanager) -> None:
    """In an Alertmanager that has more to do, they mute nothing of ours, and not each other either."""
    failed = {"alertname": "DiskFailed", "severity": "critical", "host": "kvm1"}
    alertmanager.post([failed, {**failed, "severity": "warning"}, alert("CsClockOffset", **KVM1)])
    wait_until(lambda: len(alertmanager.alerts()) == 3, 10, "all of them to be known")
    assert [] == alertmanager.muted()
