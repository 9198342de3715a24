"""Filters decided in plain Python, over what another implementation of CQL2 has read (`cql2`, in Rust).

Kleene's logic: True, False, or None where it cannot be told.
"""

import fnmatch
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import shapely
from cql2 import parse_text
from msgspec import Struct

from twin.times import to_microseconds

Truth = bool | None

FIELDS = {"value", "quality", "observed_at", "received_at", "changed_at", "age", "kind"}
ATTRIBUTES = {
    "id", "model", "global_id", "class", "name", "storey", "storey_name", "discipline", "hidden", "state_index",
}  # fmt: skip


class Known(Struct):
    """An object with all that filters may ask; times in microseconds."""

    attributes: dict[str, Any]
    signals: dict[str, dict[str, Any]]
    """By name: FIELDS, without those of signals that have not reported."""
    properties: dict[str, dict[str, list[Any]]]
    bounds: tuple[float, float, float, float] | None
    now: int


def passes(text: str, thing: Known, row: dict[str, Any] | None = None) -> bool:
    """Whether an object passes; `row`: fields of the listed signal."""
    return _decided(parse_text(text).to_json(), thing, row) is True


def _decided(  # noqa: PLR0911 - a way out for each operator
    node: Any, thing: Known, row: dict[str, Any] | None
) -> Truth:
    operator, parts = node["op"], node["args"]
    match operator:
        case "and" | "or":
            known = [_decided(part, thing, row) for part in parts]
            absorbing = operator == "or"
            return absorbing if absorbing in known else (None if None in known else not absorbing)
        case "not":
            inner = _decided(parts[0], thing, row)
            return None if inner is None else not inner
        case "isNull":
            return not _values(parts[0]["property"], thing, row)
        case "s_intersects":
            return _touches(parts[1], thing.bounds)
        case "in":
            known = [_compared("=", parts[0], value, thing, row) for value in parts[1]]
            return True if True in known else (None if None in known else False)
        case "between":
            return _held(parts[0], thing, row, parts[1], lambda value: _in(value, *parts[1:]))
        case "like":
            pattern = _regular(parts[1])
            return _held(parts[0], thing, row, "", lambda value: pattern.fullmatch(value) is not None)
        case "<>":
            same = _compared("=", parts[0], parts[1], thing, row)
            return None if same is None else not same
        case _:
            return _compared(operator, parts[0], parts[1], thing, row)


def _compared(operator: str, left: Any, right: Any, thing: Known, row: dict[str, Any] | None) -> Truth:
    if not (isinstance(left, dict) and "property" in left):
        mirrored = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
        return _compared(mirrored.get(operator, operator), right, left, thing, row)
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "=": lambda a, b: a == b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
        "t_before": lambda a, b: a < b,
        "t_after": lambda a, b: a > b,
    }
    if isinstance(right, bool) and "." in left["property"]:
        right = "true" if right else "false"  # booleans of properties are texts
    return _held(left, thing, row, right, lambda value: tests[operator](value, _plain(right)))


def _held(
    subject: Any, thing: Known, row: dict[str, Any] | None, given: Any, test: Callable[[Any], bool]
) -> Truth:
    """Of the values of the type of `given`: one passes, none does, or there is none."""
    kind = _kind(_plain(given))
    comparable = [value for value in _values(subject["property"], thing, row) if _kind(value) == kind]
    return any(map(test, comparable)) if comparable else None


def _values(name: str, thing: Known, row: dict[str, Any] | None) -> Sequence[Any]:
    head, _, tail = name.rpartition(".")
    if name in ATTRIBUTES:
        found = thing.attributes.get(name)
        return [] if found is None else [found]
    if row is not None and name in FIELDS | {"signal", "settable"}:
        return [row[name]] if name in row else []
    if not head or tail in FIELDS:
        own = thing.signals.get(head or name, {})
        field = tail if head else "value"
        return [own[field]] if field in own else []
    return thing.properties.get(head, {}).get(tail, [])


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        moment = datetime.fromisoformat(value["timestamp"])
        return to_microseconds(moment.astimezone(UTC))
    return value


def _in(value: Any, low: Any, high: Any) -> bool:
    return bool(_plain(low) <= value <= _plain(high))


def _regular(pattern: str) -> re.Pattern[str]:
    escaped = "".join({"%": "*", "_": "?"}.get(c, f"[{c}]" if c in "*?[" else c) for c in pattern)
    return re.compile(fnmatch.translate(escaped))


def _touches(geometry: Any, bounds: tuple[float, float, float, float] | None) -> Truth:
    if bounds is None:
        return None
    given = shapely.box(*geometry["bbox"]) if "bbox" in geometry else shapely.geometry.shape(geometry)
    return bool(shapely.box(*bounds).intersects(given))
