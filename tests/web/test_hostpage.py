"""The page of one host: what is wrong and what to type, what was asked, and what came of it lately."""

from __future__ import annotations

from html import unescape

from cs_exporter.board import Board
from cs_exporter.history import History
from cs_exporter.matrix.runbooks import CAPITALS
from cs_exporter.model import Host, Reason
from cs_exporter.spec import Sample
from cs_exporter.web.hostpage import WHERE, Asked, host_page
from tests.web.clouds import hypervisor, troubled, well
from tests.web.planted import Cloud, picture_of, probes
from tests.web.reading import Reader, site


def page_of(cloud: Cloud, name: str) -> str:
    """The page of one of its hosts."""
    picture = picture_of(cloud)
    (view,) = (view for view in picture.hosts if view.name == name)
    return host_page(picture, view, asked(cloud.board(), cloud.history(), name), site()).html


def asked(board: Board, history: History, name: str) -> Asked:
    """What is known and remembered of a host."""
    entries = ((sheet, board.entry(sheet.name, name)) for sheet in probes())
    return [(sheet, entry, history.past(name, sheet.name)) for sheet, entry in entries if entry is not None]


def test_it_says_what_is_wrong_and_what_to_do() -> None:
    """Every symptom with its commands and the link to its runbook."""
    reader = Reader(page_of(troubled(), "kvm-ams1-009"))
    assert "26 s to reboot" in reader.text
    assert "critical NFS mount hung An NFS mount of the host does not answer." in reader.text
    assert "/runbooks/CsNfsMountHung" in reader.links
    assert [] == reader.open
    assert len(reader.keys) == len(set(reader.keys))


def test_commands_are_filled_in() -> None:
    """With this host's name and the symptom's labels; what they do not say is said to be left."""
    page = unescape(page_of(troubled(), "kvm-ams1-009"))
    assert "<pre>ss -tinH dst nfs1</pre>" in page
    assert "MOUNTPOINT" not in page
    assert f"<p>{WHERE}</p>" in page
    assert CAPITALS not in page
    cloud = troubled()
    cloud.tell("kvm-ams1-009", "nfs_mounts", {"cs_nfs_mount_state": [Sample(1.0, ("/a b", "nfs1", "/e", "stale"))]})
    page = unescape(page_of(cloud, "kvm-ams1-009"))
    assert "<pre>grep ' MOUNTPOINT ' /proc/self/mountinfo</pre>" in page
    assert f"<p>{WHERE} {CAPITALS}</p>" in page


def test_a_symptom_is_told_once_wherever_it_is_seen() -> None:
    """A port that twenty machines can't reach is one line, with the first of them and what to type for each."""
    cloud = troubled()
    seen = [f"kvm-ams1-{number:03}" for number in range(20)]
    rows = [Sample(1.0, ("8250", "agents", name, "refused", "critical")) for name in seen]
    cloud.tell("ms1", "port_reachability", {"cs_port_failing": rows})
    reader = Reader(page := page_of(cloud, "ms1"))
    assert 1 == reader.text.count("A port that the cloud can't do without does not answer.")
    assert 20 == reader.text.count("state refused")
    assert "vantage kvm-ams1-003, state refused, for 15 min and 16 more" in reader.text
    assert 1 == page.count("how to mend it")
    assert len(reader.keys) == len(set(reader.keys))


def test_a_warning_of_which_more_is_told_is_none() -> None:
    """The same countdown has a limit for tickets and one for pages."""
    text = Reader(page_of(troubled(), "kvm-ams1-009")).text
    assert 1 == text.count("Host alert imminent The host's agent is")


def test_it_says_what_was_asked_and_what_came_of_it() -> None:
    """A failure with its reason, what was before, and where more of it is."""
    reader = Reader(page_of(troubled(), "kvm-ams1-013"))
    rows = {cells[0].split()[0]: cells for cells in reader.rows[1:]}
    assert set(well()) == rows.keys()
    assert "can't ask command ping: operation not permitted" == rows["path_mtu"][1]
    assert "2 changes" in rows["path_mtu"][3]
    assert "command 20 runs" in rows["path_mtu"][3]
    assert "answered" == rows["time_drift"][1]
    assert {"/history?host=kvm-ams1-013&probe=path_mtu", "/probe?host=kvm-ams1-013&probe=path_mtu"} < set(reader.links)


def test_it_says_where_the_host_stands() -> None:
    """And its time left even when nothing is wrong, without alarm."""
    text = Reader(page_of(troubled(), "kvm-ams1-000")).text
    assert "zone ams1 pod ams1-pod1 cluster ams1-c1 hypervisor KVM" in text
    assert "1 min 36 s to Alert; 3 min 39 s to reboot, if no more is heard" in text
    assert "No symptom is seen" in text


def test_nothing_seen_is_not_all_well_where_nobody_can_look() -> None:
    """Blindness is said where one would read that all is well."""
    text = Reader(page_of(troubled(), "kvm-fra1-011")).text
    assert "No symptom is seen, but it can't be asked: unreachable." in text


def test_maintenance_is_said() -> None:
    """With what would page otherwise."""
    text = Reader(page_of(troubled(), "kvm-ams1-005")).text
    assert "none of this pages anybody" in text
    assert "NFS mount missing" in text


def test_a_host_of_which_nothing_is_known_has_a_page() -> None:
    """Before its first outcome, too."""
    cloud = Cloud()
    cloud.add(hypervisor(1), {})
    assert "Nothing has been asked yet" in page_of(cloud, hypervisor(1).name)


def test_nothing_from_a_host_becomes_markup() -> None:
    """Its name, its details, its history."""
    nasty = "<script>alert('1')</script>&\""
    cloud = Cloud()
    cloud.add(Host(nasty, nasty), {})
    cloud.fail(nasty, "time_drift", Reason.COMMAND, '"><img src=x onerror=alert(1)>')
    page = page_of(cloud, nasty)
    assert [] == Reader(page).open
    assert (1, 0) == (page.count("<script"), page.count("<img"))
