"""Codec `senml`: Sensor Measurement Lists as JSON (RFC 8428). CBOR, XML and EXI are not read."""

import math
import re
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from state_sync.codecs.values import MAX_PAYLOAD, MAX_TIME, TOO_LARGE, Decoded, Refused

RELATIVE_BELOW_S = 2**28
"""Times below are relative to now, others absolute, seconds since 1970 (RFC 8428, section 4.5.3)."""

VERSION = 10
"""The version of SenML that is read; a pack of a higher one is refused (RFC 8428, section 4.4)."""

MAX_RECORDS = 10_000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]*", re.ASCII)
"""RFC 8428, section 4.5.1."""

MAX_NAME = 256
"""Characters of a resolved name; RFC 8428 recommends far less."""

Number = int | float


class Record(Struct, frozen=True):
    """One record; members of the base hold for it and for all after it (section 4.1). `vd`: data, which no signal takes."""

    bn: str | UnsetType = UNSET
    bt: Number | UnsetType = UNSET
    bu: str | UnsetType = UNSET
    bv: Number | UnsetType = UNSET
    bs: Number | UnsetType = UNSET
    bver: int | UnsetType = UNSET
    n: str | UnsetType = UNSET
    u: str | UnsetType = UNSET
    v: Number | UnsetType = UNSET
    vs: str | UnsetType = UNSET
    vb: bool | UnsetType = UNSET
    vd: str | UnsetType = UNSET
    s: Number | UnsetType = UNSET
    t: Number | UnsetType = UNSET


class _Base:
    __slots__ = ("name", "sum", "time", "unit", "value")

    def __init__(self) -> None:
        self.name = ""
        self.time: Number = 0
        self.unit: str | None = None
        self.value: Number | None = None
        self.sum: Number | None = None

    def take(self, record: Record) -> None:
        """Take over what a record says of the base."""
        self.name = self.name if record.bn is UNSET else record.bn
        self.time = self.time if record.bt is UNSET else record.bt
        self.unit = self.unit if record.bu is UNSET else record.bu
        self.value = self.value if record.bv is UNSET else record.bv
        self.sum = self.sum if record.bs is UNSET else record.bs


_UNDERSTOOD = re.compile(rb'_"\s*:')
"""A label that ends in `_`: who does not understand it must refuse the pack (RFC 8428, section 4.4). We know none."""

SUM = "#sum"
"""Follows the name in the key of a sum; `#` stands in no SenML name."""

_PACK = msgspec.json.Decoder(list[Record])
_NO_PACK = Refused("malformed", "an empty pack")
_MUST = Refused("malformed", "a label that ends in _ must be understood, and is not")
_BAD_TIME = Refused("bad_time", "a time before 1970 or after 9999")


def decode(payload: bytes, received_at: int) -> list[Decoded | Refused]:
    """All values of a pack, resolved, in its order; keys are resolved names, those of sums followed by `#sum`.

    `received_at` (µs since 1970 UTC) is the "now" of relative times. A pack that is none gives one Refused; a record that
    is none, one in its place. The unit of a sum is that of the value times seconds (RFC 8428, section 4.2).
    """
    if len(payload) > MAX_PAYLOAD:
        return [TOO_LARGE]
    try:
        records = _PACK.decode(payload)
    except RecursionError:
        return [Refused("too_deep", "nested deeper than the parser follows")]
    except (msgspec.DecodeError, ValueError) as error:
        return [Refused("malformed", str(error)[:200])]
    if _UNDERSTOOD.search(payload):
        return [_MUST]
    if not records:
        return [_NO_PACK]
    if len(records) > MAX_RECORDS:
        return [Refused("too_large", f"more than {MAX_RECORDS} records")]
    return _resolved(records, received_at)


def _resolved(records: list[Record], received_at: int) -> list[Decoded | Refused]:
    base = _Base()
    values: list[Decoded | Refused] = []
    for record in records:
        base.take(record)
        if record.bver is not UNSET and record.bver > VERSION:
            return [*values, Refused("malformed", f"SenML version {record.bver}; {VERSION} is read")]
        values.extend(_of_record(record, base, received_at))
    return values


def _of_record(record: Record, base: _Base, received_at: int) -> list[Decoded | Refused]:
    name = base.name + (record.n if isinstance(record.n, str) else "")
    others = [value for value in (record.vs, record.vb) if value is not UNSET]
    if len(others) + sum(value is not UNSET for value in (record.v, record.vd)) > 1:
        return [Refused("malformed", "more than one value in a record", name)]
    value: Any = others[0] if others else None if record.vd is not UNSET else _plus(base.value, record.v)
    total = _plus(base.sum, record.s)
    if value is None and total is None:
        return _without_value(record, name)
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        return [Refused("malformed", "a name that is none (RFC 8428, section 4.5.1)", name[:MAX_NAME])]
    observed_at = _time(base.time, record.t, received_at)
    if isinstance(observed_at, Refused):
        return [Refused(observed_at.reason, observed_at.detail, name)]
    unit = record.u if isinstance(record.u, str) else base.unit
    found: list[Decoded | Refused] = []
    if value is not None:
        found.append(Decoded(name, value, observed_at, unit=unit))
    if total is not None:
        found.append(Decoded(name + SUM, total, observed_at, unit=f"{unit}.s" if unit else None))
    return found


def _without_value(record: Record, name: str) -> list[Decoded | Refused]:
    """A record may do nothing but set the base; one with data (`vd`), or with nothing, has no value for a signal."""
    if record.vd is not UNSET:
        return [Refused("wrong_type", "data (vd), which no signal takes", name)]
    base_only = (
        any(v is not UNSET for v in (record.bn, record.bt, record.bu, record.bver)) and record.n is UNSET
    )
    return [] if base_only else [Refused("no_value", "a record without a value", name)]


def _plus(base: Number | None, value: Number | UnsetType) -> Number | None:
    """Base and value; one that is missing counts as zero, two that are missing as none (section 4.6)."""
    if isinstance(value, UnsetType):
        return base
    if base is None:
        return value
    try:
        return base + value
    except OverflowError:
        return math.inf


def _time(base: Number, time: Number | UnsetType, received_at: int) -> int | Refused | None:
    """Microseconds since 1970 UTC; None: now, without a word about it."""
    seconds = _plus(base, time)
    if not seconds:
        return None
    try:
        micros = round(seconds * 1_000_000)
    except (OverflowError, ValueError):
        return _BAD_TIME
    if seconds < RELATIVE_BELOW_S:
        micros += received_at
    return micros if 0 <= micros <= MAX_TIME else _BAD_TIME
