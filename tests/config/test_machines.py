"""Rows of a cloud's answer become machines: one for each that is polled, with a name that is its own."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from cs_exporter.config.hosts import HostBlock
from cs_exporter.config.layers import Layer
from cs_exporter.config.machines import Machine, WrittenHosts, machines, names_of, with_good_addresses
from cs_exporter.config.profiles import Profiles
from cs_exporter.config.resolve import HostPlan
from cs_exporter.model import CloudHost, CloudMount, Connection, Place, Role, Traffic

KVM, MS, NFS = frozenset({Role.HYPERVISOR}), frozenset({Role.MANAGEMENT}), frozenset({Role.STORAGE})


def plan(platform: str = "static", **block: Any) -> HostPlan:  # noqa: ANN401  # any field of a block
    """The plan of one block."""
    layer = Layer((), {"connection": Connection.LOCAL, "platform": platform})
    profile = Profiles((), 15.0, 10.0).profile((layer,))
    assert profile is not None
    written = HostBlock(**block)
    return HostPlan(tuple(written.members()), profile, (), written.address is not None)


def of(hosts: list[CloudHost], *plans: HostPlan, platform: str = "dc1") -> list[tuple[str, str | None, int]]:
    """Name in the cloud, written name and number of rows of each machine."""
    found = machines(hosts, platform, WrittenHosts(plans), set())
    return [(one.host.name, one.written.member.name if one.written else None, len(one.uuids)) for one in found]


def test_rows_with_one_address_are_one_machine() -> None:
    """It goes by the name of whoever is logged in to, and has all their roles, mounts and addresses."""
    rows = [
        CloudHost("s", "pool", "192.0.2.1", NFS, asked=False),
        CloudHost("m", "ms1", "192.0.2.1", MS, addresses={Traffic.MANAGEMENT: "192.0.2.8"}, maintenance=True),
        CloudHost("h", "kvm1", "192.0.2.1", KVM, Place("z"), mounts=(CloudMount("/a", "n", "/e"),), secured=True),
        CloudHost("t", "pool2", "192.0.2.1", NFS, asked=False),
    ]
    (found,) = machines(rows, "dc1", WrittenHosts(()), set())
    expected = CloudHost(
        uuid="m",
        name="ms1",
        address="192.0.2.1",
        roles=KVM | MS | NFS,
        place=Place("z"),
        maintenance=True,
        addresses={Traffic.MANAGEMENT: "192.0.2.8"},
        mounts=(CloudMount("/a", "n", "/e"),),
        secured=True,
        settings={},
    )
    assert Machine(expected, ("s", "m", "h", "t"), None) == found


def test_two_hypervisors_with_one_address_stay_two() -> None:
    """Each has a state of its own in the cloud; and hosts without an address are nobody else."""
    rows = [CloudHost("a", "kvm1", "192.0.2.1", KVM), CloudHost("b", "kvm2", "192.0.2.1", KVM)]
    nowhere = [CloudHost("c", "v-1", "", KVM), CloudHost("d", "v-2", "", MS)]
    assert [("kvm1", None, 1), ("kvm2", None, 1), ("v-1", None, 1), ("v-2", None, 1)] == of([*rows, *nowhere])


@pytest.mark.parametrize(
    "block",
    [
        {"name": "kvm1"},
        {"name": "other", "address": "192.0.2.1"},
        {"name": "other", "address": "198.51.100.1"},
        {"name": "other", "addresses": {"overlay": "192.0.2.1"}},
    ],
)
def test_a_written_host_is_found_by_its_name_or_any_address(block: dict[str, Any]) -> None:
    """Whichever of the two was written."""
    row = CloudHost("a", "kvm1", "192.0.2.1", KVM, addresses={Traffic.STORAGE: "198.51.100.1"})
    assert [("kvm1", block["name"], 1)] == of([row], plan(**block))


def test_a_written_host_of_another_platform_is_another() -> None:
    """Two clouds may use the same private addresses."""
    row = CloudHost("a", "kvm1", "192.0.2.1", KVM)
    assert [[("kvm1", None, 1)], [("kvm1", "kvm1", 1)]] == [of([row], plan(name, name="kvm1")) for name in ("b", "dc1")]


def test_a_written_host_is_claimed_once() -> None:
    """The second cloud's host of that name is a machine of its own."""
    written, claimed = WrittenHosts((plan(name="kvm1"),)), set[str]()
    row = CloudHost("a", "kvm1", "", KVM)
    found = [machines([row], name, written, claimed)[0].written is not None for name in ("a", "b")]
    assert ([True, False], {"kvm1"}) == (found, claimed)


def test_rows_of_one_written_host_are_one_machine() -> None:
    """A server found under two addresses, and one of whose rows only the address tells."""
    rows = [
        CloudHost("s", "pool", "192.0.2.9", NFS, asked=False),
        CloudHost("m", "ms1", "192.0.2.1", MS),
        CloudHost("t", "pool2", "192.0.2.1", NFS, asked=False),
    ]
    assert [("ms1", "ms1", 3)] == of(rows, plan(name="ms1", addresses={"storage": "192.0.2.9"}))


def named(hosts: list[CloudHost], taken: set[str]) -> dict[str, str]:
    """Each uuid's name."""
    return dict(names_of(machines(hosts, "dc1", WrittenHosts(()), set()), "dc1", taken))


def test_names_that_are_taken_or_impossible_get_the_platforms() -> None:
    """And the uuid where that is not enough."""
    rows = [
        CloudHost("11111111-a", "kvm1", "", KVM),
        CloudHost("22222222-b", "ms1", "", KVM),
        CloudHost("33333333-c", "kvm1", "", KVM),
        CloudHost("44444444-d", "kvm1", "", KVM),
        CloudHost("55555555-e", "rack 1/kvm", "", KVM),
        CloudHost("66666666-f", "", "", KVM),
    ]
    expected = {
        "11111111-a": "kvm1",
        "22222222-b": "ms1@dc1",
        "33333333-c": "kvm1@dc1",
        "44444444-d": "kvm1.44444444@dc1",
        "55555555-e": "rack-1-kvm@dc1",
        "66666666-f": "66666666-f@dc1",
    }
    for order in itertools.permutations(rows, len(rows)):
        assert expected == named(list(order), {"ms1"})


def test_addresses_have_their_usual_spelling_and_what_is_none_is_left_out() -> None:
    """A cloud's column may hold anything."""
    row = CloudHost("a", "kvm1", "2001:DB8:0::1", KVM, addresses={Traffic.STORAGE: "none at all", Traffic.OVERLAY: "h"})
    found = with_good_addresses(row)
    assert ("2001:db8::1", {Traffic.OVERLAY: "h"}) == (found.address, dict(found.addresses))
    assert "" == with_good_addresses(CloudHost("a", "b", "10.0.0.300", KVM)).address


def by_name(*names: str, platform: str = "dc1", of: tuple[str, ...] = ("ctl1",), claimed: tuple[str, ...] = ()) -> Any:  # noqa: ANN401
    """Which written host each machine is that a cloud knows by these names only; the written ones are `platform`'s."""
    written = WrittenHosts(
        tuple(plan(platform, name=name, address=f"198.51.100.{at}") for at, name in enumerate(names))
    )
    rows = [CloudHost(name, name, name, KVM) for name in of]
    found = machines(rows, "dc1", written, {*claimed})
    return [one.written.member.name if one.written else None for one in found]


@pytest.mark.parametrize(
    ("written", "cloud", "expected"),
    [
        (("ctl1.example",), ("ctl1",), ["ctl1.example"]),
        (("ctl1",), ("ctl1.dc1.example",), ["ctl1"]),
        (("ctl1.dc1.example",), ("ctl1.dc1",), ["ctl1.dc1.example"]),
        (("ctl1.example", "ctl1"), ("ctl1",), ["ctl1"]),
        (("ctl1.example",), ("ctl1", "ctl1.example"), [None, "ctl1.example"]),
        (("ctl1.example",), ("ctl1.example", "ctl1"), ["ctl1.example", None]),
        (("ctl1.a.example", "ctl1.b.example"), ("ctl1",), [None]),
        (("ctl1",), ("ctl1.a.example", "ctl1.b.example"), [None, None]),
        (("ctl1.a.example",), ("ctl1.b.example",), [None]),
        (("ctl10.example",), ("ctl1",), [None]),
    ],
)
def test_a_name_with_and_without_its_domain_is_one(
    written: tuple[str, ...], cloud: tuple[str, ...], expected: list[str | None]
) -> None:
    """OpenStack's services tell no address, and their hosts' names are short where those of a file are whole."""
    assert expected == by_name(*written, of=cloud)


def test_a_domain_is_not_guessed_where_it_may_be_another_clouds() -> None:
    """A written host of no platform, or of one that another cloud has taken, has its whole name or address."""
    assert [[None], ["ctl1.example"]] == [by_name("ctl1.example", platform=one) for one in ("static", "dc1")]
    assert [None] == by_name("ctl1.example", claimed=("ctl1.example",))


def test_a_cloud_that_tells_addresses_needs_no_guess() -> None:
    """CloudStack's names are anybody's, and its uuids are the hosts'."""
    assert [("ctl1", None, 1)] == of([CloudHost("a", "ctl1", "192.0.2.1", KVM)], plan("dc1", name="ctl1.example"))
