"""The real Alertmanager of the tests and the receiver: what is posted arrives once, with all that it carries."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.alertmanager import Alertmanager, AlertmanagerError
from tests.lab.one_page import free_address
from tests.lab.receiver import Receiver, receiving
from tests.lab.wait import wait_until

pytestmark = pytest.mark.debian

MUTING = [{"source_matchers": ["alertname=Cause"], "target_matchers": ["alertname=Symptom"], "equal": ["host"]}]


def configuration(url: str) -> str:
    """Everything at once, by host, and one inhibition."""
    route = {"receiver": "page", "group_by": ["host"], "group_wait": "0s", "group_interval": "100ms"}
    receiver = {"name": "page", "webhook_configs": [{"url": url}]}
    return json.dumps({"route": route, "receivers": [receiver], "inhibit_rules": MUTING})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One that has got nothing yet."""
    with receiving() as found:
        yield found


@pytest.fixture
def alertmanager(tmp_path: Path, receiver: Receiver) -> Iterator[Alertmanager]:
    """One that delivers there."""
    with Alertmanager(tmp_path, configuration(receiver.url), listen=free_address()) as started:
        yield started


def test_it_delivers(alertmanager: Alertmanager, receiver: Receiver) -> None:
    """Fires and ends: two notifications of one group, with labels and times."""
    begun = time.time()
    alertmanager.post([{"alertname": "Symptom", "host": "kvm1"}])
    wait_until(lambda: receiver.of("page"), 10, "a page")
    alertmanager.post([{"alertname": "Symptom", "host": "kvm1"}], ended=True)
    wait_until(lambda: len(receiver.got) == 2, 10, "the page to be resolved")
    fires, ends = receiver.got
    assert ("firing", "resolved") == (fires.status, ends.status)
    assert fires.key == ends.key
    assert {"host": "kvm1"} == fires.group
    assert ({"Symptom"}, set()) == (fires.names, ends.names)
    (alert,) = ends.alerts
    assert begun - 1 < alert.starts <= fires.received
    assert alert.ends is not None
    assert fires.received - 1 < alert.ends <= ends.received + 1


def test_it_says_what_mutes_what(alertmanager: Alertmanager, receiver: Receiver) -> None:
    """The muted alert does not arrive."""
    cause, symptom = {"alertname": "Cause", "host": "kvm1"}, {"alertname": "Symptom", "host": "kvm1"}
    alertmanager.post([cause])
    wait_until(lambda: receiver.got, 10, "the cause")
    alertmanager.post([symptom])
    wait_until(lambda: len(alertmanager.alerts()) == 2, 10, "both to be known")
    known = {one.labels["alertname"]: one.muted_by for one in alertmanager.alerts()}
    assert {"Cause": (), "Symptom": (cause,)} == known
    assert {"Cause"} == receiver.got[-1].names


def test_what_it_does_not_take_is_said(tmp_path: Path, alertmanager: Alertmanager) -> None:
    """An alert without labels, and a configuration without a route."""
    with pytest.raises(AlertmanagerError, match="at least one label"):
        alertmanager.post([{}])
    with pytest.raises(AlertmanagerError, match="status") as caught:
        Alertmanager(tmp_path / "other", "receivers: []\n", listen=free_address()).start()
    assert "no routes provided" in "".join(caught.value.__notes__)


def test_nothing_is_left(tmp_path: Path) -> None:
    """Neither a process nor a file."""
    with Alertmanager(tmp_path, configuration("http://127.0.0.1:9/"), listen=free_address()):
        assert [tmp_path / "alertmanager"] == list(tmp_path.iterdir())
    assert [] == list(tmp_path.iterdir())
    found = subprocess.run(["pgrep", "-f", f"alertmanager.*{tmp_path}/"], capture_output=True, text=True, check=False)
    assert "" == found.stdout
