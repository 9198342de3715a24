"""Codec `json`: value, time and quality at paths in a JSON document (RFC 8259).

A path is a JSON Pointer (RFC 6901: `/sensors/0/value`) or dotted (`sensors[0].value`); empty: the document itself.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from state_sync.codecs.values import (
    MAX_PAYLOAD,
    NO_TIME,
    TOO_LARGE,
    Decoded,
    Refused,
    TimeFormat,
    quality_of,
    time_parser,
)
from twin.state import Quality

MAX_SAMPLES = 10_000
"""Elements of `each`: what a message may make of its bytes has a limit, too."""

_TOO_MANY = Refused("too_large", f"more than {MAX_SAMPLES} samples in one message")
_DOTTED = re.compile(r"(?:\.|^)([^.\[\]]+)|\[(\d{1,9})\]")
_INDEX = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_MISSING = Refused("missing", "the path leads nowhere in this document")
_NULL = Refused("no_value", "null")
_NO_SCALAR = Refused("wrong_type", "an object or array where a value should be")
_TOO_DEEP = Refused("too_deep", "nested deeper than the parser follows")
_NO_LIST = Refused("wrong_type", "`each` leads to something that is no array")

_parse = msgspec.json.Decoder().decode
_ABSENT: Any = object()

Step = str | int
Getter = Callable[[Any], Any]


class JsonShape(Struct, frozen=True, kw_only=True):
    """Where things are in the document. `time` and `quality`: None where it has none.

    `each`: path to an array; the other paths are then relative to each of its elements, which are readings of one signal.
    """

    path: str | None = None
    time: str | None = None
    time_format: TimeFormat = "rfc3339"
    quality: str | None = None
    each: str | None = None


def parse_path(path: str) -> tuple[Step, ...]:
    """The steps of a path; numbers in brackets and in pointers are indexes. Raises ValueError for a path that is none."""
    if not path:
        return ()
    if path.startswith("/"):
        parts = (part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/"))
        return tuple(int(part) if _INDEX.fullmatch(part) else part for part in parts)
    steps: list[Step] = []
    end = 0
    for match in _DOTTED.finditer(path):
        if match.start() != end:
            break
        steps.append(match[1] if match[1] is not None else int(match[2]))
        end = match.end()
    if end != len(path):
        raise ValueError(f"{path!r} is no path; write a.b[0].c or /a/b/0/c")
    return tuple(steps)


def parse(payload: bytes) -> Any:
    """The document as dicts, lists and scalars, or a Refused: `malformed`, `too_large`, `too_deep`."""
    if len(payload) > MAX_PAYLOAD:
        return TOO_LARGE
    try:
        return _parse(payload)
    except RecursionError:
        return _TOO_DEEP
    except (msgspec.DecodeError, ValueError) as error:
        return Refused("malformed", str(error)[:200])


def _getter(path: str | None) -> Getter:
    steps = parse_path(path or "")

    def get(document: Any) -> Any:
        for step in steps:
            kind = type(document)
            if kind is dict:
                document = document.get(step if isinstance(step, str) else str(step), _ABSENT)
            elif kind is list and isinstance(step, int) and step < len(document):
                document = document[step]
            else:
                return _ABSENT
        return document

    return get


@lru_cache(maxsize=1024)
def reader(shape: JsonShape) -> Callable[[Any], Decoded | Refused]:
    """A function from a parsed document (or an element of `each`) to its value; thousands of bindings share one. Raises ValueError for a bad path."""
    steps, time_steps = parse_path(shape.path or ""), parse_path(shape.time or "")
    if shape.quality is None and len(steps) == 1 and isinstance(steps[0], str):
        if shape.time is None:
            return _flat_reader(steps[0], None, shape.time_format)
        if len(time_steps) == 1 and isinstance(time_steps[0], str):
            return _flat_reader(steps[0], time_steps[0], shape.time_format)
    return _reader(shape)


def _flat_reader(name: str, time: str | None, form: TimeFormat) -> Callable[[Any], Decoded | Refused]:
    """For members of the document itself: what most devices send, at two thirds of the cost."""
    parse_time = time_parser(form)

    def read(document: Any) -> Decoded | Refused:
        if type(document) is not dict:
            return _MISSING
        value = document.get(name, _ABSENT)
        kind = type(value)
        if kind is not float and kind is not int and kind is not str and kind is not bool:
            return _no_value(value)
        if time is None:
            return Decoded("", value)
        observed_at = parse_time(document.get(time))
        return NO_TIME if observed_at is None else Decoded("", value, observed_at)

    return read


def _no_value(value: Any) -> Refused:
    return _MISSING if value is _ABSENT else _NULL if value is None else _NO_SCALAR


def _reader(shape: JsonShape) -> Callable[[Any], Decoded | Refused]:
    value_at = _getter(shape.path)
    time_at = None if shape.time is None else _getter(shape.time)
    quality_at = None if shape.quality is None else _getter(shape.quality)
    parse_time = time_parser(shape.time_format)

    def read(document: Any) -> Decoded | Refused:
        value = value_at(document)
        kind = type(value)
        if kind is not float and kind is not int and kind is not str and kind is not bool:
            return _no_value(value)
        observed_at = None
        if time_at is not None:
            observed_at = parse_time(time_at(document))
            if observed_at is None:
                return NO_TIME
        if quality_at is None:
            return Decoded("", value, observed_at)
        said = quality_at(document)
        return Decoded("", value, observed_at, Quality.GOOD if said is _ABSENT else quality_of(said))

    return read


@lru_cache(maxsize=1024)
def readers(shape: JsonShape) -> Callable[[Any], Iterator[Decoded | Refused]]:
    """As `reader`, for a shape with `each`: one result per element. Raises ValueError for a bad path."""
    list_at = _getter(shape.each)
    read = reader(shape)

    def read_all(document: Any) -> Iterator[Decoded | Refused]:
        elements = list_at(document)
        if type(elements) is not list:
            yield _MISSING if elements is _ABSENT else _NO_LIST
            return
        if len(elements) > MAX_SAMPLES:
            yield _TOO_MANY
            return
        yield from map(read, elements)

    return read_all
