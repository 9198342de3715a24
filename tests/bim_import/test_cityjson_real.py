"""CityJSON files of others: compared with plain JSON, trimesh, pyproj and cjio."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import trimesh

from bim_import import ImportOptions, PlacementOverrides
from bim_import.cityjson.importer import import_cityjson
from tests.bim_import.city_models import Imported, read_back
from twin.frames import Frame


def _real_files(real_data: Path) -> list[Path]:
    return sorted((real_data / "citymodel" / "cityjson+cjio").rglob("*.json"))


def test_every_real_file_has_as_many_products_as_city_objects(real_data: Path, tmp_path: Path) -> None:
    for number, file in enumerate(_real_files(real_data)):
        document = json.loads(file.read_text("utf-8"))
        folder = tmp_path / str(number)
        declared = "referenceSystem" in document.get("metadata", {})
        overrides = PlacementOverrides(crs=None if declared else "EPSG:28992")
        result = import_cityjson(
            file, folder, options=ImportOptions(placement=overrides), progress=lambda _: None
        )
        found = read_back(result, folder)
        kinds = Counter(item["type"] for item in document["CityObjects"].values())
        assert {name: count.read for name, count in found.report.by_class.items()} == kinds
        without = sum(not item.get("geometry") for item in document["CityObjects"].values())
        assert found.report.not_drawn.get("no representation", 0) == without
        assert found.report.drawn == found.report.products - without, file


def test_closed_solids_of_real_files_have_trimesh_s_volume_and_pyproj_s_place(
    real_data: Path, tmp_path: Path
) -> None:
    compared = 0
    for number, file in enumerate(_real_files(real_data)):
        document = json.loads(file.read_text("utf-8"))
        crs = document.get("metadata", {}).get("referenceSystem", "EPSG/28992").rsplit("/", 1)[1]
        options = ImportOptions(placement=PlacementOverrides(crs=f"EPSG:{crs}", height_offset_m=0.0))
        folder = tmp_path / str(number)
        result = import_cityjson(file, folder, options=options, progress=lambda _: None)
        compared += _compared(read_back(result, folder), document, int(crs))
    assert compared > 20


_FAR_FROM_ITS_MAP_M = 10_000.0
"""The cube at 0, 0 of EPSG:28992 is in France, where a metre of the Dutch map is none."""


def _compared(found: Imported, document: dict[str, Any], crs: int) -> int:
    """Checks every closed solid that is its object's highest geometry; returns how many there are."""
    transform = document.get("transform", {"scale": [1.0] * 3, "translate": [0.0] * 3})
    vertices = np.array(document["vertices"] or [[0] * 3]) * transform["scale"] + transform["translate"]
    frame = Frame(found.result.diagnosis.placement)
    to_wgs84 = pyproj.Transformer.from_crs(crs, 4326, always_xy=True)
    compared = 0
    for name, item in document["CityObjects"].items():
        geometry: dict[str, Any] = max(
            item.get("geometry", []), key=lambda g: float(g.get("lod", 0)), default={}
        )
        if geometry.get("type") != "Solid" or vertices[:, 0].min() < _FAR_FROM_ITS_MAP_M:
            continue
        ((mesh, positions),) = found.meshes(name)
        body = trimesh.Trimesh(positions, mesh.triangles, process=False)
        body.merge_vertices(merge_norm=True, merge_tex=True)
        if not body.is_volume:
            continue
        assert body.volume == pytest.approx(_volume_of(vertices, geometry), rel=1e-3)
        boundaries = geometry["boundaries"]
        corners = vertices[np.unique([c for shell in boundaries for f in shell for ring in f for c in ring])]
        lon, lat = to_wgs84.transform(*corners[:, :2].T)
        place = frame.to_geographic(positions)
        east = (place[:, 0][:, None] - lon) * np.cos(np.radians(lat))
        metres = np.hypot(east, place[:, 1][:, None] - lat) * 111_320.0
        assert metres.min(axis=0).max() < 0.01
        compared += 1
    return compared


def _volume_of(vertices: np.ndarray, geometry: dict[str, Any]) -> float:
    """Volume of a solid from its faces as they are, fan by fan: independent of how they are cut."""
    total = 0.0
    base = vertices[geometry["boundaries"][0][0][0][0]]
    for shell in geometry["boundaries"]:
        for face in shell:
            for ring in face:
                points = vertices[ring] - base
                fans = np.cross(points[1:-1], points[2:])
                total += float((fans @ points[0]).sum()) / 6.0
    return abs(total)


@pytest.mark.parametrize(
    "name", ["delft.json", "zurich/zurich_subset_lod2.json", "rotterdam/rotterdam_one.json"]
)
def test_a_sequence_that_cjio_makes_of_a_file_is_the_same_model(
    real_data: Path, tmp_path: Path, name: str
) -> None:
    file = real_data / "citymodel" / "cityjson+cjio" / "tests" / "data" / name
    sequence = tmp_path / "model.city.jsonl"
    # In a process of its own: imported, it makes all JSON of this one have six digits after the point.
    command: list[str | Path] = [
        Path(sys.executable).with_name("cjio"),
        "--suppress_msg",
        file,
        "export",
        "jsonl",
        sequence,
    ]
    subprocess.run(command, check=True, capture_output=True)
    imported = []
    for number, source in enumerate((file, sequence)):
        folder = tmp_path / str(number)
        result = import_cityjson(source, folder, options=ImportOptions(), progress=lambda _: None)
        imported.append(read_back(result, folder))
    whole, lines = imported
    frame, other_frame = (Frame(each.result.diagnosis.placement) for each in imported)
    assert [item.global_id for item in lines.objects] == [item.global_id for item in whole.objects]
    assert lines.report.by_class == whole.report.by_class
    for item in whole.objects[::7]:
        ours, theirs = whole.meshes(item.global_id), lines.meshes(item.global_id)
        assert len(ours) == len(theirs)
        for (mesh, positions), (same, others) in zip(ours, theirs, strict=True):
            assert len(mesh.triangles) == len(same.triangles)
            here, there = frame.to_ecef(positions), other_frame.to_ecef(others)
            assert np.allclose(here.min(axis=0), there.min(axis=0), atol=2e-3)
            assert np.allclose(here.max(axis=0), there.max(axis=0), atol=2e-3)
