"""The --web.* flags mean what they mean in Prometheus, and a mistake in one is one line that names it."""

from __future__ import annotations

import pytest

from cs_exporter.config.errors import ConfigError
from cs_exporter.web.options import ListenAddress, listen_address, web_options


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (":10595", "", 10595),
        ("127.0.0.1:9", "127.0.0.1", 9),
        ("[::1]:9", "::1", 9),
        ("metrics.example.org:10595", "metrics.example.org", 10595),
        (" localhost:0 ", "localhost", 0),
    ],
)
def test_an_address_is_read_and_written_the_same_way(text: str, host: str, port: int) -> None:
    """Empty host: every address; brackets around IPv6."""
    assert ListenAddress(host, port) == listen_address(text)
    assert text.strip() == str(listen_address(text))


@pytest.mark.parametrize("text", ["", "10595", "::1:9", "[::1]", ":", ":x", ":65536", "http://x:1", "a b:c:1", "[]:1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    """One line with the flag, the value and how to write it."""
    with pytest.raises(ConfigError) as refused:
        listen_address(text)
    mend = "is not an address; write it as :10595, 192.0.2.1:10595 or [::1]:10595"
    assert f"--web.listen-address: {text!r} {mend}" == refused.value.line()


@pytest.mark.parametrize(
    ("external_url", "route_prefix", "routes", "links"),
    [
        ("", None, "", ""),
        ("", "/", "", ""),
        ("", "cs/", "/cs", "/cs"),
        ("https://mon.example.org", None, "", ""),
        ("https://mon.example.org/", None, "", ""),
        ("https://mon.example.org/a/cs/", None, "/a/cs", "/a/cs"),
        ("https://mon.example.org/cs", "/", "", "/cs"),
        ("https://mon.example.org/cs", "/inside", "/inside", "/cs"),
    ],
)
def test_prefixes_of_routes_and_links(external_url: str, route_prefix: str | None, routes: str, links: str) -> None:
    """Routes default to the external URL's path; links always follow what the browser sees."""
    options = web_options(external_url=external_url, route_prefix=route_prefix)
    assert (routes, links) == (options.route_prefix, options.link_prefix)


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (
            {"telemetry_path": "metrics"},
            "--web.telemetry-path: 'metrics' is not a path; write it as /metrics",
        ),
        (
            {"telemetry_path": "/{x}"},
            "--web.telemetry-path: '/{x}' is not a path; write it as /metrics",
        ),
        (
            {"telemetry_path": "/sd"},
            "--web.telemetry-path: '/sd' is taken by another page; choose another path",
        ),
        (
            {"external_url": "mon.example.org"},
            "--web.external-url: 'mon.example.org' is not an address of a page; write it as https://name/path",
        ),
        (
            {"external_url": "https://[/x"},
            "--web.external-url: 'https://[/x' is not an address of a page; write it as https://name/path",
        ),
        (
            {"external_url": "https://mon.org/?a=b"},
            "--web.external-url: 'https://mon.org/?a=b' is not an address of a page; write it as https://name/path",
        ),
        (
            {"route_prefix": "/a b"},
            "--web.route-prefix: '/a b' is not a plain path; use letters, digits and . _ ~ - between slashes",
        ),
    ],
)
def test_a_mistake_in_a_flag_is_one_line(flags: dict[str, str], line: str) -> None:
    """It names the flag, the value and the mend."""
    with pytest.raises(ConfigError) as refused:
        web_options(**flags)  # type: ignore[arg-type]  # every flag in this table is a text
    assert line == refused.value.line()


def test_the_same_address_twice_is_one_listener() -> None:
    """A flag that a wrapper script repeats is no conflict with itself."""
    assert (ListenAddress("", 1), ListenAddress("", 2)) == web_options([":1", ":2", ":1"]).listen
