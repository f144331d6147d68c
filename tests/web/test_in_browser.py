"""The status page as it is read: in a real browser, with and without scripts, on a phone, by keyboard and by ear."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cs_exporter.model import Host, Inventory
from tests.web.browser import Tab, browser
from tests.web.clouds import both, clock, mounts, troubled
from tests.web.scripts import FIRST, REFRESH, ROWS, SAYS_PAUSED, SELECT, SLOW_PARSER, UNFOLD, WIDER, displays
from tests.web.shown import Shown, shown

pytestmark = [pytest.mark.debian, pytest.mark.heavy, pytest.mark.asyncio(loop_scope="module")]

PATHS = ("/", "/?host=kvm-ams1-009", "/?host=kvm-fra1-011", "/runbooks/", "/runbooks/CsNfsMountHung")
CONTRAST = Path(__file__).with_name("contrast.js").read_text("utf-8")
LEAST_CONTRAST = 4.5
"""WCAG 2.1, 1.4.3 (AA), for text of any size."""


@pytest_asyncio.fixture(loop_scope="module", scope="module", name="tab")
async def _tab() -> AsyncIterator[Tab]:
    async with browser() as tab:
        yield tab


@pytest_asyncio.fixture(loop_scope="module", scope="module", name="served")
async def _served() -> AsyncIterator[Shown]:
    async with shown() as served:
        yield served


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def _quiet(tab: Tab) -> AsyncIterator[None]:
    """Each test begins on a wide light screen; none may leave a complaint in the console."""
    await tab.look(1400)
    tab.requests.clear()
    tab.complaints.clear()
    yield
    assert [] == tab.complaints


async def test_a_broken_host_is_on_top_with_its_reason(tab: Tab, served: Shown) -> None:
    """In words, with the time left, in the colour that its words say."""
    await tab.open(served.url)
    (first,) = await tab.texts(FIRST)
    assert first.startswith("kvm-ams1-017 ams1-c3 · hypervisor critical Agent session gone The host's agent has no")
    assert "Alert any moment" in first
    assert ["1", "6"] == [(await tab.texts(f".tiles .{state} b"))[0] for state in ("warning", "critical")]
    red = await tab.run(f"getComputedStyle(document.querySelector('{FIRST} .badge')).backgroundColor")
    assert "rgb(253, 231, 229)" == red


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_is_asked_of_anybody_else(tab: Tab, served: Shown, path: str) -> None:
    """One request for the whole page; the icon is in it."""
    await tab.open(served.url + path)
    asked = [url for url in tab.requests if not url.startswith("data:")]
    assert [served.url + path] == [
        url.removesuffix("/") if path == "/" and url.count("/") < 3 else url for url in asked
    ]


async def test_search_and_filters_follow_what_is_typed(tab: Tab, served: Shown) -> None:
    """Without loading the page anew, and the address can be sent to a colleague."""
    await tab.open(served.url)
    loads = tab.loads
    await tab.run("document.getElementById('q').focus()")
    await tab.send("Input.insertText", text="ams1-c2 hypervisor")
    await tab.until(f"{ROWS} === 8")
    await tab.run("document.getElementById('state').value = 'critical'")
    await tab.run("document.getElementById('state').dispatchEvent(new Event('input', {bubbles: true}))")
    await tab.until(f"{ROWS} === 2")
    assert "?q=ams1-c2+hypervisor&state=critical" == await tab.run("location.search")
    assert ("q", loads) == (await tab.run("document.activeElement.id"), tab.loads)
    assert ["2 of 43 hosts; 6 critical, 1 warning, 2 can't ask."] == await tab.texts("#said")


async def test_filters_work_without_scripts(tab: Tab, served: Shown) -> None:
    """The form is a form: its fields go into the address, and the answer is filtered."""
    await tab.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        await tab.open(served.url)
        loads = tab.loads
        await tab.run("document.getElementById('symptom').value = 'CsNfsMountHung'")
        await tab.run("document.getElementById('q').focus()")
        await tab.send("Input.insertText", text="kvm")
        await tab.press("Enter", code=13, text="\r")
        await tab.until("location.search.includes('CsNfsMountHung')")
        await tab.until(f"{ROWS} === 2")
        assert loads + 1 == tab.loads
        assert "kvm" == await tab.run("document.getElementById('q').value")
        assert "Without JavaScript this page does not refresh itself." in (await tab.texts(".filter"))[0]
    finally:
        await tab.send("Emulation.setScriptExecutionDisabled", value=False)


async def test_it_refreshes_where_its_reader_is(tab: Tab) -> None:
    """A new symptom comes up; focus, what was unfolded and the scroll stay."""
    async with shown() as served:
        await tab.open(served.url)
        await tab.run("document.querySelector('[data-key=\"more:kvm-ams1-009\"]').open = true")
        await tab.run("document.querySelector('[data-key=\"host:kvm-fra1-010\"]').focus()")
        scrolled = await tab.run("scrollTo(0, 700), scrollY")
        served.happens("kvm-ams1-000", "nfs_mounts", mounts("readonly"))
        await tab.run(REFRESH)
        await tab.until("document.querySelector('.tiles .pending b').innerText === '1'")
        assert "host:kvm-fra1-010" == await tab.run("document.activeElement.dataset.key")
        assert await tab.run("document.querySelector('[data-key=\"more:kvm-ams1-009\"]').open")
        assert scrolled == await tab.run("scrollY")
        row = "document.querySelector('[data-key=\"host:kvm-ams1-000\"]').closest('tr').innerText"
        assert "pending" in str(await tab.run(row))
        assert "1 pending" in (await tab.texts("[role=status]"))[0]


async def test_a_page_that_can_t_refresh_says_so(tab: Tab) -> None:
    """An old page that looks current would be worse than none."""
    async with shown() as served:
        await tab.open(served.url)
    await tab.run(REFRESH)
    await tab.until("document.body.classList.contains('stale')")
    assert (await tab.texts("#said"))[0].startswith("This page is out of date")
    tab.complaints[:] = [one for one in tab.complaints if "ERR_CONNECTION_REFUSED" not in one]


async def test_nothing_moves_while_text_is_selected(tab: Tab) -> None:
    """Rows, counts and their time stand still together, and the page says so; then all of it goes on."""
    async with shown() as served:
        await tab.open(served.url)
        (moment,) = await tab.texts("#asof")
        await tab.run("setTimeout = () => 0")  # nothing goes on because its time has come
        await tab.run(SELECT)
        served.happens("kvm-ams1-000", "nfs_mounts", mounts("readonly"))
        await tab.until(f"fetch('/').then(one => one.text()).then(text => !text.includes({moment[6:14]!r}))")
        await tab.run(REFRESH)
        await tab.until(SAYS_PAUSED)
        assert ([moment], ["0"]) == (await tab.texts("#asof"), await tab.texts(".tiles .pending b"))
        assert "kvm-ams1-017" == await tab.run("getSelection().toString()")
        await tab.run("getSelection().removeAllRanges()")
        await tab.until("document.querySelector('.tiles .pending b').innerText === '1'")
        assert [moment] != await tab.texts("#asof")
        assert "1 pending" in (await tab.texts("#said"))[0]
        assert not await tab.run("document.body.classList.contains('paused')")


async def test_what_is_wished_for_comes_though_text_is_selected(tab: Tab, served: Shown) -> None:
    """Who filters by keyboard wants to see it."""
    await tab.open(served.url)
    await tab.run(SELECT)
    await tab.run("document.getElementById('state').value = 'critical'")
    await tab.run("document.getElementById('state').dispatchEvent(new Event('input', {bubbles: true}))")
    await tab.until(f"{ROWS} === 6")
    assert (await tab.texts("#said"))[0].startswith("6 of 43 hosts; ")


async def test_no_page_stands_still_for_ever(tab: Tab) -> None:
    """A screen on a wall goes on after a minute, whatever somebody has left selected on it."""
    async with shown() as served:
        await tab.open(served.url)
        await tab.run(SELECT)
        await tab.run(REFRESH)
        await tab.until(SAYS_PAUSED)
        served.happens("kvm-ams1-000", "nfs_mounts", mounts("readonly"))
        await tab.run("(now => { Date.now = () => now + 61000; })(Date.now())")
        await tab.run(REFRESH)
        await tab.until("document.querySelector('.tiles .pending b').innerText === '1'")
        assert "1 pending" in (await tab.texts("#said"))[0]


async def test_a_host_that_has_left_is_not_an_exporter_that_has(tab: Tab) -> None:
    """The page says which of the two it is."""
    async with shown() as served:
        await tab.open(f"{served.url}/?host=kvm-ams1-000")
        hosts = served.daemon.board.inventory.hosts
        gone = {name: host for name, host in hosts.items() if name != "kvm-ams1-000"}
        served.daemon.board.replace_inventory(Inventory(gone))
        await tab.run(REFRESH)
        await tab.until("document.body.classList.contains('stale')")
    assert ["This page is out of date: this host has left the inventory. Trying again."] == await tab.texts("#said")
    tab.complaints[:] = [one for one in tab.complaints if "404" not in one]


async def test_a_page_that_is_work_is_shown_anew_less_often(tab: Tab, served: Shown) -> None:
    """At most a tenth of the browser's time goes into it; any other is shown anew every 15 seconds."""
    await tab.open(served.url)
    await tab.run("waits = []; setTimeout = (_, time) => waits.push(time); 0")
    await tab.run(REFRESH)
    await tab.until("waits.length === 1")
    await tab.run(SLOW_PARSER)
    await tab.run(REFRESH)
    await tab.until("waits.length === 2")
    assert 15000 == await tab.run("waits[0]")
    assert await tab.run("waits[1] >= 16000")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("path", PATHS)
async def test_a_phone_shows_all_of_it(tab: Tab, served: Shown, path: str, dark: bool) -> None:  # noqa: FBT001
    """360 pixels wide: nothing sticks out to the side, and what is unfolded does not either."""
    await tab.look(360, 740, phone=True, dark=dark)
    await tab.open(served.url + path)
    await tab.run(UNFOLD)
    assert 360 == await tab.run("document.documentElement.scrollWidth")
    assert [] == await tab.run(WIDER)
    boxes = "[...document.querySelectorAll('body *')].filter(one => !one.closest('.scroll,.skip'))"
    out = await tab.run(f"{boxes}.filter(one => one.getBoundingClientRect().right > 361).map(one => one.outerHTML)")
    assert [] == out


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("path", PATHS)
async def test_every_text_can_be_read(tab: Tab, served: Shown, path: str, dark: bool) -> None:  # noqa: FBT001
    """Contrast is AA on every ground, by day and by night."""
    await tab.look(1400, dark=dark)
    await tab.open(served.url + path)
    ground = await tab.run("getComputedStyle(document.body).backgroundColor")
    assert ("rgb(20, 23, 26)" if dark else "rgb(251, 251, 250)") == ground
    found = json.loads(str(await tab.run(CONTRAST)))
    assert found
    assert [] == [one for one in found if one["contrast"] < LEAST_CONTRAST]


async def test_the_keyboard_reaches_everything_in_order(tab: Tab, served: Shown) -> None:
    """Skip link, navigation, counts, filter, then the hosts; and one sees where one is."""
    await tab.open(served.url)
    passed: list[str] = []
    while "host:kvm-ams1-017" not in passed and len(passed) < 60:
        await tab.press("Tab", code=9)
        where = "(one => one.dataset.key || one.id || one.className || one.innerText)(document.activeElement)"
        passed.append(str(await tab.run(where)))
        assert "none" != await tab.run("getComputedStyle(document.activeElement).outlineStyle")
    wanted = ["skip", "Status", "tile:critical", "q", "state", "symptom", "zone", "Show", "table", "host:kvm-ams1-017"]
    assert wanted == [one for one in passed if one in wanted]


async def test_a_screen_reader_finds_its_way(tab: Tab, served: Shown) -> None:
    """Landmarks, named fields, a table with headers for rows and columns, links that say where they lead."""
    await tab.open(served.url)
    told = await tab.accessible()
    assert {
        ("main", ""), ("navigation", "Pages"), ("search", "Filter hosts"), ("searchbox", "search"),
        ("combobox", "symptom"), ("button", "Show"), ("region", "Hosts and causes, worst first"),
        ("table", "Hosts, worst first"), ("columnheader", "storage"), ("link", "kvm-ams1-009"),
        ("link", "runbook: NFS mount hung"), ("heading", "Status"),
    } <= set(told)  # fmt: skip
    assert any(role == "rowheader" and name.startswith("kvm-ams1-009") for role, name in told)
    assert "status" in {role for role, _ in told}
    assert [] == [role for role, name in told if role in {"link", "button", "combobox", "searchbox"} and not name]


@pytest.mark.parametrize("path", PATHS[:2])
async def test_on_a_phone_every_row_is_a_card(tab: Tab, served: Shown, path: str) -> None:
    """Not a table that is squeezed: each row is a block as wide as the screen lets it, its cells below each other."""
    await tab.look(360, 740, phone=True)
    await tab.open(served.url + path)
    assert "block" == await tab.run(displays(".stacked tbody tr"))
    assert "block" == await tab.run(displays(".stacked tbody th"))
    assert set(str(await tab.run(displays(".stacked tbody td"))).split()) <= {"block", "inline-block", "none"}
    assert await tab.run("[...document.querySelectorAll('.stacked tbody tr')].every(one => one.clientWidth > 300)")
    assert await tab.run("document.querySelector('.stacked thead').offsetHeight <= 1")
    await tab.look(1400)
    assert "table-row" == await tab.run(displays(".stacked tbody tr"))


@pytest.mark.parametrize("name", [f"kvm-{'0123456789-' * 4}.example.org", "k" * 250], ids=["dashes", "no dash"])
async def test_a_long_name_breaks_rather_than_the_page(tab: Tab, name: str) -> None:
    """On its own page on a phone, and in the table, where it leaves the other columns where they are."""
    cloud = troubled()
    cloud.add(Host(name, "192.0.2.9"), {"time_drift": clock(2.7)})
    async with shown(cloud) as served:
        await tab.look(360, 740, phone=True)
        for path in (f"/?host={name}", "/"):
            await tab.open(served.url + path)
            assert 360 == await tab.run("document.documentElement.scrollWidth")
            assert [] == await tab.run(WIDER)
        await tab.look(1400)
        assert await tab.run("document.querySelector('.hosts tbody th').offsetWidth <= 320")
        one_line = "document.querySelector('[data-key=\"host:kvm-ams1-000\"]').getClientRects().length"
        assert 1 == await tab.run(one_line)


async def test_a_desk_shows_every_column(tab: Tab) -> None:
    """Of both platforms in trouble at once: the last column is not cut off."""
    async with shown(both()) as served:
        await tab.open(served.url)
        assert 3 + 8 == len(await tab.texts(".hosts thead th"))
        assert await tab.run("(one => one.scrollWidth <= one.clientWidth)(document.querySelector('.scroll'))")


async def test_on_a_phone_the_table_is_still_a_table(tab: Tab, served: Shown) -> None:
    """Rows become cards for the eye alone."""
    await tab.look(360, 740, phone=True)
    await tab.open(served.url)
    roles = {role for role, _ in await tab.accessible()}
    assert {"table", "row", "rowheader"} <= roles
