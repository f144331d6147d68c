"""One request to an API: what it gives and what each way to fail is called, against a server that checks signatures."""

from __future__ import annotations

import logging
import re
import socket
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import ApiError
from cs_exporter.transports.clouds import wire
from tests.lab.certificates import Authority
from tests.lab.cloud_api import KEY, SECRET, Fault
from tests.transports.clouds.clouds import ask, serving, target_of

FAULTS = [
    (Fault.HTML_503, Reason.NOT_READY, "503 Service Unavailable: a proxy has no server"),
    (Fault.HTML_200, Reason.UNPARSABLE, "200 OK with text/html"),
    (Fault.ELSEWHERE, Reason.UNPARSABLE, "302 Found: leads elsewhere"),
    (Fault.DENIED, Reason.DENIED, "(401): a wrong key or secret, or no such command for this account (the clocks"),
    (Fault.INTERNAL, Reason.NOT_READY, "please contact your system administrator (530)"),
    (Fault.HANG, Reason.MUTE, "no answer in time"),
    (Fault.HANG_MIDDLE, Reason.TIMEOUT, "did not end in time"),
    (Fault.CUT, Reason.RESET, "in the middle"),
    (Fault.SHORT_PAGE, Reason.UNPARSABLE, "4 elements came of 5, twice"),
]


@pytest.mark.parametrize(("fault", "reason", "words"), FAULTS, ids=[fault.value for fault, _, _ in FAULTS])
async def test_faults_have_their_reasons(tmp_path: Path, fault: Fault, reason: Reason, words: str) -> None:
    """And a line that leads on, in which there is no key."""
    with serving(tmp_path) as server:
        server.inflict(fault)
        with pytest.raises(ProbeFailed) as caught:
            await ask(target_of(server), deadline=1.5)
    assert reason is caught.value.reason, caught.value.detail
    assert words in caught.value.detail
    assert not any(hidden in str(caught.value) for hidden in (KEY, SECRET, "ignature="))


async def test_a_clock_that_is_behind_the_apis(tmp_path: Path) -> None:
    """Our requests have expired before they come; the answer says so by its date."""
    with serving(tmp_path, clock_ahead=3600.0) as server, pytest.raises(ApiError) as caught:
        await ask(target_of(server))
    assert (Reason.DENIED, 401) == (caught.value.reason, caught.value.code)
    assert re.search(r"this machine's is (3599|3600|3601) s behind the API's", caught.value.detail)


async def test_a_clock_that_is_ahead_of_the_apis(tmp_path: Path) -> None:
    """Our requests are good for longer, which the API does not mind by default."""
    with serving(tmp_path, clock_ahead=-3600.0) as server:
        assert 5 == len(await ask(target_of(server)))


async def test_a_command_that_the_role_has_not(tmp_path: Path) -> None:
    """Told apart from wrong keys by the API's own words."""
    with serving(tmp_path, forbidden={"listHosts"}) as server, pytest.raises(ApiError) as caught:
        await ask(target_of(server))
    assert "not available for user. (401)" in caught.value.detail
    assert "wrong key" not in caught.value.detail


async def test_keys_go_by_post_and_by_get_where_post_is_refused(tmp_path: Path) -> None:
    """Whoever stands between logs addresses, not bodies."""
    methods = []
    for options in ({}, {"post_only": True}, {"get_only": True}):
        with serving(tmp_path, **options) as server:
            assert 5 == len(await ask(target_of(server)))
            methods += [asked.method for asked in server.asked]
    assert ["POST", "POST", "GET"] == methods


async def test_no_log_has_keys_in_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At no level: by GET they are in addresses, which the library writes down."""
    caplog.set_level(logging.DEBUG)
    with serving(tmp_path, get_only=True) as server:
        await ask(target_of(server))
    assert not any(hidden in caplog.text for hidden in (KEY, SECRET, "ignature="))


async def test_nobody_listens(tmp_path: Path) -> None:
    """A management server that is down."""
    with serving(tmp_path) as server:
        target = target_of(server)
    with pytest.raises(ProbeFailed) as caught:
        await ask(target)
    assert Reason.REFUSED is caught.value.reason
    assert "/client/api: Connection refused" in caught.value.detail


async def test_a_name_that_does_not_resolve(tmp_path: Path) -> None:
    """Our own name servers' trouble."""
    with serving(tmp_path) as server:
        target = target_of(server, url="http://no-such-name.invalid:8080/client/api")
    with pytest.raises(ProbeFailed) as caught:
        await ask(target)
    assert (Reason.UNREACHABLE, True) == (caught.value.reason, caught.value.ours)


async def test_certificates_are_checked_against_the_given_authority(tmp_path: Path) -> None:
    """By default against the system's, which does not know the lab's; and not at all where that is wanted."""
    authority = Authority(tmp_path)
    with serving(tmp_path, tls=authority.issue("localhost", "127.0.0.1")) as server:
        assert 5 == len(await ask(target_of(server, ca_file=str(authority.file))))
        assert 5 == len(await ask(target_of(server, verify=False)))
        with pytest.raises(ProbeFailed) as caught:
            await ask(target_of(server))
    assert Reason.HOST_KEY is caught.value.reason
    assert "not to be trusted" in caught.value.detail


async def test_a_server_that_speaks_no_tls(tmp_path: Path) -> None:
    """https:// at a port of http://."""
    with serving(tmp_path) as server, pytest.raises(ProbeFailed) as caught:
        await ask(target_of(server, url=server.url.replace("http:", "https:")))
    assert (Reason.UNPARSABLE, True) == (caught.value.reason, "TLS failed" in caught.value.detail)


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_an_authority_that_is_none(tmp_path: Path, content: str | None) -> None:
    """A missing file, and a file of something else, are named; nothing is sent."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with serving(tmp_path) as server:
        with pytest.raises(ProbeFailed) as caught:
            await ask(target_of(server, ca_file=str(file)))
        assert [] == server.asked
    assert (Reason.COMMAND, True) == (caught.value.reason, caught.value.ours)
    assert str(file) in caught.value.detail


async def test_a_proxy_of_the_environment_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the operator's way to the internet, and the API is no part of that."""
    with socket.create_server(("127.0.0.1", 0)) as proxy, serving(tmp_path) as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        assert 5 == len(await ask(target_of(server)))


async def test_an_answer_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not read to its end."""
    monkeypatch.setattr(wire, "LARGEST", 100)
    with serving(tmp_path) as server, pytest.raises(ProbeFailed) as caught:
        await ask(target_of(server))
    assert Reason.UNPARSABLE is caught.value.reason


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:word@cloud.example:8443/client/api?x=1", "https://cloud.example:8443/client/api"),
        ("http://[2001:db8::1]:8080/client/api", "http://[2001:db8::1]:8080/client/api"),
        ("https://cloud.example/client/api", "https://cloud.example/client/api"),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, shown: str) -> None:
    """Neither an account nor a query."""
    assert shown == wire.shown(url)
