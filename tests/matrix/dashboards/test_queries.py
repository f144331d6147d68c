"""PromQL of panels, as an operator would write it."""

from __future__ import annotations

from cs_exporter.matrix.dashboards.queries import alerts, by, counted, found, of_chosen, per_second, worst
from cs_exporter.matrix.rendering import Rendering

PLACES = 'host:cs_host_info:max{platform=~"$platform",cloud_zone=~"$cloud_zone"}'


def test_series_of_chosen_hosts() -> None:
    """With what an operator's own selector adds; nobody's series have no host to choose."""
    rendering = Rendering({}, selector='job="cs"')
    assert 'cs_a{host=~"$host",disk="sda",job="cs"}' == found("cs_a", rendering, 'disk="sda"')
    assert 'cs_a{job="cs"}' == found("cs_a", rendering, per_host=False)
    assert "cs_a" == found("cs_a", Rendering({}), per_host=False)


def test_parts_of_expressions() -> None:
    """Each is what its name says."""
    assert f"cs_a and on (host) {PLACES}" == of_chosen("cs_a")
    assert "min by (host, disk) (cs_a)" == by(("host", "disk"), "cs_a", "min")
    assert ("topk(25, cs_a)", "bottomk(3, cs_a)") == (worst("cs_a"), worst("cs_a", "min", 3))
    assert "rate(cs_a_total[$__rate_interval])" == per_second("cs_a_total")
    assert "count(cs_a) or vector(0)" == counted("cs_a")


def test_alerts_of_chosen_hosts() -> None:
    """Those of the matrix, which all have a cause."""
    assert f'ALERTS{{cause!="",host!="",host=~"$host",a="b"}} and on (host) {PLACES}' == alerts('a="b"')
