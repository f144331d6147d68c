"""How metrics look: titles, units, colours on the right side of limits, words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.matrix.dashboards import looks
from cs_exporter.matrix.dashboards.parts import BLUE, GREEN, ORANGE, RED, Step
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.whole import usual_matrix
from tests.matrix.dashboards.stubs import rows_about

ROWS = usual_matrix().rows


def rows(*names: str) -> tuple[Row, ...]:
    """The rows with these names."""
    return tuple(row for row in ROWS if row.name in names)


@pytest.mark.parametrize(
    ("name", "title", "unit"),
    [
        ("cs_mysql_connections_used_ratio", "MySQL connections used", "percentunit"),
        ("cs_path_mtu_bytes", "Path MTU", "suffix: B"),
        ("cs_host_seconds_to_alert", "Host time to alert", "s"),
        ("cs_port_tls_not_after_timestamp_seconds", "Port TLS not after", "s"),
        ("cs_clock_stratum", "Clock stratum", "none"),
        ("cs_mysql_info", "MySQL", "none"),
        ("cs_iscsi_sessions", "iSCSI sessions", "none"),
        ("cs_openstack_agents", "OpenStack agents", "none"),
        ("cs_rabbitmq_up", "RabbitMQ up", "none"),
    ],
)
def test_titles_and_units(name: str, title: str, unit: str) -> None:
    """From the name."""
    assert (title, unit) == (looks.title(name), looks.unit(name))


@pytest.mark.parametrize(
    ("name", "unit"),
    [("cs_ssh_request_bytes_total", "Bps"), ("cs_busy_seconds_total", "percentunit"), ("cs_dials_total", "cps")],
)
def test_units_of_rates(name: str, unit: str) -> None:
    """Per second."""
    assert unit == looks.unit(name, rate=True)


def test_colours_above_limits() -> None:
    """The graver limit is further out."""
    expected = (Step(None, GREEN), Step(0.8, ORANGE), Step(0.9, RED))
    assert expected == looks.steps(rows("CsMysqlConnectionsHigh", "CsMysqlConnectionsCritical"))


def test_colours_below_limits() -> None:
    """From the other end."""
    expected = (Step(None, RED), Step(35, ORANGE), Step(50, GREEN))
    assert expected == looks.steps(rows("CsHostAlertImminent", "CsHostAlertImminentCritical"))


def test_rows_with_one_limit_have_one_colour() -> None:
    """The graver one's, whichever comes last."""
    assert (Step(None, GREEN), Step(25, RED)) == looks.steps(rows_about("cs_rabbitmq_queue_stuck_seconds"))
    assert (Step(None, GREEN), Step(0, RED)) == looks.steps(rows_about("cs_openstack_agents_stopped"))


def test_colours_on_both_sides() -> None:
    """Of a limit that holds either way."""
    expected = (Step(None, RED), Step(-5, ORANGE), Step(-2, GREEN), Step(2, ORANGE), Step(5, RED))
    two, five = rows("CsClockSkew", "CsClockSkewCritical")
    assert expected == looks.steps([replace(five, threshold=5), replace(two, threshold=2)])


def test_colours_of_what_is_left() -> None:
    """A time to come is shown as what is left of it, so that its limits change sides."""
    shown = looks.steps(rows("CsPortCertificateExpires", "CsPortCertificateExpiresCritical"), sign=-1)
    assert (Step(None, RED), Step(172800, ORANGE), Step(1209600, GREEN)) == shown


def test_colours_of_nothing() -> None:
    """Where no row has a limit that is a number: of another metric, of yes and no, of none."""
    assert (Step(None, GREEN),) == looks.steps(rows("CsGaleraTooSmall", "CsMysqlSaturated", "CsDeadMansSwitch"))


def test_words_of_states() -> None:
    """The state that a row looks for, the gravest with the greatest number."""
    found = looks.words(rows_about("cs_nfs_mount_state"))
    assert ("ok", GREEN) == (found[0].text, found[0].colour)
    assert ("slow", ORANGE) == (found[1].text, found[1].colour)
    assert {"hung", "stale", "missing", "readonly"} == {word.text for word in found if word.colour == RED}
    assert [0, 1, 2, 3, 4, 5] == [word.value for word in found]


def test_words_of_yes_and_no() -> None:
    """The severity."""
    assert [("ok", GREEN), ("critical", RED)] == [
        (word.text, word.colour) for word in looks.words(rows("CsMysqlSaturated"))
    ]
    assert BLUE == looks.words(rows("CsPathMtuCached"))[1].colour


def test_what_says_yes_or_no() -> None:
    """By the rows if there are any, else by the help."""
    assert looks.yes_or_no("A number.", rows("CsMysqlSaturated"))
    assert not looks.yes_or_no("1 if it is.", rows("CsMysqlConnectionsHigh"))
    assert looks.yes_or_no("1 while it is.", ())
    assert looks.yes_or_no("Whether it is.", ())
    assert not looks.yes_or_no("1.024 seconds.", ())


def test_what_a_panel_tells() -> None:
    """The help, and of each row what is seen beyond which limit."""
    told = looks.described("Some share.", rows("CsMysqlConnectionsHigh"))
    assert told.startswith("Some share.\n\n- **CsMysqlConnectionsHigh** (warning, above 80 %): ")
    assert "Some share." == looks.described("Some share.", ())


def test_links() -> None:
    """To runbooks where the rendering has them, and to hosts by their names, whatever is in those."""
    (link,) = looks.links(rows("CsMysqlSaturated"), usual_matrix().rendering)
    assert link.address.endswith("/runbooks/CsMysqlSaturated")
    assert "var-host=${__data.fields.host:percentencode}&" in looks.host_of_cell("__data.fields.host").address
    assert "{{host}} {{peer}}" == looks.legend(("host", "peer"))
