"""Sources, requests and whole imports for the tests of stores."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from twin.events import Change
from twin.frames import Diagnosis, Placement
from twin.objects import Attributes, Property, SourceObject
from twin.ports import Boxes, ImportRequest, StagedRevision, Store, TilesetFiles
from twin.source import SourceReport

NOWHERE = Diagnosis(
    placement=Placement(kind="geographic", crs="EPSG:4979", origin=(121.5, 29.9, 0.0)),
    used="default",
    confidence="none",
)


def request(key: str, content: str = "1", **changes: Any) -> ImportRequest:
    values = {
        "key": key,
        "explicit": False,
        "source": f"/models/{key}.ifc",
        "kind": "ifc",
        "content_hash": content,
    }
    return ImportRequest(**{**values, **changes})


def plain(global_ids: Sequence[str], **changes: Any) -> list[SourceObject]:
    """Objects without a tree, in the order of GlobalIds."""
    return [
        SourceObject(ordinal=i, global_id=g, class_="IfcWall", name=f"Wall {g}", **changes)
        for i, g in enumerate(sorted(set(global_ids)))
    ]


def tree(rows: Mapping[str, tuple[str, str, str | None, str | None]]) -> list[SourceObject]:
    """Objects by GlobalId: class, name, GlobalIds of parent and storey."""
    ordinals = {g: i for i, g in enumerate(sorted(rows))}

    def ordinal(global_id: str | None) -> int | None:
        return None if global_id is None else ordinals[global_id]

    return [
        SourceObject(
            ordinal=i,
            global_id=g,
            class_=rows[g][0],
            name=rows[g][1],
            parent=ordinal(rows[g][2]),
            storey=ordinal(rows[g][3]),
        )
        for g, i in ordinals.items()
    ]


def building() -> list[SourceObject]:
    """A project, a building with three storeys (one below ground), four elements, a space."""
    storeys = {"s1": ("B1 车库", -3.6), "s2": ("1F", 0.0), "s3": ("2F", 3.3)}
    rows: dict[str, tuple[str, str, str | None, str | None]] = {
        "p": ("IfcProject", "康桥社区", None, None),
        "b": ("IfcBuilding", "1号楼", "p", None),
        **{g: ("IfcBuildingStorey", name, "b", None) for g, (name, _) in storeys.items()},
        "e1": ("IfcWall", "Wall 10", "s2", "s2"),
        "e2": ("IfcWall", "Wall 2", "s2", "s2"),
        "e3": ("IfcFlowMeter", "水表 SB-07", "s1", "s1"),
        "e4": ("IfcLamp", "Straßenlampe", "r", "s3"),
        "r": ("IfcSpace", "Lobby", "s3", "s3"),
    }
    elevations = {
        g: {"IfcBuildingStorey": {"Elevation": Property(value=e, type="IfcLengthMeasure", unit="m")}}
        for g, (_, e) in storeys.items()
    }
    found = []
    for item in tree(rows):
        about = Attributes(properties=elevations.get(item.global_id, {}))
        found.append(
            _replaced(
                item, attributes=about, product=item.class_ != "IfcProject", hidden=item.class_ == "IfcSpace"
            )
        )
    return found


PARENTS = {
    "b": "p",
    "s1": "b",
    "s2": "b",
    "s3": "b",
    "e1": "s2",
    "e2": "s2",
    "e3": "s1",
    "r": "s3",
    "e4": "r",
}
"""Of the objects of `building`, written out: what the store says of its tree is compared with this."""


def _replaced(item: SourceObject, **changes: Any) -> SourceObject:
    return replace(item, **changes)


def with_properties(global_ids: Sequence[str], values: Mapping[str, Any]) -> list[SourceObject]:
    """Objects with one set `Pset` each: GlobalId → property → value."""
    return [
        _replaced(
            item,
            attributes=Attributes(
                properties={
                    "Pset": {
                        n: Property(value=v, type="T") for n, v in values.get(item.global_id, {}).items()
                    }
                }
            ),
        )
        for item in plain(global_ids)
    ]


def boxes(rows: Sequence[tuple[float, ...] | None]) -> Boxes:
    """(n, 6); None: not drawn."""
    return np.array([(np.nan,) * 6 if row is None else row for row in rows], dtype=np.float64).reshape(-1, 6)


def no_boxes(count: int) -> Boxes:
    return np.full((count, 6), np.nan)


def staged(
    store: Store, key: str, objects: Sequence[SourceObject], content: str = "1", **changes: Any
) -> tuple[StagedRevision, list[int]]:
    """Begin a revision and stage objects; returns it with the state indexes."""
    revision = store.begin_revision(request(key, content, **changes))
    assert isinstance(revision, StagedRevision)
    return revision, store.stage_objects(revision, objects).tolist()


def published(
    store: Store, revision: StagedRevision, files: Sequence[str] = (), tileset: str | None = "t.json"
) -> Change:
    report = SourceReport(source="x", key=revision.key, schema="IFC4", products=3, drawn=3)
    return store.publish(
        revision, tiles=TilesetFiles(tileset=tileset, files=tuple(files)), diagnosis=NOWHERE, report=report
    )


def imported(
    store: Store, key: str, objects: Sequence[SourceObject], content: str = "1", **changes: Any
) -> dict[str, int]:
    """Import objects without geometry; returns state indexes by GlobalId."""
    revision, indexes = staged(store, key, objects, content, **changes)
    published(store, revision, files=[f"content/{content}.glb"])
    return dict(zip((item.global_id for item in objects), indexes, strict=True))
