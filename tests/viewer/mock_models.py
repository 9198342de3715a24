"""Models of the small community, and their documents as the API has them."""

from dataclasses import dataclass, field
from typing import Any

from tests.viewer.building import Item, pipes_below, residential_block

METRES_PER_DEGREE = 111_320.0
JsonObject = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model of the mock. `place` is (lon, lat, height) of its local origin."""

    key: str
    name: str
    items: list[Item]
    first_index: int
    place: tuple[float, float, float]
    confidence: str = "high"
    warnings: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    kind: str = "ifc"

    def bounds(self, items: list[Item]) -> list[float] | None:
        """(w, s, lowest, e, n, highest) of what is drawn; flat earth is exact enough for 50 m."""
        boxes = [box for item in items for box in item.boxes]
        if not boxes:
            return None
        lon, lat, height = self.place
        lower = [min(box[axis] for box in boxes) for axis in range(3)]
        upper = [max(box[axis + 3] for box in boxes) for axis in range(3)]
        east = METRES_PER_DEGREE * 0.8671
        west_south = [lon + lower[0] / east, lat + lower[1] / METRES_PER_DEGREE, height + lower[2]]
        return [*west_south, lon + upper[0] / east, lat + upper[1] / METRES_PER_DEGREE, height + upper[2]]


def community(ground_m: float = 12.5) -> list[Model]:
    """A house with two basements, and pipes whose place is doubtful."""
    house, pipes = residential_block().items, pipes_below().items
    place = (121.5493, 29.8683, ground_m)
    doubt = "No coordinate system in the file; placed by IfcSite latitude and longitude, which are rounded to a second."
    return [
        Model(key="yongjiang-a03-1", name="1 号住宅楼 建筑", items=house, first_index=0, place=place),
        Model(
            key="a03-water", name="室外给水管网", items=pipes, first_index=len(house), place=place,
            confidence="low", warnings=(doubt,), names={"zh": "室外给水管网", "en": "Outdoor water mains"},
        ),
    ]  # fmt: skip


def summary(model: Model, item: Item) -> JsonObject:
    """An object as lists have it."""
    below = [other for other in model.items if other.parent == item.global_id]
    index = next(n for n, other in enumerate(model.items) if other is item)
    names = {other.global_id: other.name for other in model.items}
    return {
        "id": f"{model.key}/{item.global_id}",
        "model": model.key,
        "global_id": item.global_id,
        "class": item.class_,
        "name": item.name,
        "state_index": model.first_index + index,
        "parent": item.parent and f"{model.key}/{item.parent}",
        "storey": item.storey and f"{model.key}/{item.storey}",
        "storey_name": names.get(item.storey or ""),
        "discipline": item.discipline,
        "hidden": item.hidden,
        "has_children": bool(below),
        "bounds": model.bounds(_under(model, item)),
    }


def _under(model: Model, item: Item) -> list[Item]:
    if item.class_ in {"IfcProject", "IfcSite", "IfcBuilding"}:
        return model.items
    if item.class_ == "IfcBuildingStorey":
        return [other for other in model.items if other.storey == item.global_id]
    return [item]


def detail(model: Model, item: Item) -> JsonObject:
    """An object with its card."""
    by_id = {other.global_id: other for other in model.items}
    path: list[JsonObject] = []
    parent = item.parent
    while parent:
        step = by_id[parent]
        path.insert(0, {"id": f"{model.key}/{parent}", "name": step.name, "class": step.class_})
        parent = step.parent
    empty = dict.fromkeys(("long_name", "description", "object_type", "predefined_type", "tag", "type_name"))
    lists: JsonObject = {
        "materials": [],
        "classifications": [],
        "groups": [],
        "properties": {},
        "same_as": [],
    }
    return summary(model, item) | empty | lists | item.attributes | {"path": path}


def describe(model: Model) -> JsonObject:
    """A model as `/api/v1/models` has it."""
    drawn = [item for item in model.items if item.boxes]
    not_drawn = len(model.items) - 1 - len(drawn)
    found = {
        "what": "IfcMapConversion",
        "values": {"Eastings": 403_000.0, "Northings": 3_305_000.0},
        "used": True,
        "reason": "",
    }
    placement = {
        "crs": "EPSG:4549",
        "used": "IfcMapConversion" if model.confidence == "high" else "IfcSite",
        "confidence": model.confidence,
        "origin": list(model.place),
        "warnings": list(model.warnings),
        "found": [found],
    }
    return {
        "key": model.key,
        "name": model.name,
        "names": model.names,
        "class_names": {},
        "kind": model.kind,
        "source": f"{model.key}.ifc",
        "schema": "IFC4",
        "revision": 1,
        "imported_at": "2025-06-01T08:30:00Z",
        "objects": len(model.items),
        "drawn": len(drawn),
        "not_drawn": {"no representation": not_drawn} if not_drawn else {},
        "placement": placement,
        "bounds": model.bounds(model.items),
        "tileset": f"/tiles/{model.key}/tileset.json",
        "warnings": [],
    }
