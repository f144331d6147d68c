"""The section of the clouds: how each is asked, and what of it is refused; the lines of mistakes are captures."""

from __future__ import annotations

import pytest

from cs_exporter.config.platforms import DatabaseFields, api_url, platform_name, schema_name
from cs_exporter.model import Schema


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("https://ms1.example:8443/client/api", "https://ms1.example:8443/client/api"),
        ("http://192.0.2.1:8080", "http://192.0.2.1:8080/client/api"),
        ("https://ms1.example/", "https://ms1.example/client/api"),
        ("https://[2001:db8::1]/api", "https://[2001:db8::1]/api"),
    ],
)
def test_a_url_that_names_only_the_server_has_cloudstacks_path(written: str, expected: str) -> None:
    """Any other path stays: there are proxies."""
    assert expected == api_url(written)


@pytest.mark.parametrize(
    "written",
    [
        "ms1.example:8080/client/api",
        "ftp://ms1.example",
        "https://",
        "https://ms1.example:no",
        "https://[::1",
        "https://user:secret@ms1.example",
        "https://ms1.example/client/api?command=listHosts",
        "https://ms 1.example",
    ],
)
def test_what_is_no_url_of_an_api_is_refused(written: str) -> None:
    """With the mend; a secret in it is not repeated."""
    with pytest.raises(ValueError, match=";") as caught:
        api_url(written)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "mend"),
    [
        ("http://ms1:8080/client/api?command=x", "http://ms1:8080/client/api"),
        ("https://me:secret@ms1.example:8443/", "https://ms1.example:8443/client/api"),
        ("https://[2001:db8::1]:8443/behind#x", "https://[2001:db8::1]:8443/behind"),
        ("https://[2001:db8::1]?x", "https://[2001:db8::1]/client/api"),
    ],
)
def test_the_mend_of_a_url_is_one_that_can_be_typed(written: str, mend: str) -> None:
    """Server, port and path as they were written, without what is too much."""
    with pytest.raises(ValueError, match="has more than server and path") as caught:
        api_url(written)
    assert str(caught.value).endswith(f"; write it as {mend}")
    assert mend == api_url(mend)


def test_the_databases_have_their_usual_names() -> None:
    """Those that the installation guides give them; heat is not in every cloud."""
    database = DatabaseFields(address="db1.example")
    assert "cloud" == database.name
    assert [Schema("nova", "nova"), Schema("neutron", "neutron"), Schema("cinder", "cinder")] == [*database.schemas()]


def test_what_a_cloud_does_not_have_is_named_by_nothing() -> None:
    """And several of nova's are its cells; one alone needs no list."""
    written = {"address": "db1", "nova": ["a", "b"], "neutron": "", "cinder": "", "heat": "heat"}
    expected = [Schema("nova", "a"), Schema("nova", "b"), Schema("heat", "heat")]
    assert expected == [*DatabaseFields.model_validate(written).schemas()]
    assert ("a",) == DatabaseFields.model_validate({"address": "db1", "nova": "a"}).nova


@pytest.mark.parametrize("name", ["", "nova", "nova-cell1", "Nova_2$", "n\u00f6va"])
def test_a_name_that_a_database_may_have_is_taken(name: str) -> None:
    """With the hyphens of some installers, too; nothing where there is none."""
    assert name == schema_name(name)


@pytest.mark.parametrize("text", ["a" * 65, "a\nb", "neutron; drop", "a b", "`a`", "a.b", " "])
def test_a_name_that_no_database_can_have_is_refused(text: str) -> None:
    """Before a server is asked for it every fifteen seconds."""
    with pytest.raises(ValueError, match="is not a database's name; "):
        schema_name(text)


@pytest.mark.parametrize("name", ["static", "endpoint:a", "a@b", ""])
def test_a_name_that_could_be_mistaken_is_refused(name: str) -> None:
    """It stands behind the @ of hosts' names, and static is the platform of hosts that have none."""
    with pytest.raises(ValueError, match="; "):
        platform_name(name)
    assert "dc-1" == platform_name("dc-1")
