"""Every promise of a published tileset, checked by other means than those that wrote it: for tests and for benchmarks.

The tiles are decoded by another implementation first, then the Khronos validator reads them; boxes, errors, feature ids and
property tables are compared with what the decoded bytes say.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.tiles.reading import Glb, Placed, documents_of, tiles_of
from tests.tiles.validator import validate

LARGEST_DOCUMENT = 1_000_000
LARGEST_TILE = 2_000_000
_NEAR_M = 1e-3
"""A millimetre: boxes of tiles are joined in frames that are turned against each other by the curve of the Earth."""


@dataclass(slots=True)
class Found:
    """What is wrong with a tileset, one sentence each, and what was looked at."""

    problems: list[str] = field(default_factory=list)
    tiles: int = 0
    vertices: int = 0
    features: int = 0
    largest_tile: int = 0
    largest_document: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    """Codes of what the validator merely remarks on."""


def broken_promises(folder: Path, tileset: str, node: str) -> Found:
    """Read all of a model's tiles back. `folder`: that of its tileset; `tileset`: the name of its first document."""
    found = Found()
    _sizes(folder, tileset, found)
    for name, report in validate(node, folder / "content").items():
        found.problems += [f"{name}: {each['code']} {each['message']}" for each in report["serious"]]
        found.messages.update(report["other"])
    document = json.loads((folder / tileset).read_bytes())
    schema = json.loads((folder / document["schemaUri"]).read_bytes())
    rows: list[dict[str, Any]] = []
    for tile in tiles_of(folder, tileset):
        found.problems += _errors(tile)
        if "content" not in tile.json:
            continue
        path = folder / tile.json["content"]["uri"]
        glb = Glb((path.parent / "decoded" / path.name).read_bytes())
        found.tiles += 1
        points = glb.positions()
        found.vertices += len(points)
        found.problems += [f"{path.name}: {each}" for each in [*_outside(tile, points), *_ids(glb)]]
        if "EXT_structural_metadata" in glb.json.get("extensions", {}):
            rows += glb.table(schema)
    found.features = len(rows)
    found.problems += [*_identities(rows), *_statistics(rows, document, schema)]
    return found


def _sizes(folder: Path, tileset: str, found: Found) -> None:
    for name in documents_of(folder, tileset):
        size = (folder / name).stat().st_size
        found.largest_document = max(found.largest_document, size)
        if size > LARGEST_DOCUMENT:
            found.problems.append(f"{name}: {size} bytes")
    for path in (folder / "content").glob("*.glb"):
        sent = Path(f"{path}.gz")
        size = (sent if sent.exists() else path).stat().st_size
        found.largest_tile = max(found.largest_tile, size)
        if size > LARGEST_TILE:
            found.problems.append(f"{path.name}: {size} bytes as sent")


def _errors(tile: Placed) -> Iterator[str]:
    error = tile.json["geometricError"]
    if "children" not in tile.json and error != 0.0:
        yield f"a leaf has an error of {error}"
    if tile.parent is None:
        return
    if not error < tile.parent.json["geometricError"]:
        yield f"an error of {error} below one of {tile.parent.json['geometricError']}"
    corners = tile.box[0] + np.array(list(product((-1.0, 1.0), repeat=3))) @ tile.box[1:]
    ecef = corners @ tile.to_ecef[:3, :3].T + tile.to_ecef[:3, 3]
    out = tile.parent.outside(tile.parent.from_ecef(ecef))
    if out > _NEAR_M:
        yield f"a box leads {out:.4f} m out of the one above"


def _outside(tile: Placed, points: NDArray[np.float64]) -> Iterator[str]:
    """Vertices (n, 3) of the tile's frame outside its box or one above."""
    if not np.isfinite(points).all():
        yield "a vertex is not finite"
    ecef = points @ tile.to_ecef[:3, :3].T + tile.to_ecef[:3, 3]
    at: Placed | None = tile
    while at is not None:
        out = at.outside(at.from_ecef(ecef))
        if out > (1e-6 if at is tile else _NEAR_M):
            yield f"a vertex lies {out:.6f} m out of a box"
        at = at.parent


def _ids(glb: Glb) -> Iterator[str]:
    """Feature ids count from 0 to n-1 and all lead to a row."""
    tables = glb.json.get("extensions", {}).get("EXT_structural_metadata", {}).get("propertyTables", [])
    used = glb.feature_ids()
    if not tables:
        if len(used):
            yield "features without a table"
        return
    if not np.array_equal(np.unique(used), np.arange(tables[0]["count"])):
        yield f"feature ids are not 0 to {tables[0]['count'] - 1}"


def _identities(rows: list[dict[str, Any]]) -> Iterator[str]:
    for key in ("global_id", "state_index"):
        twice = [value for value, count in Counter(row[key] for row in rows).items() if count > 1]
        if twice:
            yield f"{key} {twice[0]!r} is that of several features"


def _statistics(
    rows: list[dict[str, Any]], document: dict[str, Any], schema: dict[str, Any]
) -> Iterator[str]:
    """What the tileset says of all its features is what their tables hold."""
    told = document["statistics"]["classes"]["feature"]
    if told["count"] != len(rows):
        yield f"statistics count {told['count']} features, the tables have {len(rows)}"
    definitions = schema["classes"]["feature"]["properties"]
    for name, of in told["properties"].items():
        values = [row[name] for row in rows if row[name] is not None]
        if definitions[name]["type"] == "ENUM":
            if of["occurrences"] != dict(Counter(values)):
                yield f"statistics of {name} are not those of its values"
        elif not values:
            yield f"no feature has a {name}, the statistics say {of}"
        elif [of["min"], of["max"]] != [min(values), max(values)]:
            yield f"{name} ranges from {min(values)} to {max(values)}, the statistics say {of}"
    for name, definition in definitions.items():
        if definition.get("required") and any(row[name] is None for row in rows):
            yield f"{name} is required and missing"
