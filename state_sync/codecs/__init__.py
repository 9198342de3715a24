"""Codecs: bytes of a message in, values or reasons out. Pure: no clock, no I/O, and no exception for any bytes."""

from state_sync.codecs.json_path import JsonShape, parse_path
from state_sync.codecs.values import (
    MAX_PAYLOAD,
    MAX_TEXT,
    REASONS,
    Decoded,
    Reason,
    Refused,
    TimeFormat,
    quality_of,
    rfc3339,
)

__all__ = [
    "MAX_PAYLOAD",
    "MAX_TEXT",
    "REASONS",
    "Decoded",
    "JsonShape",
    "Reason",
    "Refused",
    "TimeFormat",
    "parse_path",
    "quality_of",
    "rfc3339",
]
