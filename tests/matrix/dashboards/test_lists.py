"""Lists of alerts: one line each, the gravest first, with what tells them apart in one column."""

from __future__ import annotations

from cs_exporter.matrix.dashboards import lists
from tests.matrix.dashboards.stubs import MATRIX


def test_alerts_of_chosen_hosts() -> None:
    """By what is told of them, whatever other labels they have."""
    (query,) = lists.of_hosts("Some", MATRIX).queries
    assert query.expression.startswith(f"topk(200, max by ({', '.join(lists.COLUMNS)}) (label_join(ALERTS{{")
    assert 'host!="",host=~"$host",severity="critical",alertstate="firing"} * 5' in query.expression
    assert "and on (host) host:cs_host_info:max{" in query.expression


def test_all_alerts() -> None:
    """Those of no single host are not asked for by the hosts that are chosen."""
    (query,) = lists.of_all("Some", MATRIX).queries
    (chosen,) = lists.of_hosts("Some", MATRIX).queries
    before, _, after = query.expression.removesuffix(")").rpartition(" or max by ")
    assert chosen.expression.removesuffix(")") == before
    assert 'cause!="",host="",severity="critical",alertstate="firing"} * 5' in after
    assert "$host" not in after


def test_what_tells_alerts_apart_is_one_column() -> None:
    """All keys that rows have, and no column twice."""
    (query,) = lists.of_hosts("Some", MATRIX).queries
    joined = query.expression.partition(', "at", " ", ')[2].partition(")")[0].replace('"', "").split(", ")
    assert {"mountpoint", "peer", "traffic", "port_name", "agent", "client", "probe"} <= {*joined}
    assert set() == {*joined} & {*lists.COLUMNS}


def test_alerts_by_name() -> None:
    """Of the exporter, which is no host."""
    (query,) = lists.of_names("Some", "They are.", MATRIX, ("CsA", "CsB")).queries
    assert 'alertname=~"CsA|CsB"' in query.expression
    assert "$host" not in query.expression


def test_a_line_leads_to_runbook_and_host() -> None:
    """By its cells."""
    panel = lists.of_hosts("Some", MATRIX)
    links = {column.name: column.links[0].address for column in panel.columns if column.links}
    assert f"{MATRIX.rendering.runbooks}/${{__data.fields.alertname}}" == links["alertname"]
    assert "${__data.fields.host:percentencode}" in links["host"]
