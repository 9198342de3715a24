"""City models, map layers, extracts and clouds made by others, through the whole import: their tiles keep every promise.

A few small files of each kind; `benchmarks/coverage_layers.py --check` does the same with all of them.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.importing.batch import import_sources
from api.importing.events import ImportRequest
from api.settings import Settings
from tests.tiles.conftest import Built
from tests.tiles.promises import broken_promises
from twin.source import SourceReport

pytestmark = pytest.mark.timeout(600)

_CJIO, _PLATEAU = "citymodel/cityjson+cjio/tests/data", "citymodel/MIERUNE+plateau-gis-converter"
_OSM = "gis/graphhopper+graphhopper/_history/core/files"

FILES: dict[str, dict[str, Any]] = {
    f"{_CJIO}/rotterdam/rotterdam_one.json": {},
    f"{_CJIO}/rotterdam/rotterdam_subset.json": {"crs": "EPSG:28992"},
    f"{_CJIO}/zurich/zurich_subset_lod2.json": {},
    f"{_PLATEAU}/_history/nusamai-plateau/tests/data/53394525_frn_6697_op.gml": {},
    f"{_PLATEAU}/_history/nusamai-plateau/tests/data/yokosuka-shi/udx/bldg/52397519_bldg_6697_op.gml": {},
    f"{_OSM}/berlin-siegessaeule.osm.pbf": {},
    "gis/Gaia3D+mago-3d-tiler/mago-tiler/src/test/resources/sample-geopackage/footprint.gpkg": {},
    "gis/Gaia3D+mago-3d-tiler/mago-tiler/src/test/resources/sample-shape/footprint.shp": {},
    "gis/maptalks+maptalks.three/demo/data/ny/111.json": {},
    "pointcloud/py3dtiles+py3dtiles/tests/fixtures/with_srs_3857.las": {},
}
"""With what a person has to state of those that do not say where they are."""


def run(folder: Path, source: Path, **stated: Any) -> SourceReport:
    request = ImportRequest(sources=[source], key="m", **stated)
    (report,) = import_sources(Settings(data=folder, workers=2), request, lambda _event: None)
    return report


def found_file(real_data: Path, name: str) -> Path:
    """A file of the real data; some were put elsewhere in their folder later."""
    if (real_data / name).is_file():
        return real_data / name
    return next(iter(sorted((real_data / name.split("/", maxsplit=1)[0]).rglob(Path(name).name))))


@pytest.mark.node
@pytest.mark.parametrize("name", FILES)
def test_tiles_of_real_files_keep_every_promise(
    real_data: Path, tmp_path: Path, node: str, name: str
) -> None:
    report = run(tmp_path, found_file(real_data, name), **FILES[name])
    assert report.tileset is not None
    tileset = tmp_path / report.tileset
    found = broken_promises(tileset.parent, tileset.name, node)
    assert found.problems == []
    assert found.features == report.drawn
    assert found.vertices > 0


@pytest.mark.node
def test_a_mesh_keeps_every_promise(tmp_path: Path, node: str) -> None:
    import trimesh  # noqa: PLC0415 - half a second, for this test only

    scene = trimesh.Scene([trimesh.creation.box(), trimesh.creation.icosphere(subdivisions=3)])
    (tmp_path / "a.glb").write_bytes(scene.export(file_type="glb"))
    report = run(tmp_path / "data", tmp_path / "a.glb", origin=(121.5, 29.8, 3.0))
    assert report.tileset is not None
    tileset = tmp_path / "data" / report.tileset
    assert broken_promises(tileset.parent, tileset.name, node).problems == []


def _leaf(document: dict[str, Any]) -> dict[str, Any]:
    tile: dict[str, Any] = document["root"]
    while tile.get("children"):
        tile = tile["children"][0]
    return tile


def _smaller_box(document: dict[str, Any]) -> None:
    box = _leaf(document)["boundingVolume"]["box"]
    box[3:] = [value * 0.9 for value in box[3:]]


def _larger_box(document: dict[str, Any]) -> None:
    box = _leaf(document)["boundingVolume"]["box"]
    box[3:] = [value * 50.0 for value in box[3:]]


def _error_of_a_leaf(document: dict[str, Any]) -> None:
    _leaf(document)["geometricError"] = 0.5


def _error_that_grows(document: dict[str, Any]) -> None:
    document["root"]["geometricError"] = 0.0


def _statistics_of_others(document: dict[str, Any]) -> None:
    document["statistics"]["classes"]["feature"]["count"] += 1


def _range_of_others(document: dict[str, Any]) -> None:
    document["statistics"]["classes"]["feature"]["properties"]["state_index"]["max"] += 1


BREAKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "out of a box": _smaller_box,
    "out of the one above": _larger_box,
    "a leaf has an error": _error_of_a_leaf,
    "below one of": _error_that_grows,
    "statistics count": _statistics_of_others,
    "state_index ranges": _range_of_others,
}


@pytest.mark.node
@pytest.mark.parametrize("problem", BREAKS)
def test_a_broken_promise_of_a_tileset_is_told(
    packed: Built, tmp_path: Path, node: str, problem: str
) -> None:
    folder = Path(shutil.copytree(packed.folder, tmp_path / "tiles"))
    document = json.loads((folder / packed.result.tileset).read_bytes())
    BREAKS[problem](document)
    (folder / packed.result.tileset).write_text(json.dumps(document))
    assert any(problem in each for each in broken_promises(folder, packed.result.tileset, node).problems)


def _other_maximum(gltf: dict[str, Any]) -> None:
    next(each for each in gltf["accessors"] if "max" in each)["max"][0] += 1.0


def _no_table(gltf: dict[str, Any]) -> None:
    gltf["extensions"].pop("EXT_structural_metadata", None)


def _elsewhere(gltf: dict[str, Any]) -> None:
    root = gltf["nodes"][gltf["scenes"][0]["nodes"][0]]
    root["matrix"][12] += 100.0


GLTF_BREAKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "ACCESSOR_MAX_MISMATCH": _other_maximum,
    "features without a table": _no_table,
    "a vertex lies": _elsewhere,
}


@pytest.mark.node
@pytest.mark.parametrize("problem", GLTF_BREAKS)
def test_a_broken_tile_is_told(plain: Built, tmp_path: Path, node: str, problem: str) -> None:
    folder = Path(shutil.copytree(plain.folder, tmp_path / "tiles"))
    for tile in (folder / "content").glob("*.glb"):
        _rewrite(tile, GLTF_BREAKS[problem])
    assert any(problem in each for each in broken_promises(folder, plain.result.tileset, node).problems)


def _rewrite(tile: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the JSON of a .glb."""
    data = tile.read_bytes()
    size = int.from_bytes(data[12:16], "little")
    gltf = json.loads(data[20 : 20 + size])
    change(gltf)
    words = json.dumps(gltf).encode()
    words += b" " * (-len(words) % 4)
    head = data[:8] + (len(data) - size + len(words)).to_bytes(4, "little") + len(words).to_bytes(4, "little")
    tile.write_bytes(head + data[16:20] + words + data[20 + size :])
