"""What every codec yields: a value under a key, or the reason why there is none. Pure; no decoder ever raises.

Times are microseconds since 1970-01-01 UTC.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, get_args

from msgspec import Struct

from twin.state import Quality, Value

MAX_PAYLOAD = 256 * 1024
"""Bytes of one message. MQTT allows 256 MiB; the largest telemetry message of the devices we know (a Sparkplug birth with 2,000
metrics) is 120 kB."""

MAX_TEXT = 4096
"""Characters of one text value."""

MAX_TIME = 253_402_300_799_999_999
"""Last microsecond of the year 9999, beyond which no time can be written (RFC 3339, section 1)."""

Reason = Literal[
    "unknown_topic",
    "unknown_signal",
    "malformed",
    "too_large",
    "too_deep",
    "missing",
    "no_value",
    "not_finite",
    "wrong_type",
    "wrong_unit",
    "bad_time",
    "future",
    "no_birth",
    "unknown_alias",
    "device_disabled",
    "no_command",
]
"""Words for counters. `no_value`: an explicit null. `missing`: the path leads nowhere."""

TimeFormat = Literal["rfc3339", "s", "ms", "us"]


class Decoded(Struct, frozen=True, gc=False):
    """One value out of a message. `key`: its name inside the message (SenML name, metric), empty where there is only one.

    `observed_at` is None where the message has no time: then it is the time of reception. `unit` as the message says.
    """

    key: str
    value: Value
    observed_at: int | None = None
    quality: Quality = Quality.GOOD
    unit: str | None = None


class Refused(Struct, frozen=True, gc=False):
    """Why a message, or the part of it under `key`, became no value."""

    reason: Reason
    detail: str
    key: str = ""


TOO_LARGE = Refused("too_large", f"more than {MAX_PAYLOAD} bytes")
NOT_FINITE = Refused("not_finite", "not a finite number")
NO_TIME = Refused("bad_time", "no time that can be read")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHORTEST = len("2026-01-01T00:00Z")
_SCALE = {"s": 1_000_000, "ms": 1000, "us": 1}


def rfc3339(text: str) -> int | None:
    """Microseconds since 1970 UTC of an RFC 3339 time; None where it is none, has no offset, or lies before 1970.

    What ISO 8601 writes more briefly without doubt (`+0800`, no seconds) is taken, too. Digits beyond the microsecond are
    cut off. A leap second (`:60`) is none: POSIX time has no place for it.
    """
    if len(text) < _SHORTEST or text[7] != "-" or text[10] not in "Tt ":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    since = moment - _EPOCH
    return None if since.days < 0 else (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _scaled(scale: int) -> Callable[[object], int | None]:
    def parse(raw: object) -> int | None:
        if type(raw) is int:
            micros = raw * scale
        elif type(raw) is float and math.isfinite(raw):
            micros = round(raw * scale)
        else:
            return None
        return micros if 0 <= micros <= MAX_TIME else None

    return parse


def _text_time(raw: object) -> int | None:
    return rfc3339(raw) if isinstance(raw, str) else None


def time_parser(form: TimeFormat) -> Callable[[object], int | None]:
    """A function from a raw value to microseconds since 1970 UTC, None where it is no time in this form or before 1970."""
    return _text_time if form == "rfc3339" else _scaled(_SCALE[form])


_WORDS = {quality.value: quality for quality in Quality}
_OPC_MAJOR = {192: Quality.GOOD, 64: Quality.UNCERTAIN, 0: Quality.BAD}
"""The two highest bits of an OPC DA quality byte; the same numbers stand in Sparkplug (0, 192)."""
_SPARKPLUG_STALE = 500


def quality_of(raw: object) -> Quality:
    """Quality as devices write it: our four words in any case, true and false, or the numbers of OPC and Sparkplug.

    What cannot be understood is `uncertain`: better than believing it is good.
    """
    if isinstance(raw, str):
        return _WORDS.get(raw.lower(), Quality.UNCERTAIN)
    if isinstance(raw, bool):
        return Quality.GOOD if raw else Quality.BAD
    if isinstance(raw, int):
        if raw == _SPARKPLUG_STALE:
            return Quality.STALE
        return _OPC_MAJOR.get(raw & 0xC0, Quality.UNCERTAIN) if 0 <= raw <= 255 else Quality.UNCERTAIN
    return Quality.UNCERTAIN


REASONS: tuple[str, ...] = get_args(Reason)
