"""Solids read back from published, decoded tiles of real files: volumes against shapely, trimesh and formulas, places against
pyproj, and whether they are closed.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import osmium
import pyproj
import pytest
import shapely
import trimesh
from numpy.typing import NDArray

from tests.bim_import.gis_layers import NINGBO, block, feature, geojson, true_area
from tests.tiles.reading import features_of
from tests.tiles.test_real_layers import found_file, run
from tests.tiles.validator import validate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

Corners = NDArray[np.float64]

SHARE = 1e-3
"""What volumes may differ by."""

LATTICE_M = 2.0**-9
"""How far the lattice of packed layers puts a vertex off, each way: half its step (tiles.vertices.LAYER_STEP)."""

DEFAULT_M = 6.0
_SAMPLES = "gis/Gaia3D+mago-3d-tiler/mago-tiler/src/test/resources"
_EXTRACTS = "gis/graphhopper+graphhopper/_history/core/files"
_CJIO = "citymodel/cityjson+cjio/tests/data"
_TO_ECEF = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)


def read(folder: Path, source: Path, node: str | None, **stated: Any) -> dict[str, Corners]:
    """Import a file and read its features back: from packed tiles with `node`, from plain ones without."""
    report = run(folder, source, compress=node is not None, **stated)
    assert report.tileset is not None, report.reason
    tileset = folder / report.tileset
    if node is not None:
        validate(node, tileset.parent / "content")
    return features_of(tileset.parent, tileset.name, decoded=node is not None)


def body_of(corners: Corners) -> trimesh.Trimesh:
    """Triangles as a body; vertices at one place to a tenth of a millimetre are one."""
    centred = (corners - corners.reshape(-1, 3).mean(axis=0)).reshape(-1, 3)
    _, first, faces = np.unique(np.round(centred / 1e-4), axis=0, return_index=True, return_inverse=True)
    faces = faces.reshape(-1, 3)
    apart = (faces != np.roll(faces, 1, axis=1)).all(
        axis=1
    )  # the lattice closes slits, and what lay in them is a line
    return trimesh.Trimesh(centred[first], faces[apart], process=False)


def is_closed(body: trimesh.Trimesh) -> bool:
    """Whether every edge is there as often one way as the other: it is watertight, and turned outward alike. Plans that touch
    themselves have edges of four faces, which trimesh's `is_watertight` does not take.
    """
    edges = Counter(map(tuple, body.edges.tolist()))
    return all(edges[b, a] == count for (a, b), count in edges.items())


def off_by_lattice(body: trimesh.Trimesh) -> float:
    """The most that moving every vertex of a body by half a step of the lattice changes its volume, cubic metres."""
    return float(body.area * LATTICE_M * np.sqrt(3.0))


def footprints(source: Path) -> Iterator[tuple[str, shapely.Geometry, float, float]]:
    """Id, valid plan, its square metres and height of each feature of a layer, by geopandas, shapely and PROJ's equal-area map."""
    table = geopandas.read_file(source, fid_as_index=True)
    west, south, _, _ = table.total_bounds
    map_ = pyproj.CRS(f"+proj=laea +lon_0={west} +lat_0={south} +datum=WGS84 +units=m")
    plans = shapely.make_valid(
        shapely.force_2d(table.geometry.to_numpy()), method="structure", keep_collapsed=False
    )
    areas = geopandas.GeoSeries(plans, crs=4326).to_crs(map_).area
    for fid, plan, area, height in zip(table.index, plans, areas, table["height"], strict=True):
        yield str(fid), plan, area, float(height) if height > 0.0 else DEFAULT_M


LAYERS = {
    "gis/ni1o1+pybdshadow/example/data/bd_demo_2.json": 3076,
    f"{_SAMPLES}/sample-geopackage/footprint.gpkg": 177,
}


@pytest.mark.node
@pytest.mark.parametrize(
    ("name", "packed"),
    [(name, packed) for name, count in LAYERS.items() for packed in (True, False) if packed or count < 1000],
)
def test_footprints_of_real_layers_are_closed_solids_of_area_times_height_where_pyproj_says(
    real_data: Path, tmp_path: Path, node: str, name: str, *, packed: bool
) -> None:
    source = found_file(real_data, name)
    found = read(tmp_path, source, node if packed else None)
    assert len(found) == LAYERS[name]
    for id_, plan, area, height in footprints(source):
        expected = area * height
        body = body_of(found[id_])
        assert is_closed(body), id_
        allowed = expected * SHARE + (off_by_lattice(body) if packed else 0.0)
        assert abs(body.volume - expected) <= allowed, id_
        assert farthest_m(plan, height, found[id_]) < 0.01, id_


def farthest_m(plan: shapely.Geometry, height: float, corners: Corners) -> float:
    """Distance from the farthest corner of a plan, at its foot and at its top, to the nearest edge that is drawn: corners on
    the line between their neighbours are left out.
    """
    lon, lat = shapely.get_coordinates(plan).T
    levels = [np.column_stack(_TO_ECEF.transform(lon, lat, np.full(len(lon), z))) for z in (0.0, height)]
    begin, end = corners.reshape(-1, 3), np.roll(corners, -1, axis=1).reshape(-1, 3)
    along = end - begin
    lengths = np.maximum((along**2).sum(axis=1), 1e-12)
    from_begin = np.concatenate(levels)[:, None] - begin[None]
    share = np.clip((from_begin * along).sum(axis=2) / lengths, 0.0, 1.0)
    off = np.linalg.norm(from_begin - share[..., None] * along, axis=2)
    return float(off.min(axis=1).max())


class _Roofs(osmium.SimpleHandler):
    """Ways with a roof that is not flat, and with heights of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, dict[str, str]] = {}

    def way(self, way: Any) -> None:
        tags = {tag.k: tag.v for tag in way.tags}
        if "building" in tags and tags.get("roof:shape", "flat") != "flat":
            self.tags[f"way/{way.id}"] = tags


@pytest.mark.node
def test_buildings_of_an_extract_are_closed_pitched_roofs_too(
    real_data: Path, tmp_path: Path, node: str
) -> None:
    source = found_file(real_data, f"{_EXTRACTS}/lauf-200115.osm.pbf")
    rules = tmp_path / "rules.toml"
    rules.write_text('layers = ["buildings", "building_parts"]\n')
    found = read(tmp_path / "data", source, node, rules=rules)
    roofs = _Roofs()
    roofs.apply_file(str(source))
    pitched = [id_ for id_ in roofs.tags if id_ in found]
    assert [id_ for id_, corners in found.items() if not is_closed(body_of(corners))] == []
    assert len(found) > 6000
    assert len(pitched) > 10
    for corners in found.values():
        assert body_of(corners).volume > 0.0


SHARES = {"flat": 1.0, "gabled": 1 / 2, "hipped": 5 / 12, "pyramidal": 1 / 3, "skillion": 1 / 2}
"""Of roofs over a rectangle of 20 m by 10 m, as shares of the box around them."""


@pytest.mark.node
def test_roofs_have_the_volumes_of_their_formulas_in_decoded_tiles(tmp_path: Path, node: str) -> None:
    lon, lat = NINGBO
    plans = [block(lon + 0.001 * at, lat) for at in range(len(SHARES))]
    tags = [{"height": 10.0, "roof:shape": shape, "roof:height": 4} for shape in SHARES]
    source = geojson(tmp_path, *(feature(plan, **each) for plan, each in zip(plans, tags, strict=True)))
    found = read(tmp_path / "data", source, node)
    for at, (shape, share) in enumerate(SHARES.items()):
        body = body_of(found[str(at)])
        assert body.is_watertight, shape
        expected = true_area(lon, lat, plans[at]) * (6.0 + 4.0 * share)
        assert body.volume == pytest.approx(expected, rel=SHARE), shape


CITY = {
    "delft.json": (28992, 570),
    "zurich/zurich_subset_lod2.json": (2056, 161),
    "DH_01_subs.city.json": (28992, 9),
}
"""CRS, and how many objects have faces. Few of them are closed: what they enclose is told from one of their corners."""


@pytest.mark.node
@pytest.mark.parametrize("name", CITY)
def test_faces_of_real_cityjson_enclose_their_volume_where_pyproj_says_in_decoded_tiles(
    real_data: Path, tmp_path: Path, node: str, name: str
) -> None:
    crs, count = CITY[name]
    source = found_file(real_data, f"{_CJIO}/{name}")
    document = json.loads(source.read_text("utf-8"))
    found = read(tmp_path, source, node, crs=f"EPSG:{crs}", height_offset_m=0.0)
    assert len(found) == count
    transform = document["transform"]
    vertices = np.array(document["vertices"]) * transform["scale"] + transform["translate"]
    lon, lat = pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(*vertices[:, :2].T)
    places = np.column_stack(_TO_ECEF.transform(lon, lat, vertices[:, 2]))
    compared = 0
    for id_, item in document["CityObjects"].items():
        faces = faces_of(item.get("geometry") or [])
        if not faces:
            continue
        corners = found[id_].reshape(-1, 3)
        used = np.unique([corner for face in faces for ring in face for corner in ring])
        off = np.linalg.norm(places[used, None] - corners[None], axis=2).min(axis=1)
        assert off.max() < 0.01, id_
        base = faces[0][0][0]
        expected = fanned(vertices, faces, vertices[base]) / areal_scale(crs, vertices[base])
        around = found[id_] - places[base]
        volume = float(np.einsum("ij,ij->", around[:, 0], np.cross(around[:, 1], around[:, 2]))) / 6.0
        body = body_of(found[id_])
        assert abs(volume - expected) <= abs(expected) * SHARE + off_by_lattice(body), id_
        compared += 1
    assert compared == count


def faces_of(geometries: list[Any]) -> list[Any]:
    """The faces of the highest level of detail, where that is one solid or surface."""
    if not geometries:
        return []
    levels = [float(each.get("lod", 0)) for each in geometries]
    best = geometries[levels.index(max(levels))]
    if levels.count(max(levels)) > 1 or best["type"] not in ("Solid", "MultiSurface", "CompositeSurface"):
        return []
    boundaries: list[Any] = best["boundaries"]
    return [face for shell in boundaries for face in shell] if best["type"] == "Solid" else boundaries


def fanned(vertices: Corners, faces: list[Any], base: NDArray[np.float64]) -> float:
    """Volume between faces and a point, every ring fan by fan, however the faces are cut."""
    total = 0.0
    for ring in (ring for face in faces for ring in face):
        points = vertices[ring] - base
        total += float((np.cross(points[1:-1] - points[0], points[2:] - points[0]) @ points[0]).sum()) / 6.0
    return total


def areal_scale(crs: int, place: NDArray[np.float64]) -> float:
    """How many square metres of the map one on the ground is, at a place: 0.9998 in the Netherlands."""
    map_ = pyproj.Proj(crs)
    lon, lat = map_(place[0], place[1], inverse=True)
    return float(map_.get_factors(lon, lat).areal_scale)
