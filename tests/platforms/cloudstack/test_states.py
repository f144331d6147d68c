"""Rows of both sources look alike, and say by None, empty text or `untold` what their source did not tell."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.platforms.cloudstack.states import (
    HostState,
    ImageStoreState,
    Part,
    PoolState,
    ServerState,
    Source,
    States,
    SystemVmState,
    VmsInState,
    kept,
)

WHOLE = States(
    Source.DATABASE,
    hosts=(HostState("0d6f", "kvm1", "Routing", "Up", "Enabled", server="ms1"),),
    servers=(ServerState("1c2d", "ms1", "Up", number=7, beat_age=1.5, agents=1, peers_down=0),),
    system_vms=(SystemVmState("v-1-VM", "ConsoleProxy", "Running"),),
    vms=(VmsInState("zone1", "Error", 50),),
    pools=(PoolState("5e5e", "primary", "NetworkFilesystem", "Maintenance"),),
    image_stores=(ImageStoreState("s", "nfs", "nfs://192.0.2.7/s"),),
)


def test_what_a_source_cannot_tell_is_missing_and_not_nought() -> None:
    """The API has no update_count and no last_update: a zero would be a statement."""
    host, server = HostState("0d6f", "kvm1", "Routing", "Up", "Enabled"), ServerState("1c2d", "ms1", "Up")
    states = States(Source.API, (host,), (server,))
    assert (None, None, None) == (states.hosts[0].transitions, states.servers[0].beat_age, states.investigations)
    assert frozenset() == states.untold


def test_parts_that_are_untold_keep_their_rows_but_no_ages() -> None:
    """A server that was refused a moment ago is still there, and its hosts have its name and not its number."""
    poor = States(Source.DATABASE, (replace(WHOLE.hosts[0], server="7", state="Alert"),), untold=frozenset(Part))
    found = kept(poor, WHOLE)
    [server] = WHOLE.servers
    hosts, servers = (replace(WHOLE.hosts[0], state="Alert"),), (replace(server, beat_age=None, peers_down=None),)
    assert replace(WHOLE, hosts=hosts, servers=servers, untold=frozenset(Part)) == found
    assert found == kept(poor, found)


def test_what_was_told_is_not_kept() -> None:
    """None of a part that was told is none; and of another source nothing is kept."""
    poor = States(Source.DATABASE, untold=frozenset({Part.VMS}))
    assert replace(poor, vms=WHOLE.vms) == kept(poor, WHOLE)
    assert poor == kept(poor, replace(WHOLE, source=Source.API))
    assert poor == kept(poor, None)
    assert WHOLE == kept(WHOLE, replace(WHOLE, vms=()))
