"""The section of the clouds: how each is asked, and what of it is refused; the lines of mistakes are captures."""

from __future__ import annotations

import pytest

from cs_exporter.config.platforms import DatabaseFields, PlatformBlock, api_url, platform_name


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


def test_a_cloud_is_asked_by_its_database_its_api_or_both() -> None:
    """But not by neither; the database is CloudStack's own name for it."""
    database = DatabaseFields(address="db1.example")
    assert "cloud" == database.name
    assert database == PlatformBlock(database=database).database
    with pytest.raises(ValueError, match="has neither a database nor an api; say how the cloud is asked"):
        PlatformBlock()


@pytest.mark.parametrize("name", ["static", "endpoint:a", "a@b", ""])
def test_a_name_that_could_be_mistaken_is_refused(name: str) -> None:
    """It stands behind the @ of hosts' names, and static is the platform of hosts that have none."""
    with pytest.raises(ValueError, match="; "):
        platform_name(name)
    assert "dc-1" == platform_name("dc-1")
