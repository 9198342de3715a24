"""Payloads of Sparkplug B as values (Sparkplug 3.0.0, section 6.4). Signed integers travel as two's complement."""

from typing import Any

from google.protobuf.message import DecodeError
from msgspec import Struct

from state_sync.codecs.sparkplug.schema import messages
from state_sync.codecs.sparkplug.topics import NAMESPACE, Source
from state_sync.codecs.values import MAX_PAYLOAD, MAX_TIME, TOO_LARGE, Refused, quality_of
from twin.state import Quality, Value

MAX_METRICS = 10_000
"""Of one payload. The largest gateways we know of announce some 2,000."""

INT_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
"""Signed types by index of the data type: Int8, Int16, Int32, Int64 (section 6.4.16)."""
UINT_BITS = {5: 8, 6: 16, 7: 32, 8: 64, 13: 64}
"""UInt8…UInt64; DateTime: milliseconds since 1970 UTC."""
FLOATS = frozenset({9, 10})
BOOLEAN = 11
TEXTS = frozenset({12, 14, 15})
"""String, Text, UUID."""


class Metric(Struct, frozen=True):
    """One metric as sent. `value` None: null, or `refused` says why. `observed_at`: microseconds since 1970 UTC."""

    name: str | None
    alias: int | None
    datatype: int
    observed_at: int | None
    raw: Any
    null: bool
    quality: Quality


class Payload(Struct, frozen=True):
    """One payload. `seq` None: the message carries no sequence number (deaths of nodes)."""

    seq: int | None
    metrics: tuple[Metric, ...]


def decode(payload: bytes) -> Payload | Refused:
    """The metrics of a payload, in order; nothing is said of their types yet, since DATA messages leave them out."""
    if len(payload) > MAX_PAYLOAD:
        return TOO_LARGE
    message = messages().payload()
    try:
        message.ParseFromString(payload)
    except (DecodeError, ValueError, RecursionError) as error:
        return Refused("malformed", f"no Sparkplug payload: {error}"[:200])
    if len(message.metrics) > MAX_METRICS:
        return Refused("too_large", f"more than {MAX_METRICS} metrics")
    sent_at = _micros(message.timestamp) if message.HasField("timestamp") else None
    seq = message.seq if message.HasField("seq") else None
    return Payload(seq, tuple(_metric(metric, sent_at) for metric in message.metrics))


def _micros(milliseconds: int) -> int | None:
    return milliseconds * 1000 if milliseconds * 1000 <= MAX_TIME else None


def _metric(metric: Any, sent_at: int | None) -> Metric:
    field = metric.WhichOneof("value")
    return Metric(
        name=metric.name if metric.HasField("name") and metric.name else None,
        alias=metric.alias if metric.HasField("alias") else None,
        datatype=metric.datatype,
        observed_at=_micros(metric.timestamp) if metric.HasField("timestamp") else sent_at,
        raw=None if field is None else getattr(metric, field),
        null=metric.is_null,
        quality=_quality(metric) if metric.HasField("properties") else Quality.GOOD,
    )


def _quality(metric: Any) -> Quality:
    """The property `Quality`: 0 bad, 192 good, 500 stale (section 6.4.14)."""
    properties = metric.properties
    for key, value in zip(properties.keys, properties.values, strict=False):
        if key.lower() == "quality" and not value.is_null:
            field = value.WhichOneof("value")
            return Quality.UNCERTAIN if field is None else quality_of(getattr(value, field))
    return Quality.GOOD


def typed(raw: Any, datatype: int) -> Value | Refused:
    """The value of a metric by its data type; `wrong_type` for types that no signal can have, and for values outside theirs."""
    kind = type(raw)
    if datatype in FLOATS and kind is float:
        return float(raw)
    if datatype == BOOLEAN and kind is bool:
        return bool(raw)
    if datatype in TEXTS and kind is str:
        return str(raw)
    bits = INT_BITS.get(datatype)
    if bits is not None and kind is int:
        return _signed(raw, bits)
    if datatype in UINT_BITS and kind is int and raw < 1 << UINT_BITS[datatype]:
        return int(raw)
    return Refused(
        "wrong_type",
        f"a metric of data type {datatype} with a value of another kind, or of no kind that signals have",
    )


def _signed(raw: int, bits: int) -> int | Refused:
    """Two's complement; senders fill the bits of the type, or those of the field that they put it in (all three are seen)."""
    for width in (bits, 32, 64):
        if width >= bits and 1 << (width - 1) <= raw < 1 << width:
            raw -= 1 << width
            break
    if -(1 << (bits - 1)) <= raw < 1 << (bits - 1):
        return raw
    return Refused("wrong_type", f"{raw} does not fit in a signed integer of {bits} bits")


def rebirth_request(source: Source, at: int) -> tuple[str, bytes]:
    """Topic and payload that ask an edge node for its births (section 6.4.22, `Node Control/Rebirth`); `at` in µs."""
    message = messages().payload(timestamp=at // 1000)
    message.metrics.add(
        name="Node Control/Rebirth", timestamp=at // 1000, datatype=BOOLEAN, boolean_value=True
    )
    return f"{NAMESPACE}/{source.group}/NCMD/{source.node}", bytes(
        message.SerializeToString(deterministic=True)
    )


_STRING, _DOUBLE, _INT64 = 12, 10, 4


def command_payload(name: str, value: Value, at: int) -> bytes:
    """The payload of an NCMD or DCMD that writes one metric (section 6.4.21): Boolean, Int64, Double or String; `at` in µs."""
    message = messages().payload(timestamp=at // 1000)
    metric = message.metrics.add(name=name, timestamp=at // 1000)
    if isinstance(value, bool):
        metric.datatype, metric.boolean_value = BOOLEAN, value
    elif isinstance(value, str):
        metric.datatype, metric.string_value = _STRING, value
    elif isinstance(value, int):
        metric.datatype, metric.long_value = _INT64, value % (1 << 64)
    else:
        metric.datatype, metric.double_value = _DOUBLE, value
    return bytes(message.SerializeToString(deterministic=True))
