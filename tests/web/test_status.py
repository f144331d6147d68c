"""The status page: worst first with its reason, in words; everything escaped; large clouds stay small pages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from cs_exporter.model import Host, Reason
from cs_exporter.web.picture import Picture, State
from cs_exporter.web.status import status_page
from cs_exporter.web.wanted import ROWS, Wanted
from tests.web.clouds import hypervisor, large, mounts, troubled, well
from tests.web.planted import Cloud, picture_of
from tests.web.reading import Reader, site

PICTURE = picture_of(troubled())
KILOBYTE = 1024


def shown(picture: Picture = PICTURE, wanted: Wanted | None = None) -> Reader:
    """The page, read."""
    return Reader(status_page(picture, wanted or Wanted(), site()).html)


def row(reader: Reader, host: str) -> dict[str, str]:
    """A host's row, by column."""
    (cells,) = (cells for cells in reader.rows if cells[0].split()[0] == host)
    return dict(zip(reader.rows[0], cells, strict=True))


def test_the_worst_host_is_on_top_with_its_reason_and_the_time_left() -> None:
    """What an operator sees first."""
    reader = shown()
    assert ["host", "what is wrong", "time left", "clock"] == reader.rows[0][:4]
    first = dict(zip(reader.rows[0], reader.rows[1], strict=True))
    assert ("kvm-ams1-017", "Alert any moment") == (first["host"].split()[0], first["time left"])
    assert "critical Agent session gone The host's agent has no session with any management" in first["what is wrong"]
    assert [] == reader.open


def test_every_cell_says_its_state_in_words() -> None:
    """Colour is never the only sign."""
    reader = shown()
    hung, blind, muted = (row(reader, name) for name in ("kvm-ams1-009", "kvm-fra1-011", "kvm-ams1-005"))
    assert hung["storage"].startswith("critical NFS mount hung")
    assert ("ok", "\u2013") == (hung["path"], hung["database"])
    assert ("can't ask unreachable", "ok") == (blind["storage"], blind["agent"])
    assert "can't ask unreachable connect to 192.0.2.12 port 22: no route to host" in blind["what is wrong"]
    assert "maintenance 1 symptom critical NFS mount missing" in muted["what is wrong"]
    assert "1 of 6 questions: command" in row(reader, "kvm-ams1-013")["what is wrong"]


def test_a_host_unfolds_what_else_it_has() -> None:
    """With a link to each runbook, and a page of its own."""
    reader = shown()
    assert "and 3 more" in row(reader, "kvm-ams1-009")["what is wrong"]
    assert {"/?host=kvm-ams1-009", "/runbooks/CsHostRebootNear"} < set(reader.links)


def test_pending_is_told_with_the_time_until_its_alert() -> None:
    """And nothing is critical yet."""
    reader = shown(picture_of(troubled(), lasting=0.0))
    assert "pending Clock offset The host's NTP client" in row(reader, "kvm-ams1-021")["what is wrong"]
    assert re.search(r"just seen, alert after \d", row(reader, "kvm-ams1-021")["what is wrong"])


def test_counts_link_to_their_hosts() -> None:
    """And what many hosts have in common is told once."""
    text, links = shown().text, shown().links
    assert "6 critical 1 warning 2 can't ask 0 pending 2 maintenance 32 fine 43 all hosts" in text
    assert "NFS mount hung critical on 2 hosts" in text
    assert {"/?state=critical", "/?symptom=CsNfsMountHung"} < set(links)
    assert "43 of 43 hosts; 6 critical, 1 warning, 2 can't ask." in text


def test_a_filter_leaves_what_is_wanted() -> None:
    """The form keeps what was chosen, and nothing found is said."""
    page = status_page(PICTURE, Wanted(state="warning", text="db"), site()).html
    assert ["db1"] == [cells[0].split()[0] for cells in Reader(page).rows[1:]]
    assert '<option value="warning" selected>' in page
    assert 'value="db"' in page
    assert "No host is like that." in shown(wanted=Wanted("nowhere")).text


def test_a_symptom_that_nobody_has_any_more_stays_chosen() -> None:
    """A link that was sent to a colleague must not turn into one for all hosts."""
    page = status_page(PICTURE, Wanted(symptom="CsGone"), site()).html
    assert '<option value="CsGone" selected>Gone (0)</option>' in page


def test_keys_and_ids_are_unique() -> None:
    """The script finds by them where its reader was."""
    reader = shown()
    assert len(reader.ids) == len(set(reader.ids))
    assert len(reader.keys) == len(set(reader.keys))


def test_nothing_from_a_host_becomes_markup() -> None:
    """Names, details, labels and searches come from elsewhere."""
    nasty = "<script>alert('1')</script>&\""
    cloud = Cloud()
    cloud.add(Host(nasty, nasty), {"nfs_mounts": mounts("hung")})
    cloud.fail(nasty, "time_drift", Reason.COMMAND, '"><img src=x onerror=alert(1)>')
    page = status_page(picture_of(cloud), Wanted(nasty, nasty, nasty), site()).html
    assert [] == Reader(page).open
    assert 1 == page.count("<script")
    assert "<img" not in page
    everything = status_page(picture_of(cloud), Wanted(), site()).html
    assert nasty in Reader(everything).rows[1][0]
    assert (1, 0) == (everything.count("<script"), everything.count("<img"))


def test_a_large_cloud_is_a_small_page() -> None:
    """A hundred hosts at once, more by links; the page of all is wanted outright."""
    picture = picture_of(large(1000))
    first = status_page(picture, Wanted(), site()).html
    assert ROWS + 1 == len(Reader(first).rows)
    assert len(first) < 250 * KILOBYTE
    assert f"1 to {ROWS} of 1003" in first
    assert {"/?page=2", "/?rows=all"} < set(Reader(first).links)
    last = status_page(picture, Wanted(page=99), site()).html
    assert "1001 to 1003 of 1003" in last
    assert 1004 == len(Reader(status_page(picture, Wanted(all_rows=True), site()).html).rows)


def test_filters_stay_while_pages_are_turned() -> None:
    """The next page is the next page of what was wanted."""
    links = shown(picture_of(large(500)), Wanted(state="ok", page=2)).links
    assert {"/?state=ok", "/?state=ok&page=3", "/?state=ok&rows=all"} < set(links)


@pytest.mark.parametrize(("swept", "told"), [(True, False), (False, True)])
def test_the_first_sweep_is_told_of(swept: bool, told: bool) -> None:  # noqa: FBT001
    """Until it is done, nothing missing means anything."""
    picture = replace(picture_of(one_well()), swept=swept)
    assert told == ("first sweep is still under way" in shown(picture).text)


def test_of_a_host_that_nobody_has_asked_yet_nothing_good_is_said() -> None:
    """Not known is not well."""
    (host,) = (picture := picture_of(one_well())).hosts
    assert "1 of 1 hosts; nothing is wrong." in shown(picture).text
    unknown = replace(picture, hosts=(replace(host, state=State.UNKNOWN),))
    assert "1 of 1 hosts; 1 not known." in shown(unknown).text


def one_well() -> Cloud:
    """A cloud of one host, and nothing is wrong with it."""
    cloud = Cloud()
    cloud.add(hypervisor(1), well())
    return cloud


def test_an_empty_inventory_is_said_in_words() -> None:
    """No empty table."""
    page = shown(picture_of(Cloud()))
    assert "There are no hosts" in page.text
    assert [] == page.rows
