"""Whatever goes wrong with an OpenStack cloud's APIs has its reason, with the service's own words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from keystoneauth1 import exceptions

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import ApiError
from cs_exporter.transports.clouds import openstack_errors as errors
from tests.lab.openstack_api import PASSWORD, Fault, OpenStackApiServer
from tests.transports.clouds.answers import answer
from tests.transports.clouds.open_clouds import ask_open

FAULTS = [
    (Fault.NOT_READY, Reason.NOT_READY, 503, "/compute/v2.1/os-services: Policy says: Service Unavailable (503)"),
    (Fault.NO_SERVER, Reason.NOT_READY, None, "503 Service Unavailable: a proxy has no server to give this to"),
    (Fault.DENIED, Reason.DENIED, 401, "Policy says: Unauthorized (401)"),
    (Fault.FORBIDDEN, Reason.DENIED, 403, "Policy says: Forbidden (403)"),
    (Fault.TOO_MANY, Reason.EXHAUSTED, 429, "Policy says: Too Many Requests (429)"),
    (Fault.BROKEN, Reason.NOT_READY, 500, "Policy says: Internal Server Error (500)"),
    (Fault.HTML, Reason.UNPARSABLE, None, "200 OK with text/html"),
    (Fault.ELSEWHERE, Reason.UNPARSABLE, None, "302 Found: leads elsewhere"),
    (Fault.NO_LIST, Reason.UNPARSABLE, None, "the answer has no list 'services'"),
    (Fault.CUT, Reason.RESET, None, "in the middle"),
    (Fault.HANG, Reason.MUTE, None, "no answer in time"),
]

OF_KEYSTONE = [
    (Fault.NOT_READY, Reason.NOT_READY, "/identity/v3: login: The request you have made: Service Unavailable. (503)"),
    (Fault.NO_SERVER, Reason.NOT_READY, "login: "),
    (Fault.DENIED, Reason.DENIED, "login: keystone does not tell its versions without a login (401)"),
    (Fault.FORBIDDEN, Reason.DENIED, "(403)"),
    (Fault.TOO_MANY, Reason.EXHAUSTED, "(429)"),
    (Fault.HTML, Reason.UNPARSABLE, "is auth_url right?"),
    (Fault.ELSEWHERE, Reason.UNPARSABLE, "is auth_url right?"),
    (Fault.NO_LIST, Reason.UNPARSABLE, "is auth_url right?"),
    (Fault.HANG, Reason.MUTE, "/identity/v3: no answer in time"),
]


RECEIPT = {
    "receipt": {"methods": ["password"], "expires_at": "2026-11-21T06:26:11.000000Z"},
    "required_auth_methods": [["password", "totp"]],
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OpenStackApiServer]:
    """With the captured lists."""
    with OpenStackApiServer(tmp_path) as made:
        yield made


@pytest.mark.parametrize(("fault", "reason", "code", "words"), FAULTS, ids=[row[0].value for row in FAULTS])
async def test_faults_of_a_service(
    server: OpenStackApiServer, fault: Fault, reason: Reason, code: int | None, words: str
) -> None:
    """An ApiError where the service itself gave an answer."""
    server.inflict(fault, "nova.services")
    with pytest.raises(ProbeFailed) as caught:
        await ask_open(server.target, deadline=1.5)
    assert reason is caught.value.reason, caught.value.detail
    assert words in caught.value.detail
    assert code == (caught.value.code if isinstance(caught.value, ApiError) else None)


@pytest.mark.parametrize(("fault", "reason", "words"), OF_KEYSTONE, ids=[row[0].value for row in OF_KEYSTONE])
async def test_faults_of_keystone(server: OpenStackApiServer, fault: Fault, reason: Reason, words: str) -> None:
    """They are said to be the login's; no password is in them."""
    server.inflict(fault, "identity")
    with pytest.raises(ProbeFailed) as caught:
        await ask_open(server.target, deadline=1.5)
    assert reason is caught.value.reason, caught.value.detail
    assert words in caught.value.detail
    assert PASSWORD not in str(caught.value)


async def test_a_wrong_password(server: OpenStackApiServer) -> None:
    """Keystone's own words."""
    server.write_clouds({"password": "wrong"})
    with pytest.raises(ApiError) as caught:
        await ask_open(server.target)
    assert (Reason.DENIED, 401) == (caught.value.reason, caught.value.code)
    assert "/auth/tokens: login: The request you have made: Unauthorized. (401)" in caught.value.detail


async def test_a_keystone_in_trouble_that_was_to_tell_its_versions(server: OpenStackApiServer) -> None:
    """Where auth_url names none, the trouble is what counts, not that no version was found."""
    server.write_clouds({"auth_url": server.auth_url.removesuffix("/v3")})
    server.inflict(Fault.NOT_READY, "identity")
    with pytest.raises(ProbeFailed) as caught:
        await ask_open(server.target)
    assert Reason.NOT_READY is caught.value.reason, caught.value.detail


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"forbidden": {"code": 403, "message": "Policy doesn't allow it"}}, "Policy doesn't allow it"),
        ({"NeutronError": {"type": "X", "message": "lost\nits database", "detail": ""}}, "lost its database"),
        ({"message": "told at the top"}, "told at the top"),
        ({"error_message": {"faultstring": "of WSME"}}, "of WSME"),
        ({"code": 403}, "Some Reason"),
    ],
)
def test_texts_of_services(body: object, text: str) -> None:
    """Wherever they are, on one line."""
    failure = errors.refused(answer(403, body), "agents")
    assert f"agents: {text} (403)" == failure.detail


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (exceptions.EmptyCatalog("The service catalog is empty."), Reason.COMMAND, "The service catalog is empty."),
        (exceptions.DiscoveryFailure("x"), Reason.UNPARSABLE, "is auth_url right?"),
        (exceptions.MissingAuthMethods(answer(401, RECEIPT)), Reason.DENIED, "second"),
        (exceptions.HttpError(http_status=418, message="odd"), Reason.COMMAND, "login: odd (418)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_of_a_login(error: Exception, reason: Reason, words: str) -> None:
    """Each in a line that leads on."""
    failure = errors.from_keystone(error, "http://ctl:5000/v3")
    assert reason is failure.reason
    assert words in failure.detail
