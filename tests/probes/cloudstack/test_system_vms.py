"""System VMs at work, by zone and kind: one that is made anew under another name each time is none."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.platforms.cloudstack.states import (
    ImageStoreState,
    Part,
    PoolState,
    Source,
    States,
    SystemVmState,
)
from cs_exporter.probes.cloudstack.system_vms import working

COPIER = SystemVmState("s-1-VM", "SecondaryStorageVM", "Running", "Up", zone="z1")
PROXY = SystemVmState("v-2-VM", "ConsoleProxy", "Running", "Up", zone="z1")
POOL = PoolState("p", "p", "NetworkFilesystem", "Up", zone="z1")
STORE = ImageStoreState("secondary", "nfs", "nfs://192.0.2.42/export", zone="z1")
USED = States(Source.DATABASE, system_vms=(COPIER, PROXY), pools=(POOL,), image_stores=(STORE,))
COPIES, SHOWS = ("z1", "SecondaryStorageVM"), ("z1", "ConsoleProxy")


def test_all_of_a_kind_count() -> None:
    """That run and are heard."""
    second = replace(COPIER, name="s-3-VM")
    assert {COPIES: 2, SHOWS: 1} == working(replace(USED, system_vms=(COPIER, second, PROXY)), {})
    assert {COPIES: 1, SHOWS: 1} == working(
        replace(USED, system_vms=(COPIER, replace(second, agent_state="Alert"), PROXY)), {}
    )


def test_one_that_is_made_again_and_again() -> None:
    """Whatever its name is, or while there is none at all."""
    known = working(USED, {})
    for copier in (
        (replace(COPIER, state="Error", agent_state=""),),
        (replace(COPIER, name="s-2-VM", state="Starting", agent_state=""),),
        (replace(COPIER, name="s-3-VM", state="Expunging"),),
        (),
    ):
        known = working(replace(USED, system_vms=(*copier, PROXY)), known)
        assert {COPIES: 0, SHOWS: 1} == known


def test_a_zone_that_needs_none_has_no_row() -> None:
    """One without hosts' pools, or that never had any and has no secondary storage of its own; nor one given up."""
    elsewhere = replace(STORE, zone="")
    assert {} == working(replace(USED, system_vms=(), pools=()), {})
    assert {} == working(replace(USED, system_vms=(), image_stores=(elsewhere,)), {})
    assert {COPIES: 0} == working(replace(USED, system_vms=(), image_stores=(elsewhere,)), {COPIES: 1})
    assert {} == working(replace(USED, system_vms=(), pools=()), {COPIES: 1})


def test_what_is_not_told_is_not_none() -> None:
    """The list was refused."""
    assert {} == working(replace(USED, system_vms=(), untold=frozenset({Part.SYSTEM_VMS})), {COPIES: 1})
