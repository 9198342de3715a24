"""kill -9 under load: a service in a child process, a broker, a publisher that knows what got its PUBACK."""

import asyncio
import contextlib
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable

from msgspec import Struct

from state_sync.messages import Publication
from state_sync.mqtt_publisher import MqttPublisher
from state_sync.mqtt_settings import MqttSettings
from tests.conftest import ROOT
from tests.state_sync import child_ingest
from tests.state_sync.broker import Broker
from tests.state_sync.fakes import reading

BASE = 1_700_000_000_000_000
"""Time of the first reading; each is one microsecond after the one before."""

READY_S = 60.0
"""How long a child may take to start on a busy machine."""


class Killing(Struct, frozen=True, kw_only=True):
    """How a run goes: `times` kills, each after a random part of `up_s` under `per_s` readings a second."""

    times: int
    seed: int
    per_s: int = 2_000
    up_s: float = 0.6


class Outcome(Struct, frozen=True, kw_only=True):
    """What a run found. `kept` counts the rows of each reading's time in history, `alarmed` the alarms by the time of their reading."""

    published: int
    acknowledged: frozenset[int]
    kept: Counter[int]
    alarmed: Counter[int]
    last_words: str
    """What the last service said of itself at its end."""

    @property
    def lost(self) -> list[int]:
        """Acknowledged to the publisher, and not in history."""
        return sorted(self.acknowledged - self.kept.keys())

    @property
    def doubled(self) -> list[int]:
        """In history more than once."""
        return sorted(at for at, rows in self.kept.items() if rows > 1)


def alarming(times: Iterable[int]) -> set[int]:
    """Of these times of readings those whose value is beyond the limit of a rule; the one before of the signal was not."""
    return {
        at
        for at in times
        if (at - BASE) % child_ingest.SIGNALS < child_ingest.ALARMED
        and (at - BASE) % 100 > child_ingest.LIMIT
    }


class Child:
    """The service as a process of its own."""

    def __init__(self, broker: Broker, location: str, module: str = child_ingest.__name__) -> None:
        self._arguments = [sys.executable, "-m", module, str(broker.port), location]
        self._process: asyncio.subprocess.Process | None = None
        self.last_words = ""

    async def start(self) -> None:
        """Start, and wait until it is connected."""
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(READY_S):
            line = await self._process.stdout.readline()
        assert line == b"connected\n", f"the service did not start: {line!r}"

    async def end(self, how: int) -> None:
        """End it by a signal."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(how)
            output, _ = await process.communicate()
            self.last_words = output.decode()


async def run(broker: Broker, location: str, plan: Killing) -> Outcome:
    """Publish all the time, kill as planned, let everything drain, and look into history."""
    chance = random.Random(plan.seed)
    acknowledged: list[Publication] = []
    child = Child(broker, location)
    settings = MqttSettings(client_id="publisher", port=broker.port, session_expiry_s=0)
    try:
        # The session must exist before the first message, or there is nobody to keep it for.
        await child.start()
        async with MqttPublisher(settings, on_acknowledged=acknowledged.append) as publisher:
            sending = asyncio.create_task(_publish(publisher, plan.per_s))
            try:
                for _ in range(plan.times):
                    await asyncio.sleep(chance.uniform(0.02, plan.up_s))
                    await child.end(signal.SIGKILL)
                    await child.start()
                await asyncio.sleep(0.2)
            finally:
                sending.cancel()
                published = await sending
            await publisher.drained()
        times = frozenset(_time_of(each) for each in acknowledged)
        store = child_ingest.opened(location)
        await _settle(lambda: child_ingest.history(store), len(times))
        await _settle(lambda: child_ingest.alarms(store), len(alarming(times)))
        await child.end(signal.SIGTERM)
        kept = Counter(child_ingest.history(store))
        alarmed = Counter(child_ingest.alarms(store))
        store.close()
    finally:
        await child.end(signal.SIGKILL)
    return Outcome(
        published=published, acknowledged=times, kept=kept, alarmed=alarmed, last_words=child.last_words
    )


async def _publish(publisher: MqttPublisher, per_s: int) -> int:
    """Until cancelled; how many were sent."""
    sent = 0
    began = time.monotonic()
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            while sent < (time.monotonic() - began) * per_s:
                await publisher.publish(reading(sent % child_ingest.SIGNALS, BASE + sent, float(sent % 100)))
                sent += 1
            await asyncio.sleep(0.002)
    return sent


def _time_of(publication: Publication) -> int:
    return int(publication.payload.split(b":")[1].split(b",")[0])


async def _settle(found: Callable[[], list[int]], expected: int) -> list[int]:
    """What is found, once as much is there as is expected, or nothing has come for half a minute."""
    times: list[int] = []
    since = time.monotonic()
    while len(times) < expected and time.monotonic() - since < 30:
        before, times = len(times), found()
        if len(times) != before:
            since = time.monotonic()
        await asyncio.sleep(0.3)
    return times
