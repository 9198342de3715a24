"""Readings posted over HTTP become one batch: JSON `{"readings": […]}` or one object a line (NDJSON)."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Container, Sequence

import msgspec
from msgspec import Struct, field

from state_sync.bindings import Binding, from_documents
from state_sync.codecs.values import Decoded, Refused, quality_of, rfc3339
from state_sync.registry import Registry
from state_sync.routing.targets import Target, compile_target, refusing
from twin.devices import DeviceRegistry
from twin.ports import LiveStore, Rejected, SignalRecord, TwinStore
from twin.state import FUTURE_ALLOWANCE_US, Quality, Reading, Signal, Value

KEPT_BYTES = 4096
"""Of one reading, in a dead letter."""

LETTERS_KEPT = 100
"""Dead letters of one request: enough to see the pattern; all are counted."""

LARGEST = 1e300
"""Numbers beyond it take the long way, which knows what is finite."""

_LOOK_AGAIN_S = 1.0
"""Unknown signals make the table be read again, at most this often."""


Allowed = Callable[[Sequence[int]], Container[int]]
"""Of these numbers of signals, those that a caller may report."""


class PostedReading(Struct, frozen=True):
    """One reading on the wire. Without `observed_at` the time of reception counts; `quality` is good unless told."""

    signal: str
    value: Value | None
    observed_at: str | None = None
    quality: str | None = None


class _Body(Struct, frozen=True):
    readings: list[msgspec.Raw]


class Receipt(Struct, frozen=True, kw_only=True):
    """What became of a request. `accepted` counts everything that is in history now because of it."""

    accepted: int = 0
    changed: int = 0
    late: int = 0
    conflict: int = 0
    duplicate: int = 0
    rejected: dict[str, int] = field(default_factory=dict)


_reading = msgspec.json.Decoder(PostedReading)
_readings = msgspec.json.Decoder(list[PostedReading])
_body = msgspec.json.Decoder(_Body)


class SignalTable:
    """Targets by signal id, compiled when first needed. Safe to use from several threads."""

    def __init__(self, store: TwinStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._targets: dict[str, Target] = {}
        self.plain: dict[str, int] = {}
        """Numbers of the signals whose finite numbers are taken as they come: no unit to convert, no bounds to check."""
        self._read_at = float("-inf")
        self._version: object = None
        self._asked_at = float("-inf")

    def refresh(self) -> None:
        """Take over which devices are disabled, and signals that another process has declared anew, at most once a second.

        Raises StoreError.
        """
        if self._clock() - self._asked_at < _LOOK_AGAIN_S:
            return
        self._asked_at = self._clock()
        if self._stored_version() != self._version:
            self.forget()

    def _stored_version(self) -> tuple[object, ...]:
        return self._store.devices_version(), self._store.rules_version()

    def find(self, signal: str) -> Target | None:
        """The target of a signal; None where there is no such signal."""
        target = self._targets.get(signal)
        if target is None:
            self._look_again()  # or another thread just has, while this one waited for it
            target = self._targets.get(signal)
        return target

    def forget(self) -> None:
        """Signals have been declared anew: read them again when one is next asked for."""
        with self._lock:
            self._targets, self.plain, self._read_at = {}, {}, float("-inf")

    def _look_again(self) -> None:
        with self._lock:
            if self._clock() - self._read_at < _LOOK_AGAIN_S:
                return
            # Asked before: what changes while the table is read makes it be read again.
            self._version = self._stored_version()
            refused = self._refused(self._store.device_registry())
            targets: dict[str, Target] = {}
            plain: dict[str, int] = {}
            for record in self._store.signal_records():
                identifier = record.signal.id
                if identifier in refused:
                    targets[identifier] = refusing(refused[identifier])
                    continue
                targets[identifier] = compile_target(_bare(record), record)
                if _is_plain(record.signal):
                    plain[identifier] = record.number
            self._targets, self.plain = targets, plain
            self._read_at = self._clock()

    def _refused(self, registry: DeviceRegistry) -> dict[str, str]:
        """Why readings of signals are refused that only disabled devices carry; the bindings are read only where there are such."""
        if not any(device.disabled for device in registry.devices):
            return {}
        known = Registry(registry.devices)
        refused: dict[str, str] = {}
        heard: set[str] = set()
        for binding in from_documents(self._store.bindings()):
            placed = known.place(binding)
            if placed.refused is None:
                heard.add(binding.signal)
            else:
                refused[binding.signal] = placed.refused
        return {signal: why for signal, why in refused.items() if signal not in heard}


def _is_plain(signal: Signal) -> bool:
    return signal.type == "number" and signal.minimum is None and signal.maximum is None


def _bare(record: SignalRecord) -> Binding:
    """A binding for values that come under the signal's own name, in its unit."""
    signal = record.signal
    return Binding(model=signal.model, global_id=signal.global_id, name=signal.name, topic="", codec="json")


def take(  # noqa: PLR0913 - what a request is
    store: LiveStore,
    table: SignalTable,
    body: bytes,
    *,
    lines: bool,
    received_at: int,
    allowed: Allowed | None = None,
) -> Receipt:
    """Record a request's readings in one durable transaction.

    `lines`: the body is NDJSON. `allowed`: of which signals the caller may report; others are as if there were none. Raises msgspec.DecodeError for a body that is no JSON document of this form; a line, or one
    reading, that is damaged costs itself only. Raises StoreError.
    """
    table.refresh()
    batch = _Batch(table, received_at)
    if lines:
        batch.lines(body)
    else:
        batch.readings(body)
    if allowed is not None:
        batch.keep(allowed)
    recorded = store.record(batch.taken, batch.letters)
    return Receipt(
        accepted=recorded.changed + recorded.repeated + recorded.late + recorded.conflict,
        changed=recorded.changed,
        late=recorded.late,
        conflict=recorded.conflict,
        duplicate=recorded.duplicate,
        rejected=dict(batch.refused),
    )


class _Batch:
    """Collects what one request holds."""

    def __init__(self, table: SignalTable, received_at: int) -> None:
        self._table = table
        self._received_at = received_at
        self.taken: list[Reading] = []
        self.letters: list[Rejected] = []
        self.refused: Counter[str] = Counter()

    def keep(self, allowed: Allowed) -> None:
        """Refuse what is of other signals, as of signals that are not there."""
        numbers = allowed(list({reading.signal for reading in self.taken}))
        kept = [reading for reading in self.taken if reading.signal in numbers]
        if len(kept) < len(self.taken):
            self.refused["unknown_signal"] += len(self.taken) - len(kept)
            self.taken = kept

    def lines(self, body: bytes) -> None:
        """All lines at once if they are whole, else one by one."""
        try:
            posted = _reading.decode_lines(body)
        except msgspec.DecodeError:
            for line in body.splitlines():
                if line.strip():
                    self._one(line)
        else:
            self._all(posted)

    def readings(self, body: bytes) -> None:
        """The document's readings, the damaged ones apart."""
        raw = _body.decode(body).readings
        try:
            posted = _readings.decode(b"[" + b",".join(map(bytes, raw)) + b"]")
        except msgspec.DecodeError:
            for each in raw:
                self._one(bytes(each))
        else:
            self._all(posted)

    def _all(self, posted: Sequence[PostedReading]) -> None:
        """Take what is whole. Numbers of plain signals, which is most of what comes, without the steps that change nothing of them."""
        plain, received_at, take = self._table.plain.get, self._received_at, self.taken.append
        latest = received_at + FUTURE_ALLOWANCE_US
        last_text: str | None = None
        last_at: int | None = received_at
        for each in posted:
            number, value, text = plain(each.signal), each.value, each.observed_at
            kind = type(value)
            if text != last_text:  # a gateway reports many signals of one time
                last_text, last_at = text, received_at if text is None else rfc3339(text)
            if (
                number is not None
                and (kind is float or kind is int)
                and -LARGEST < value < LARGEST  # type: ignore[operator]  # numbers, by the line before
                and each.quality is None
                and last_at is not None
                and last_at <= latest
            ):
                take(Reading(number, value + 0.0, last_at, received_at))  # type: ignore[operator]  # as above
            else:
                self._take(each, b"")

    def _one(self, text: bytes) -> None:
        try:
            posted = _reading.decode(text)
        except msgspec.DecodeError as error:
            self._refuse(Refused("malformed", str(error)), text)
        else:
            self._take(posted, text)

    def _take(self, posted: PostedReading, text: bytes) -> None:
        target = self._table.find(posted.signal)
        result = self._refusal(posted) if target is None else self._read(target, posted)
        if isinstance(result, Reading):
            self.taken.append(result)
        else:
            self._refuse(result, text or msgspec.json.encode(posted))

    def _refusal(self, posted: PostedReading) -> Refused:
        return Refused("unknown_signal", f"no signal {posted.signal[:200]!r}")

    def _read(self, target: Target, posted: PostedReading) -> Reading | Refused:
        if posted.value is None:
            return Refused("no_value", "the value is null")
        observed_at = None
        if posted.observed_at is not None:
            observed_at = rfc3339(posted.observed_at)
            if observed_at is None:
                return Refused("bad_time", f"{posted.observed_at[:60]!r} is no RFC 3339 time")
        quality = Quality.GOOD if posted.quality is None else quality_of(posted.quality)
        return target(Decoded("", posted.value, observed_at, quality), self._received_at)

    def _refuse(self, refused: Refused, text: bytes) -> None:
        self.refused[refused.reason] += 1
        if len(self.letters) < LETTERS_KEPT:
            self.letters.append(
                Rejected(
                    reason=refused.reason,
                    detail=refused.detail[:500],
                    topic="",
                    payload=text[:KEPT_BYTES],
                    received_at=self._received_at,
                )
            )
