"""A host's networks: addresses in step with its name, a database account, ports by name or by number."""

from __future__ import annotations

from typing import Any

import pytest

from cs_exporter.config.hosts import HostBlock, HostFields, Member
from cs_exporter.config.network import MysqlFields
from cs_exporter.model import Expected, MysqlTls, Traffic


def test_addresses_on_other_networks_run_with_the_name() -> None:
    """As the address does, each in its usual spelling."""
    block = HostBlock.model_validate(
        {"name": "kvm[1-2]", "addresses": {"storage": "198.51.100.[1-2]", "overlay": "2001:db8:0::[1-2]"}}
    )
    assert [
        Member("kvm1", "kvm1", {Traffic.STORAGE: "198.51.100.1", Traffic.OVERLAY: "2001:db8::1"}),
        Member("kvm2", "kvm2", {Traffic.STORAGE: "198.51.100.2", Traffic.OVERLAY: "2001:db8::2"}),
    ] == block.members()


def test_ranges_of_another_length_are_refused() -> None:
    """Nobody could say who has which address."""
    block = HostBlock.model_validate({"name": "kvm[1-2]", "addresses": {"storage": "198.51.100.[1-3]"}})
    with pytest.raises(ValueError, match=r"makes 3 and the name makes 2; give both ranges the same length"):
        block.members()


@pytest.mark.parametrize("written", ["nfs", {"name": "nfs"}, {"name": "nfs", "expected": "open"}])
def test_a_name_alone_is_an_expected_port(written: Any) -> None:  # noqa: ANN401  # as YAML gives it
    """The usual case is the short one."""
    (port,) = HostFields.model_validate({"ports": [written]}).ports or ()
    assert ("nfs", None, Expected.OPEN) == (port.name, port.port, port.expected)


@pytest.mark.parametrize(
    ("written", "tls"), [(False, MysqlTls.OFF), ("off", MysqlTls.OFF), ("verified", MysqlTls.VERIFIED), (None, None)]
)
def test_off_may_stand_without_quotes(written: object, tls: MysqlTls | None) -> None:
    """YAML takes it for false."""
    assert tls == MysqlFields.model_validate({"tls": written}).tls
