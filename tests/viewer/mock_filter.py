"""The few conditions of the server's filter language that the page writes, on documents of objects."""

import json
import re
from typing import Any

import shapely

_ONE = re.compile(r"(\w+) (=|IN|NOT IN) (.+)", re.DOTALL)


def passes(text: str | None, item: dict[str, Any]) -> bool:
    """Whether an object passes; anything that the page does not write fails a test."""
    return text is None or all(_holds(part, item) for part in text.split(" AND "))


def _holds(part: str, item: dict[str, Any]) -> bool:
    if part.startswith("signal."):
        return True  # who has such a signal: pins are of all objects here, and without a code none is seen
    inside = re.fullmatch(r"S_INTERSECTS\(geometry, (POLYGON.*)\)", part)
    if inside:
        if item["bounds"] is None:
            return False
        west, south, _, east, north, _ = item["bounds"]
        return bool(shapely.intersects(shapely.from_wkt(inside[1]), shapely.box(west, south, east, north)))
    match = _ONE.fullmatch(part)
    assert match is not None, part
    name, operator, given = match.groups()
    if name == "state_index":
        return item[name] in json.loads(f"[{given[1:-1]}]")
    values = [value.replace("''", "'") for value in re.findall(r"'((?:[^']|'')*)'", given)]
    if item[name] is None:
        return False
    return (item[name] in values) is (operator != "NOT IN")
