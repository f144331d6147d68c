"""Ports that write down what was asked and answered, for `cs-exporter probe`: the debug view of one run.

They wrap the real ones, so that the run they describe is a run like any other.
"""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.ports import Answer, Answers, AnswerState, Clock, ClockSample, Io, Rpc, RpcReply, SectionCall, Shell
from cs_exporter.transports.transcript.api import NotedApi
from cs_exporter.transports.transcript.dial import NotedDialer
from cs_exporter.transports.transcript.http import NotedHttp
from cs_exporter.transports.transcript.note import Note, Noting
from cs_exporter.transports.transcript.path import NotedMtu, NotedNetlink
from cs_exporter.transports.transcript.sql import NotedSql


def noted(io: Io, note: Note) -> Io:
    """The same ports, with `note` called for every line of what is asked and answered."""
    return replace(
        io,
        shell=NotedShell(io.shell, note, io.clock),
        rpc=NotedRpc(io.rpc, note, io.clock),
        sql=NotedSql(io.sql, note, io.clock),
        tcp=NotedDialer(io.tcp, "cs_exporter", note, io.clock),
        tunnel=NotedDialer(io.tunnel, "the host", note, io.clock),
        mtu=NotedMtu(io.mtu, note, io.clock),
        netlink=NotedNetlink(io.netlink, note, io.clock),
        api=NotedApi(io.api, note, io.clock),
        http=NotedHttp(io.http, note, io.clock),
    )


class NotedShell:
    """ports.Shell around another one."""

    def __init__(self, inner: Shell, note: Note, clock: Clock) -> None:
        self._inner = inner
        self._noted = Noting(note, clock)

    async def ask(self, *calls: SectionCall) -> Answers:
        """See ports.Shell."""
        asked = "collector: " + "; ".join(map(str, calls))
        return await self._noted.noted(asked, self._inner.ask(*calls), lambda answers: _shown(answers, calls))

    async def clock(self) -> ClockSample:
        """See ports.Shell."""
        return await self._noted.noted("collector: the clock", self._inner.clock(), lambda sample: [_clock(sample)])


class NotedRpc:
    """ports.Rpc around another one."""

    def __init__(self, inner: Rpc, note: Note, clock: Clock) -> None:
        self._inner = inner
        self._noted = Noting(note, clock)

    async def null(self, address: str, port: int, program: int, version: int, deadline: float) -> RpcReply:
        """See ports.Rpc."""
        asked = f"rpc: NULL of program {program} version {version} at {address} port {port}"
        answer = self._inner.null(address, port, program, version, deadline)
        return await self._noted.noted(
            asked, answer, lambda reply: [f"{reply.verdict} in {reply.latency * 1000:.2f} ms"]
        )

    async def getport(self, address: str, program: int, version: int, deadline: float) -> int:
        """See ports.Rpc."""
        asked = f"rpc: GETPORT of program {program} version {version} at {address}"
        return await self._noted.noted(
            asked, self._inner.getport(address, program, version, deadline), lambda port: [f"port {port}"]
        )


def _shown(answers: Answers, calls: tuple[SectionCall, ...]) -> list[str]:
    lines = [_clock(answers.clock)]
    for call in calls:
        lines += [f"{call}: {_state(answers[call])}", *_output(answers[call])]
    return lines


def _clock(sample: ClockSample) -> str:
    return f"host's clock {sample.host_time:.6f}, skew {sample.skew:+.6f} s +- {sample.uncertainty:.6f} s"


def _state(answer: Answer) -> str:
    if answer.state is not AnswerState.DONE:
        return answer.state.value
    took = "" if answer.seconds is None else f" in {answer.seconds:.2f} s"
    return f"exit status {answer.status}{took}"


def _output(answer: Answer) -> list[str]:
    return ["    " + line for line in answer.output.decode("utf-8", "replace").splitlines()]
