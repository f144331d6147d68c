"""A real browser without a screen: Chromium, driven through its DevTools protocol over a web socket.

Pages are tried as their readers meet them, scripts, styles, keyboard and accessibility tree included.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.lab.wait import wait_until_async

START = 60.0
"""Seconds a browser may take to start; on a machine out of breath it does take some."""
ANSWER = 30.0
"""Seconds it may take over one command."""

# As root there is no sandbox to be had, a bare chroot has no /dev/shm, and nothing is to be asked of anybody elsewhere.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--remote-debugging-port=0", "--no-first-run", "--disable-extensions", "--disable-sync", "--mute-audio"),
    *("--disable-background-networking", "--disable-component-update", "--disable-default-apps"),
    *("--force-color-profile=srgb", "--lang=en-GB", "about:blank"),
)

Json = Mapping[str, object]


class ScriptError(AssertionError):
    """Raised when a script that a test runs in the page fails."""


@dataclass
class Tab:
    """One page of the browser. `requests`: what it asked for; `complaints`: what its console said; since it opened."""

    socket: aiohttp.ClientWebSocketResponse
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    loads: int = 0
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _waiting: dict[int, asyncio.Future[dict[str, object]]] = field(default_factory=dict)

    async def send(self, method: str, **parameters: object) -> dict[str, object]:
        """One command of the protocol. Raises AssertionError where the browser refuses it."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        answer = await asyncio.wait_for(self._waiting[number], ANSWER)
        del self._waiting[number]
        assert "error" not in answer, f"{method}: {answer['error']}"
        result = answer["result"]
        assert isinstance(result, dict)
        return result

    async def listen(self) -> None:
        """Take in answers and events until the browser hangs up."""
        async for message in self.socket:
            told = json.loads(message.data)
            if "id" in told:
                waiting = self._waiting.get(told["id"])
                if waiting is not None and not waiting.done():
                    waiting.set_result(told)
            else:
                self._happened(told["method"], told["params"])

    def _happened(self, method: str, told: dict[str, dict[str, str]]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Log.entryAdded":
            self.complaints.append(told["entry"]["text"])
        elif method in {"Runtime.exceptionThrown", "Runtime.consoleAPICalled"}:
            self.complaints.append(json.dumps(told))
        elif method == "Page.loadEventFired":
            self.loads += 1

    async def open(self, url: str) -> None:
        """Go there and wait until it is loaded."""
        before = self.loads
        await self.send("Page.navigate", url=url)
        await wait_until_async(lambda: self.loads > before, ANSWER)

    async def run(self, script: str) -> object:
        """The value of an expression in the page; a promise is waited for. Raises ScriptError."""
        told = await self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            raise ScriptError(f"{script}: {told['exceptionDetails']}")
        result = told["result"]
        assert isinstance(result, dict)
        return result.get("value")

    async def until(self, script: str) -> None:
        """Wait until an expression is true in the page."""

        async def true() -> bool:
            return bool(await self.run(script))

        await wait_until_async(true, ANSWER)

    async def texts(self, selector: str) -> list[str]:
        """The texts, as shown, of all elements that a selector finds."""
        found = await self.run(f"[...document.querySelectorAll({selector!r})].map(one => one.innerText)")
        assert isinstance(found, list)
        return [" ".join(text.split()) for text in found]

    async def press(self, key: str, *, code: int, text: str = "") -> None:
        """Press and release a key (its name and Windows code)."""
        common = {"key": key, "windowsVirtualKeyCode": code}
        await self.send("Input.dispatchKeyEvent", type="keyDown", **common, **({"text": text} if text else {}))
        await self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    async def look(self, width: int, height: int = 900, *, phone: bool = False, dark: bool = False) -> None:
        """Have a screen of that size and that colour scheme."""
        await self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme])

    async def picture(self) -> bytes:
        """What is on the screen, as PNG."""
        told = await self.send("Page.captureScreenshot", format="png", optimizeForSpeed=False)
        return base64.b64decode(str(told["data"]))

    async def accessible(self) -> list[tuple[str, str]]:
        """Role and name of everything that a screen reader tells of, in its order."""
        told = await self.send("Accessibility.getFullAXTree")
        nodes = told["nodes"]
        assert isinstance(nodes, list)
        return [(_value(node, "role"), _value(node, "name")) for node in nodes if not node["ignored"]]


def _value(node: dict[str, Json], key: str) -> str:
    return str(node.get(key, {}).get("value", ""))


@asynccontextmanager
async def browser() -> AsyncIterator[Tab]:
    """A browser of its own, with an empty profile, and its only tab; it ends with the test."""
    with tempfile.TemporaryDirectory(prefix="csweb-", ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            *_command(folder), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert process.stderr is not None
        try:
            async with asyncio.timeout(START):
                port = await _port(process.stderr)
            async with _tab(port, process.stderr) as tab:
                yield tab
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def _command(folder: str) -> Sequence[str]:
    return ("chromium", f"--user-data-dir={Path(folder, 'profile')}", *FLAGS)


async def _port(stderr: asyncio.StreamReader) -> int:
    said = ""
    while line := (await stderr.readline()).decode(errors="replace"):
        said += line
        if found := re.search(r"DevTools listening on ws://[\d.]+:(\d+)/", line):
            return int(found[1])
    raise AssertionError(f"chromium did not start: {said}")


async def _drain(stderr: asyncio.StreamReader) -> None:
    while await stderr.read(4096):
        pass


@asynccontextmanager
async def _tab(port: int, stderr: asyncio.StreamReader) -> AsyncIterator[Tab]:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/json/list") as reply:
            (address,) = (one["webSocketDebuggerUrl"] for one in await reply.json() if one["type"] == "page")
        async with session.ws_connect(address, max_msg_size=0) as socket:
            tab = Tab(socket)
            tasks = [asyncio.create_task(work) for work in (tab.listen(), _drain(stderr))]
            try:
                for domain in ("Page", "Network", "Log", "Runtime", "Accessibility"):
                    await tab.send(f"{domain}.enable")
                yield tab
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
