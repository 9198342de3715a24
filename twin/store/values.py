"""Values and qualities as columns: (value, text, code). Pure; see `twin.store.schema_live`.

`code` is `4 * type + quality`: types in the order boolean, integer, number, text; qualities in that of `twin.ports.QUALITIES`. Two
readings are the same exactly if their columns are.
"""

import math

from twin.ports import QUALITIES
from twin.state import Quality, Value

Columns = tuple[float | None, str | None, int]

BOOLEAN, INTEGER, NUMBER, TEXT = 0, 4, 8, 12

EXACT = 1 << 53
"""Integers up to this are exact in a float64 (IEEE 754, 53 bits of significand)."""

LARGEST = (1 << 63) - 1
"""Integers are 64 bits everywhere: in feeds (MessagePack), in columns of arrays."""

QUALITY_CODES = {quality: code for code, quality in enumerate(QUALITIES)}


def encode(value: Value, quality: Quality) -> Columns:
    """The columns of a value. Raises ValueError for one that no engine can keep (NaN, 65 bits, half of a surrogate pair)."""
    code = QUALITY_CODES[quality]
    if type(value) is float:
        if not math.isfinite(value):
            raise ValueError("not a finite number")
        return value, None, NUMBER + code
    if isinstance(value, str):
        if not value.isascii():
            value.encode()
        if "\0" in value:
            raise ValueError("a text with a NUL character")
        return None, value, TEXT + code
    if isinstance(value, bool):
        return float(value), None, BOOLEAN + code
    if -EXACT <= value <= EXACT:
        return float(value), None, INTEGER + code
    if not -LARGEST - 1 <= value <= LARGEST:
        raise ValueError("an integer of more than 64 bits")
    return float(value), str(value), INTEGER + code


def decode(value: float | None, text: str | None, code: int) -> Value:
    """The value in these columns."""
    kind = code & ~3
    if kind == NUMBER and value is not None:
        return value
    if kind == TEXT or value is None:
        return text or ""
    if kind == BOOLEAN:
        return value != 0
    return int(value) if text is None else int(text)


def quality_of(code: int) -> Quality:
    """The quality in a code."""
    return QUALITIES[code & 3]
