"""What an RPC server says of a program: four verdicts, of which one is health."""

from __future__ import annotations

from cs_exporter.ports import RpcReply, RpcVerdict


def test_a_refusal_is_well_formed_and_no_health() -> None:
    """A server that answers "no such version" is up, and still not what a mount needs."""
    assert RpcReply(RpcVerdict.VERSION_MISMATCH, 0.1, 3, 4).verdict is not RpcVerdict.UP
