"""Messages into the store: decode, record, and know what has been done when the store fails in the middle. Synchronous."""

import logging
from collections import Counter, deque
from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from state_sync.messages import Decoded, Decoder, Message, Publication
from twin.commands import Reply
from twin.ports.live import Answered, ReadingWriter, Recorded, Rejected
from twin.state import Reading

log = logging.getLogger(__name__)

REFUSALS = (ValueError, TypeError, ArithmeticError)
"""What a store raises for one value that it cannot hold (an integer of 65 bits). StoreError means all of it cannot be used."""


class IngestCounts(Struct, kw_only=True):
    """What has passed since the start. Numbers only grow; any metrics library can read them.

    `readings` counts what was recorded by what it did (`changed`, `repeated`, `late`, `duplicate`, `conflict`, `unknown`),
    `rejected` what became no reading by its reason. `acknowledged`: messages whose receipt went back. `retries`: commits that failed
    and were tried again. `replies`: answers to commands by what they did (`taken`, `late`, `repeated`, `unknown`).
    """

    messages: int = 0
    acknowledged: int = 0
    batches: int = 0
    retries: int = 0
    silenced: int = 0
    stale: int = 0
    sweeps_failed: int = 0
    reloads: int = 0
    reloads_failed: int = 0
    readings: Counter[str] = field(default_factory=Counter)
    replies: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)


class _Step(Struct):
    """Signals to be marked as stale, then replies to commands, then what goes into one transaction."""

    silenced: Sequence[int] = ()
    replies: list[Reply] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


class Batch(Struct):
    """Messages on their way into the store. What is recorded is taken away, so that a second attempt goes on from there."""

    messages: Sequence[Message]
    requests: list[Publication] = field(default_factory=list)
    steps: deque[_Step] | None = None


class Recorder:
    """Owns the decoder and the counts. Used from one thread at a time."""

    def __init__(self, store: ReadingWriter, decoder: Decoder) -> None:
        self.decoder = decoder
        self.counts = IngestCounts()
        self._store = store

    def record(self, batch: Batch) -> None:
        """Make a batch durable. Raises StoreError; the same batch may then be given again."""
        if batch.steps is None:
            batch.steps = self._decoded(batch)
        while batch.steps:
            step = batch.steps[0]
            if step.silenced:
                self.counts.silenced += self._store.mark_stale(step.silenced)
                step.silenced = ()
            if step.replies:
                self._record_replies(step.replies)
                step.replies = []
            if step.readings or step.rejected:
                self._record_step(step.readings, step.rejected)
            batch.steps.popleft()
        self.counts.batches += 1

    def sweep(self) -> None:
        """Mark silent signals as stale. Raises StoreError."""
        self.counts.stale += self._store.sweep_stale()

    def _decoded(self, batch: Batch) -> deque[_Step]:
        """Decode in order; a gateway's death begins a transaction, so that readings after it are not marked as stale."""
        step = _Step()
        steps = deque([step])
        for message in batch.messages:
            decoded = self._decode(message)
            if decoded.silenced:
                step = _Step(silenced=decoded.silenced)
                steps.append(step)
            step.readings += decoded.readings
            step.rejected += decoded.rejected
            step.replies += decoded.replies
            batch.requests += decoded.requests
        self.counts.messages += len(batch.messages)
        return steps

    def _decode(self, message: Message) -> Decoded:
        """A codec's mistake costs one message, not the loop."""
        try:
            decoded = self.decoder.decode(message)
        except Exception as error:
            log.exception("decoding a message on %r", message.topic)
            return Decoded(rejected=[_refused(message, "decoder_failed", repr(error))])
        return _without_stamped(message, decoded) if message.retained else decoded

    def _record_replies(self, replies: list[Reply]) -> None:
        answered = self._store.record_replies(replies)
        for name in Answered.__struct_fields__:
            self.counts.replies[name] += getattr(answered, name)

    def _record_step(self, readings: list[Reading], rejected: list[Rejected]) -> None:
        try:
            recorded = self._store.record(readings, rejected)
        except REFUSALS as error:
            self._record_apart(readings, rejected, error)
            return
        self._count(recorded, rejected)

    def _record_apart(self, readings: list[Reading], rejected: list[Rejected], error: Exception) -> None:
        """Halve until what cannot be stored stands alone; that becomes a dead letter."""
        if not readings:
            raise error
        if len(readings) == 1:
            reading = readings[0]
            letter = Rejected(
                reason="refused_by_store",
                detail=f"signal {reading.signal}: {error}"[:500],
                topic="",
                payload=repr(reading.value).encode(errors="replace"),
                received_at=reading.received_at,
            )
            letters = [*rejected, letter]
            self._count(self._store.record([], letters), letters)
            return
        middle = len(readings) // 2
        self._record_step(readings[:middle], rejected)
        self._record_step(readings[middle:], [])

    def _count(self, recorded: Recorded, rejected: Sequence[Rejected]) -> None:
        readings = self.counts.readings
        for name in ("changed", "repeated", "late", "duplicate", "conflict", "unknown"):
            number = getattr(recorded, name)
            if number:
                readings[name] += number
        if recorded.refused:
            self.counts.rejected["refused_by_store"] += recorded.refused
        for letter in rejected:
            self.counts.rejected[letter.reason] += 1


def _without_stamped(message: Message, decoded: Decoded) -> Decoded:
    """A retained message may be of any age: what carries no time of its own would be shown as fresh, and is refused."""
    dated = [
        replace(reading, retained=True)
        for reading in decoded.readings
        if reading.observed_at != message.received_at
    ]
    if len(dated) == len(decoded.readings):
        return replace(decoded, readings=dated)
    letter = _refused(message, "retained_without_time", "a retained message whose payload carries no time")
    return Decoded(
        readings=dated,
        rejected=[*decoded.rejected, letter],
        silenced=decoded.silenced,
        requests=decoded.requests,
        replies=decoded.replies,
    )


def _refused(message: Message, reason: str, detail: str) -> Rejected:
    return Rejected(
        reason=reason,
        detail=detail[:500],
        topic=message.topic,
        payload=message.payload[:4096],
        received_at=message.received_at,
    )
