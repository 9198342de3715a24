"""Signals as simulated devices report them: topic, value at a time, payload."""

import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import msgspec
from msgspec import Struct

from state_sync.bindings.binding import Binding
from state_sync.bindings.topics import has_wildcard
from state_sync.messages import Publication
from state_sync.simulation.curves import CURVES, Curve, between, moment, scatter
from state_sync.simulation.site_curves import NAMED
from state_sync.symbols import canonical
from twin.state import Signal, Value

DEFAULT_PERIOD_S = 30.0
UTC_OFFSET_S = 8 * 3600
"""China has one time zone."""

ALARMS = frozenset({"smoke", "fire", "heat", "alarm", "fault"})
"""Kinds of booleans that are rarely true."""

ALARM_CHANCE = 0.0005
"""For each five minutes: of a hundred detectors, one some fourteen times a day, so that a screen has something to show."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encoder = msgspec.json.Encoder()


class SimulatedSignal(Struct, frozen=True, kw_only=True):
    """A signal, the gateway that it comes through, the topic, the seconds between two reports, and what tells it from others."""

    signal: Signal
    gateway: str
    topic: str
    period_s: float
    seed: int


def simulated(signals: Iterable[Signal], *, root: str = "sim", seed: int = 0) -> list[SimulatedSignal]:
    """Devices for these signals: one gateway for each model, topics `{root}/{model}/{global_id}/{name}`, percent-encoded."""
    return [
        SimulatedSignal(
            signal=signal,
            gateway=signal.model,
            topic="/".join(
                [root, *(quote(part, safe="") for part in (signal.model, signal.global_id, signal.name))]
            ),
            period_s=_period_s(signal),
            seed=zlib.crc32(signal.id.encode(), seed & 0xFFFFFFFF),
        )
        for signal in signals
    ]


def _period_s(signal: Signal) -> float:
    """Twice as often as it must report, so that one lost report does not make it stale."""
    if signal.period_s is not None:
        return signal.period_s / 2
    curve = NAMED.get(signal.name) or CURVES.get(signal.kind or "")
    return curve.period_s if curve is not None else DEFAULT_PERIOD_S


def bindings(signals: Sequence[SimulatedSignal], *, root: str = "sim") -> list[Binding]:
    """Bindings that take in what these devices send."""
    return [
        Binding(
            model=each.signal.model,
            global_id=each.signal.global_id,
            name=each.signal.name,
            topic=each.topic,
            subscribe=f"{root}/#",
            codec="json",
            path="value",
            time="time",
        )
        for each in signals
    ]


def of_bindings(
    bound: Iterable[Binding], signals: Iterable[Signal], *, seed: int = 0
) -> tuple[list[SimulatedSignal], int]:
    """Devices that send what bindings expect; and how many bindings there are that expect something else than these messages.

    The gateway is what the topics begin with: `site/fire` for `site/fire/7/smoke`.
    """
    declared = {signal.id: signal for signal in signals}
    found: list[SimulatedSignal] = []
    passed_over = 0
    for binding in bound:
        signal = declared.get(binding.signal)
        if signal is None or not _speaks_as_devices_do(binding):
            passed_over += 1
            continue
        found.append(
            SimulatedSignal(
                signal=signal,
                gateway="/".join(binding.topic.split("/")[:2]),
                topic=binding.topic,
                period_s=_period_s(signal),
                seed=zlib.crc32(signal.id.encode(), seed & 0xFFFFFFFF),
            )
        )
    return found, passed_over


def _speaks_as_devices_do(binding: Binding) -> bool:
    said = (binding.codec, binding.path, binding.time, binding.time_format, binding.each)
    plain_scale = (binding.factor, binding.offset) == (1.0, 0.0) and not binding.map
    return (
        said == ("json", "value", "time", "rfc3339", None) and plain_scale and not has_wildcard(binding.topic)
    )


def value_at(each: SimulatedSignal, at: int) -> Value:
    """What the device measures at a time (microseconds since 1970 UTC), of the type and in the range of its signal."""
    signal = each.signal
    now = moment(at, each.seed, utc_offset_s=UTC_OFFSET_S)
    if signal.type in {"text", "enum"}:
        choices = signal.choices or ("on", "off")
        return choices[int(scatter(each.seed, at // 600_000_000) * len(choices))]
    curve = _curve(signal)
    if signal.type == "boolean" and signal.kind in ALARMS:
        return scatter(each.seed, at // 300_000_000) < ALARM_CHANCE
    if signal.type == "boolean":
        chance = (
            curve.value(now)
            if curve is not None and curve.unit is None
            else scatter(each.seed, at // 900_000_000)
        )
        return chance >= 0.5
    lowest = 0.0 if signal.minimum is None else signal.minimum
    highest = lowest + 100.0 if signal.maximum is None else signal.maximum
    number = curve.value(now) if curve is not None else between(now, lowest, highest)
    return _fitting(signal, number)


def _curve(signal: Signal) -> Curve | None:
    """The curve of its name, else of its kind, if it is in the unit of the signal: simulated devices convert nothing."""
    known = (NAMED.get(signal.name), CURVES.get(signal.kind or ""))
    return next((curve for curve in known if curve is not None and _fits(curve, signal)), None)


def _fits(curve: Curve, signal: Signal) -> bool:
    if signal.unit is None or curve.unit is None:
        return signal.unit in {None, curve.unit}
    return canonical(signal.unit) == canonical(curve.unit)


def _fitting(signal: Signal, number: float) -> Value:
    if signal.minimum is not None:
        number = max(signal.minimum, number)
    if signal.maximum is not None:
        number = min(signal.maximum, number)
    return round(number) if signal.type == "integer" else round(number, 3)


def publication(each: SimulatedSignal, at: int, value: Value) -> Publication:
    """The message: `{"time": RFC 3339, "value": …}`."""
    time = (_EPOCH + timedelta(microseconds=at)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return Publication(each.topic, _encoder.encode({"time": time, "value": value}))
