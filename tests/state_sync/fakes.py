"""Stand-ins for the parts around the ingest: a store in memory, and a decoder without bindings."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Sequence

from state_sync.messages import Decoded, Message, Publication
from twin.commands import Reply
from twin.errors import StoreError
from twin.ports.live import Answered, Recorded, Rejected
from twin.state import Reading, Value


class MemoryStore:
    """A `ReadingWriter` that keeps what it is given, fails when told to, and is as slow as told."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.rejected: list[Rejected] = []
        self.replies: list[Reply] = []
        self.stale: list[int] = []
        self._known: set[tuple[int, int, Value]] = set()
        self.batches: list[int] = []
        self.events: list[str] = []
        self.sweeps = 0
        self.failures = 0
        self.delay_s = 0.0
        self.refuse: Callable[[Reading], bool] = lambda _reading: False
        self.gate = threading.Event()
        self.gate.set()

    def record(self, readings: Sequence[Reading], rejected: Sequence[Rejected] = ()) -> Recorded:
        self.gate.wait()
        time.sleep(self.delay_s)
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full. Make room")
        if any(self.refuse(reading) for reading in readings):
            raise OverflowError("too large for the database")
        self.batches.append(len(readings) + len(rejected))
        new = []
        for each in readings:
            key = (each.signal, each.observed_at, each.value)
            if key not in self._known:
                self._known.add(key)
                new.append(each)
        self.readings += new
        self.events.append("record")
        self.rejected += rejected
        return Recorded(changed=len(new), duplicate=len(readings) - len(new))

    def record_replies(self, replies: Sequence[Reply]) -> Answered:
        self.replies += replies
        return Answered(taken=len(replies))

    def sweep_stale(self) -> int:
        self.sweeps += 1
        return 0

    def mark_stale(self, signals: Sequence[int]) -> int:
        self.stale += signals
        self.events.append("mark")
        return len(signals)


class NumberDecoder:
    """Topics `r/{number}`, payload `{"t": microseconds, "v": value}` or a bare value; `dead/{number}` silences; `ask` asks back."""

    def __init__(self, filters: Sequence[str] = ("r/#", "dead/#", "ask")) -> None:
        self.filters = filters
        self.muted: frozenset[int] = frozenset()

    def decode(self, message: Message) -> Decoded:
        kind, _, number = message.topic.partition("/")
        if kind == "dead":
            return Decoded(silenced=[int(number)])
        if kind == "ask":
            return Decoded(requests=[Publication("answer", message.payload)])
        if message.payload == b"crash":
            raise RuntimeError("a mistake in a codec")
        try:
            content = json.loads(message.payload)
        except ValueError:
            return Decoded(rejected=[rejected(message)])
        value, observed_at = (
            (content["v"], content["t"]) if isinstance(content, dict) else (content, message.received_at)
        )
        return Decoded(readings=[Reading(int(number), value, observed_at, message.received_at)])


def rejected(message: Message) -> Rejected:
    return Rejected(
        reason="malformed",
        detail="not JSON",
        topic=message.topic,
        payload=message.payload,
        received_at=message.received_at,
    )


def reading(number: int, at: int, value: float = 1.0) -> Publication:
    return Publication(f"r/{number}", json.dumps({"t": at, "v": value}).encode())


async def until(condition: Callable[[], bool], *, within_s: float = 15.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 -- what is waited for knows nothing of tests
            await asyncio.sleep(0.01)
