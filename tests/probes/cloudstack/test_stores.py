"""Secondary storage by HTTP: who answers is there, and who never did is nobody's business."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.cloudstack.states import ImageStoreState, Source, States
from cs_exporter.ports import Dial, PortState, Talk
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading
from cs_exporter.probes.cloudstack.stores import HTTP, MOST, StoreRow, look
from tests.probes.cloudstack.polled import CLOUD, red, samples
from tests.probes.cloudstack.states_stand import WALL

BUCKET = ImageStoreState("bucket", "s3", "https://s3.example/bucket")
OPEN = Dial(PortState.OPEN, "", 0.001, 0, 0.02, b"HTTP/1.1 403", WALL + 90 * 86400)
REFUSED = Dial(PortState.REFUSED, "nobody listens")


@dataclass
class Dialer:
    """ports.Dialer: answers as told. A clock besides."""

    answers: list[Dial | ProbeFailed]
    asked: list[tuple[str, int, Talk]] = field(default_factory=list)
    now: float = 1000.0

    async def dial(self, address: str, port: int, talk: Talk, deadline: float) -> Dial:
        """The next answer."""
        assert deadline > 0
        self.asked.append((address, port, talk))
        answer = self.answers.pop(0)
        if isinstance(answer, ProbeFailed):
            raise answer
        return answer

    def time(self) -> float:
        """Wall clock."""
        return WALL

    def monotonic(self) -> float:
        """Monotonic clock."""
        return self.now


async def looks(*answers: Dial | ProbeFailed, store: ImageStoreState = BUCKET, apart: float = 60.0) -> StoreRow | None:
    """The row after looks with these answers."""
    dialer, rows = Dialer([*answers]), dict[str, StoreRow]()
    for _ in answers:
        rows = dict(await look([store], rows, dialer, dialer, every=60.0, deadline=2.0))
        dialer.now += apart
    return rows.get(store.name)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://s3.example/bucket", ("s3.example", 443, Talk(HTTP, listen=True, tls=True, server_name="s3.example"))),
        ("HTTP://192.0.2.7:9000", ("192.0.2.7", 9000, Talk(HTTP, listen=True))),
        ("nfs://192.0.2.7/export", None),
        ("https://[::1", None),
        ("http://s3.example:port", None),
        ("", None),
    ],
)
async def test_whom_is_asked(url: str, expected: tuple[str, int, Talk] | None) -> None:
    """By its URL; what is not HTTP is not asked."""
    dialer = Dialer([OPEN])
    await look([replace(BUCKET, url=url)], {}, dialer, dialer, every=60.0, deadline=2.0)
    assert ([] if expected is None else [expected]) == dialer.asked


async def test_who_answers_is_there() -> None:
    """Whatever he says."""
    row = await looks(OPEN)
    assert row == StoreRow(up=True, answered=True, looked=1000.0, seconds=0.02, not_after=OPEN.not_after)


@pytest.mark.parametrize(
    ("answers", "up", "answered"),
    [
        ((REFUSED,), False, False),
        ((OPEN, REFUSED), False, True),
        ((OPEN, replace(OPEN, not_after=None, tls_error="handshake failure")), False, True),
        ((OPEN, REFUSED, OPEN), True, True),
    ],
)
async def test_who_does_not(answers: tuple[Dial, ...], up: bool, answered: bool) -> None:  # noqa: FBT001  # a table
    """Is missed where he did once."""
    row = await looks(*answers)
    assert row is not None
    assert (up, answered) == (row.up, row.answered)
    assert not answered or row.not_after == OPEN.not_after


async def test_our_own_trouble_says_nothing() -> None:
    """The row stays as it was, if there was one."""
    own = ProbeFailed(Reason.EXHAUSTED, "no more files", ours=True)
    assert await looks(own) is None
    row = await looks(OPEN, own)
    assert row is not None
    assert row.up


async def test_it_is_looked_at_now_and_then() -> None:
    """Not with every poll, and not at any number of them."""
    dialer = Dialer([OPEN])
    rows = await look([BUCKET], {}, dialer, dialer, every=60.0, deadline=2.0)
    dialer.now += 59
    assert rows == await look([BUCKET], rows, dialer, dialer, every=60.0, deadline=2.0)
    many = Dialer([OPEN] * 50)
    stores = [replace(BUCKET, name=f"s{number}") for number in range(50)]
    assert MOST == len(await look(stores, {}, many, many, every=60.0, deadline=2.0))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (StoreRow(up=True, answered=True, looked=0.0), []),
        (StoreRow(up=False, answered=True, looked=0.0), ["ImageStoreDown"]),
        (StoreRow(up=False, answered=False, looked=0.0), []),
        (StoreRow(up=True, answered=True, looked=0.0, not_after=WALL + 15 * 86400), []),
        (StoreRow(up=True, answered=True, looked=0.0, not_after=WALL + 13 * 86400), ["ImageStoreCertificateExpires"]),
    ],
)
def test_symptoms(row: StoreRow, expected: list[str]) -> None:
    """Tickets of the cloud's pseudo-host."""
    reading = CloudStackStatesReading(States(Source.DATABASE), {}, stores={"bucket": row}, wall=WALL)
    assert {(CLOUD, name) for name in expected} == red(reading)
    assert ({(CLOUD, "bucket"): float(row.up)} if row.answered else {}) == samples(reading, "cs_image_store_up")
