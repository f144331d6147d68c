"""The transcript of what was asked over HTTP: who asked for what, the answer in short, and no secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed
from cs_exporter.ports import Counters, HttpAnswer, HttpCall, HttpLogin
from cs_exporter.transports.http import HttpClient
from cs_exporter.transports.transcript.transcript import noted
from tests.lab.rabbitmq import PASSWORD, USER, RabbitmqNode
from tests.world import io


async def test_a_real_node(tmp_path: Path) -> None:
    """Its answer and its refusal, each below what was asked; samples, and none of their comments."""
    lines: list[str] = []
    file = tmp_path / "password"
    file.write_text("another\n")
    http = noted(io(http=HttpClient(Counters())), lines.append).http
    with RabbitmqNode() as node:
        plugin, api = (f"http://127.0.0.1:{port}" for port in (node.prometheus_port, node.management_port))
        await http.get(HttpCall(f"{plugin}/metrics"), 5)
        await http.get(HttpCall(f"{api}/api/overview", HttpLogin(USER, str(file))), 5)
    with pytest.raises(ProbeFailed):
        await http.get(HttpCall(f"{plugin}/metrics"), 5)
    shown = [line.partition("   (")[0] for line in lines]
    asked = [line for line in shown if line.startswith(">")]
    assert [f"> http: GET {plugin}/metrics", f"> http: GET {api}/api/overview as {USER}", asked[0]] == asked
    assert lines[1].startswith("< status 200, 83264 bytes, first byte after ")
    assert "<     and more" in shown
    assert not [line for line in shown if line.startswith("<     #")]
    refusal = shown.index(asked[1]) + 1
    assert shown[refusal].startswith("< status 401, ")
    assert '<     {"error": "not_authorized", "reason": "Login failed"}' == shown[refusal + 1]
    assert shown[-1].startswith("< failed: refused: ")
    assert not [line for line in lines if PASSWORD in line or "another" in line]


class Long:
    """A server whose answers are one line without an end."""

    async def get(self, call: HttpCall, deadline: float) -> HttpAnswer:
        """See ports.Http."""
        del call, deadline
        return HttpAnswer(200, b"x" * 1_000_000, 0.001)


async def test_a_long_line_is_shortened() -> None:
    """A list in JSON is one."""
    lines: list[str] = []
    await noted(io(http=Long()), lines.append).http.get(HttpCall("http://192.0.2.1/"), 1)
    assert all(len(line) < 220 for line in lines)
    assert "<     and more" == lines[-1]
