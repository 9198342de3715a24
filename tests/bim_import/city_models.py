"""City models made for tests, and what an import of one leaves behind."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bim_import import ImportOptions, ImportResult
from bim_import.cityjson.importer import import_cityjson
from twin.objects import SourceObject
from twin.source import Mesh, SourceReport
from twin.spool import Spool

BOX = [
    [0, 0, 0], [10, 0, 0], [10, 20, 0], [0, 20, 0],
    [0, 0, 6], [10, 0, 6], [10, 20, 6], [0, 20, 6],
]  # fmt: skip
BOX_FACES = [[[3, 2, 1, 0]], [[4, 5, 6, 7]], [[0, 1, 5, 4]], [[1, 2, 6, 5]], [[2, 3, 7, 6]], [[3, 0, 4, 7]]]
RD = "https://www.opengis.net/def/crs/EPSG/0/7415"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a spool holds after an import."""

    result: ImportResult
    spool: Spool
    objects: list[SourceObject]

    @property
    def report(self) -> SourceReport:
        return self.result.report

    def of(self, global_id: str) -> SourceObject:
        return next(item for item in self.objects if item.global_id == global_id)

    def meshes(self, global_id: str) -> list[tuple[Mesh, NDArray[np.float64]]]:
        """Meshes that draw an object, each with its (n, 3) local positions."""
        rows = self.spool.instances[self.spool.instances["ordinal"] == self.of(global_id).ordinal]
        found = []
        for row in rows:
            mesh = self.spool.mesh(int(row["mesh"]))
            placed = (mesh.positions.astype(np.float64) + mesh.origin) @ row["transform"][:, :3].T
            found.append((mesh, placed + row["transform"][:, 3]))
        return found

    def colors(self, global_id: str) -> dict[tuple[float, ...], int]:
        """Triangles by colour."""
        counts: dict[tuple[float, ...], int] = {}
        for mesh, _ in self.meshes(global_id):
            for material, _, count in mesh.parts.tolist():
                color = self.spool.materials[material].color
                counts[color] = counts.get(color, 0) + count
        return counts


def read_back(result: ImportResult, folder: Path) -> Imported:
    spool = Spool(folder)
    objects = [item for batch in spool.objects() for item in batch]
    assert [item.ordinal for item in objects] == list(range(len(objects)))
    assert [item.global_id for item in objects] == sorted(item.global_id for item in objects)
    report = result.report
    assert report.drawn + sum(report.not_drawn.values()) == report.products
    drawn = set(spool.instances["ordinal"].tolist())
    assert report.drawn == len(drawn)
    return Imported(result=result, spool=spool, objects=objects)


def import_json(tmp_path: Path, *documents: dict[str, Any], **options: Any) -> Imported:
    """Import a CityJSON document, or several as a text sequence."""
    source = tmp_path / "model.city.json"
    source.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in documents), "utf-8")
    folder = tmp_path / "spool"
    result = import_cityjson(source, folder, options=ImportOptions(**options), progress=lambda _: None)
    return read_back(result, folder)


def city(objects: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A CityJSON document of a box's vertices near Delft."""
    return {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [1.0, 1.0, 1.0], "translate": [84_000.0, 447_000.0, 0.0]},
        "metadata": {"referenceSystem": RD},
        "CityObjects": objects,
        "vertices": BOX,
    } | members


def solid(**members: Any) -> dict[str, Any]:
    return {"type": "Solid", "lod": "2.2", "boundaries": [BOX_FACES]} | members


def building(*geometries: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"type": "Building", "geometry": list(geometries)} | members


def volume(mesh: Mesh, positions: NDArray[np.float64]) -> float:
    """Signed volume by the divergence theorem, m³."""
    a, b, c = (positions[mesh.triangles[:, k]] - positions[0] for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)
