"""Names and addresses: what is let through can break no line, label or path; the bad ones are in the captures too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.config.types import group_name, host_address
from cs_exporter.config.types import host_name as checked_name


@pytest.mark.parametrize("name", ["kvm1", "kvm1.example", "KVM_1", "1", "a-b.c_d", "x" * 253, "192.0.2.1"])
def test_good_names_stay_as_they_are(name: str) -> None:
    """Letters, digits, dot, hyphen and underscore, also for groups."""
    assert (name, name) == (checked_name(name), group_name(name))


@given(st.text(max_size=10))
def test_no_name_can_break_a_line_a_label_or_a_path(text: str) -> None:
    """What is let through holds only the characters that are promised."""
    try:
        said = checked_name(text).translate(str.maketrans(".-_", "aaa"))
    except ValueError as error:
        said = str(error)
    assert (said.isascii() and said.isalnum()) or "is not a host name; use only letters" in said


@pytest.mark.parametrize(
    "address",
    ["192.0.2.1", "kvm1", "kvm1.example", "2001:db8::1", "::1", "fe80::1%eth0", "::ffff:192.0.2.1"],
)
def test_good_addresses_stay_as_they_are(address: str) -> None:
    """Both families, a scope, and names."""
    assert address == host_address(address)


@pytest.mark.parametrize("address", ["192.0.2", "192.0.2.01", "192.0.2.256", "a b", "-a", ":", "a/b", "1:2", ""])
def test_bad_addresses_are_refused_with_the_mend(address: str) -> None:
    """Leading zeros are octal to some resolvers."""
    with pytest.raises(ValueError, match="is not an address; write an IPv4 or IPv6 address or a name, without a port"):
        host_address(address)
