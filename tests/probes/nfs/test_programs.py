"""An NFS server's programs, asked from the exporter: what is up, what is down, and what is nobody's concern."""

from __future__ import annotations

import os
import resource

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Counters, RpcVerdict
from cs_exporter.probes.nfs.programs import ProgramRow, ServerProgram, ask, exported
from cs_exporter.transports.rpc import RpcClient
from tests.probes.nfs.nfs_stand import FakeRpc

UP, MISMATCH, UNAVAILABLE = RpcVerdict.UP, RpcVerdict.VERSION_MISMATCH, RpcVerdict.PROGRAM_UNAVAILABLE
PORTMAPPER, MOUNTD, NFS3, NFS4 = (100000, 2), (100005, 3), (100003, 3), (100003, 4)
WHOLE: dict[tuple[int, int], RpcVerdict | Reason] = dict.fromkeys((PORTMAPPER, MOUNTD, NFS3, NFS4), UP)
REGISTERED = {100005: 20048}


async def asked(
    programs: dict[tuple[int, int], RpcVerdict | Reason],
    *,
    listed: tuple[ServerProgram, ...] | None = None,
    before: tuple[ProgramRow, ...] = (),
    ports: dict[int, int] | None = None,
) -> tuple[ProgramRow, ...]:
    """All rows of a server of which the programs behave so."""
    rpc = FakeRpc(programs, REGISTERED if ports is None else ports)
    return await ask(rpc, "192.0.2.9", listed, 2.0, before)


def shown(rows: tuple[ProgramRow, ...]) -> dict[str, bool]:
    """Program and version -> up, of the rows that are exported."""
    return {f"{row.program}{row.version}": row.up for row in exported(rows)}


async def test_a_whole_server() -> None:
    """Every program is asked at its own port, mountd where the portmapper says."""
    rpc = FakeRpc(WHOLE, REGISTERED)
    rows = await ask(rpc, "192.0.2.9", None, 2.0, ())
    assert {"portmapper2": True, "mountd3": True, "nfs3": True, "nfs4": True} == shown(rows)
    assert [0.002] * 4 == [row.latency for row in rows]
    expected = [(111, 100000, 2), (2049, 100003, 3), (2049, 100003, 4), (20048, 100005, 3)]
    assert expected == sorted((port, *call) for _, port, *call in rpc.asked)


@pytest.mark.parametrize("reason", [Reason.MUTE, Reason.UNREACHABLE, Reason.TIMEOUT, Reason.RESET, Reason.UNPARSABLE])
async def test_a_program_that_fails_is_down(reason: Reason) -> None:
    """What does not answer is down, says why, and fails nothing else."""
    rows = await asked(WHOLE | {NFS4: reason})
    assert {"portmapper2": True, "mountd3": True, "nfs3": True, "nfs4": False} == shown(rows)
    assert rows[3].detail.startswith(f"{reason.value}: ")


@pytest.mark.parametrize("reason", [Reason.EXHAUSTED, Reason.UNREACHABLE])
async def test_a_fault_of_our_own_is_no_verdict(reason: Reason) -> None:
    """That we have no descriptor left, or no name server, must page nobody for the server: the run has failed."""
    rpc = FakeRpc(WHOLE | {NFS4: reason}, REGISTERED, ours=True)
    with pytest.raises(ProbeFailed, match=reason.value):
        await ask(rpc, "192.0.2.9", None, 2.0, ())
    assert 4 == len(rpc.asked)


async def test_a_server_without_a_name() -> None:
    """A real name that does not resolve fails the run, and the detail says which name."""
    with pytest.raises(ProbeFailed, match=r"connect to nas1\.invalid:\d+: .*name") as caught:
        await ask(RpcClient(Counters()), "nas1.invalid", None, 5.0, ())
    assert Reason.UNREACHABLE is caught.value.reason


async def test_no_descriptor_left() -> None:
    """At the real limit of this process the run fails, and says that it is ours."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = os.open("/dev/null", os.O_RDONLY)
    os.close(used)  # the lowest free number: no more than these
    resource.setrlimit(resource.RLIMIT_NOFILE, (used, before[1]))
    try:
        with pytest.raises(ProbeFailed, match=r"exhausted: .*on the machine of cs_exporter itself"):
            await ask(RpcClient(Counters()), "127.0.0.1", None, 2.0, ())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_a_server_that_is_gone() -> None:
    """Where nothing answers, all its programs are down, though none was ever seen up."""
    rows = await asked(dict.fromkeys(WHOLE, Reason.UNREACHABLE))
    assert {"portmapper2": False, "mountd3": False, "nfs3": False, "nfs4": False} == shown(rows)


async def test_a_server_that_refuses_everything() -> None:
    """Refused ports are no choice of the operator's when no version of NFS is up."""
    assert {"portmapper2": False, "mountd3": False, "nfs3": False, "nfs4": False} == shown(await asked({}))


@pytest.mark.parametrize("nfs3", [MISMATCH, UNAVAILABLE])
async def test_a_server_of_version_4_only(nfs3: RpcVerdict) -> None:
    """It needs neither portmapper nor mountd, and not having version 3 is no fault."""
    rows = await asked({NFS4: UP, NFS3: nfs3})
    assert {"nfs4": True} == shown(rows)


async def test_mountd_that_is_not_registered() -> None:
    """A portmapper that knows no mountd is an answer."""
    rows = await asked(WHOLE, ports={})
    assert {"portmapper2": True, "nfs3": True, "nfs4": True} == shown(rows)
    assert "not registered" == rows[1].detail


async def test_what_has_been_up_is_missed() -> None:
    """A program that served before and is declined now is down, and stays so in the readings after."""
    before = await asked(WHOLE)
    for _ in range(3):
        before = await asked({NFS4: UP, NFS3: MISMATCH}, before=before)
    assert {"portmapper2": False, "mountd3": False, "nfs3": False, "nfs4": True} == shown(before)


async def test_what_is_listed_is_missed() -> None:
    """Programs in the settings are asked, only they, and have to be up."""
    rows = await asked({NFS4: UP, NFS3: MISMATCH}, listed=(ServerProgram.NFS3, ServerProgram.NFS4))
    assert {"nfs3": False, "nfs4": True} == shown(rows)
