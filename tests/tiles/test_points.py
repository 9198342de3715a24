"""Point clouds from LAS to tiles: every point once, where pyproj puts it, in valid glTF; errors are what is left out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import laspy
import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bim_import import ImportOptions, PlacementOverrides
from bim_import.pointcloud.importer import import_points
from tests.tiles.reading import Glb, tiles_of
from tests.tiles.validator import validate
from tiles import BuiltTileset, TileOptions, build_tileset
from tiles.octree import MOST_POINTS, PointNode, octree
from twin.errors import DamagedSource, UnsupportedSource
from twin.frames import Frame
from twin.source import SourceReport
from twin.spool import Spool

_ORIGIN = np.array([678_000.0, 5_403_000.0, 400.0])


def _las(path: Path, count: int, *, crs: int | None = 32632, point_format: int = 7) -> NDArray[np.float64]:
    """A LAS file of points on a wavy square of 400 m; returns them."""
    rng = np.random.default_rng(3)
    flat = rng.uniform(0.0, 400.0, (count, 2))
    height = 5.0 * np.sin(flat[:, 0] / 20.0)
    points = np.column_stack([flat, height]) + _ORIGIN
    header = laspy.LasHeader(point_format=point_format, version="1.4")
    header.offsets, header.scales = _ORIGIN, np.full(3, 0.001)
    if crs is not None:
        header.add_crs(pyproj.CRS.from_epsg(crs))
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = points.T
    cloud.intensity = rng.integers(0, 5000, count).astype(np.uint16)
    cloud.classification = rng.choice(np.array([2, 5, 6], dtype=np.uint8), count)
    if point_format == 7:
        for name, value in (("red", 65_535), ("green", 32_768), ("blue", 0)):
            setattr(cloud, name, np.full(count, value, dtype=np.uint16))
    cloud.write(str(path))
    return np.column_stack([cloud.x, cloud.y, cloud.z]).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Tiled:
    report: SourceReport
    frame: Frame
    result: BuiltTileset
    folder: Path

    def glb(self, tile: dict[str, Any], *, decoded: bool) -> Glb:
        path = self.folder / tile["content"]["uri"]
        return Glb((path.parent / "decoded" / path.name if decoded else path).read_bytes())


def _tiled(source: Path, folder: Path, *, compress: bool = True, **options: Any) -> Tiled:
    spool = folder / "spool"
    result = import_points(source, spool, options=ImportOptions(**options), progress=lambda _: None)
    objects = [item for batch in Spool(spool).objects() for item in batch]
    assert [item.ordinal for item in objects] == list(range(len(objects)))
    assert [item.global_id for item in objects] == sorted(item.global_id for item in objects)
    frame = Frame(result.diagnosis.placement)
    indexes = np.arange(100, 100 + len(objects), dtype=np.uint32)
    options_ = TileOptions(compress=compress)
    built = build_tileset(
        Spool(spool), frame=frame, state_index=indexes, folder=folder / "tiles", options=options_
    )
    return Tiled(result.report, frame, built, folder / "tiles")


def _points(glb: Glb) -> tuple[NDArray[np.float64], dict[str, NDArray[Any]]]:
    """Positions of a tile in its z-up frame, and its attributes."""
    root = glb.json["nodes"][0]
    (child,) = (glb.json["nodes"][at] for at in root["children"])
    (primitive,) = glb.json["meshes"][child["mesh"]]["primitives"]
    assert primitive["mode"] == 0
    attributes = {name: glb.accessor(at) for name, at in primitive["attributes"].items()}
    scale = np.array(child.get("scale", [1.0] * 3))
    offset = np.array(child.get("translation", [0.0] * 3))
    return attributes["POSITION"].astype(np.float64) * scale + offset, attributes


@pytest.mark.node
def test_every_point_is_in_one_tile_where_pyproj_puts_it(tmp_path: Path, node: str) -> None:
    native = _las(tmp_path / "a.las", 150_000)
    tiled = _tiled(tmp_path / "a.las", tmp_path)
    reports = validate(node, tiled.folder / "content")
    assert {name: report["serious"] for name, report in reports.items() if report["count"]} == {}
    found = []
    for tile in tiles_of(tiled.folder, tiled.result.tileset):
        positions, attributes = _points(tiled.glb(tile.json, decoded=True))
        assert tile.outside(positions) <= 0.0
        ecef = positions @ tile.to_ecef[:3, :3].T + tile.to_ecef[:3, 3]
        found.append(ecef)
        assert {"COLOR_0", "_INTENSITY", "_CLASSIFICATION", "_FEATURE_ID_0"} <= attributes.keys()
        assert attributes["COLOR_0"][0, :3] == pytest.approx([1.0, 0.2122, 0.0], abs=0.01)
        assert tile.parent is None or tile.parent.json["geometricError"] > tile.json["geometricError"]
    assert tiled.result.tile_count > 3
    lon, lat = pyproj.Transformer.from_crs(32632, 4326, always_xy=True).transform(*native[:, :2].T)
    expected = np.column_stack(
        pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True).transform(
            lon, lat, native[:, 2]
        )
    )
    ours = np.concatenate(found)
    assert len(ours) == len(native)
    for column in range(3):
        assert np.abs(np.sort(ours[:, column]) - np.sort(expected[:, column])).max() < 0.01


def test_classes_are_objects_below_the_cloud_with_their_counts(tmp_path: Path) -> None:
    _las(tmp_path / "a.las", 3_000)
    tiled = _tiled(tmp_path / "a.las", tmp_path, compress=False)
    assert tiled.report.products == tiled.report.drawn == 3
    objects = {item.global_id: item for b in Spool(tmp_path / "spool").objects() for item in b}
    assert [item.name for item in objects.values()] == ["Ground", "High vegetation", "Building", ""]
    assert not objects["cloud"].product
    assert objects["class-002"].parent == objects["cloud"].ordinal
    counts = [
        objects[f"class-00{code}"].attributes.properties["attributes"]["points"].value for code in (2, 5, 6)
    ]
    assert sum(int(str(count)) for count in counts) == 3_000
    (tile,) = tiles_of(tiled.folder, tiled.result.tileset)
    _, attributes = _points(tiled.glb(tile.json, decoded=False))
    classes = np.array([2, 5, 6])
    assert np.array_equal(classes[attributes["_FEATURE_ID_0"]], attributes["_CLASSIFICATION"])


@pytest.mark.parametrize("suffix", ["las", "laz"])
def test_a_cloud_of_one_class_is_one_object(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    cloud = laspy.LasData(laspy.LasHeader(point_format=0, version="1.2"))
    cloud.x, cloud.y, cloud.z = np.arange(30.0).reshape(3, 10)
    cloud.write(str(path))
    tiled = _tiled(path, tmp_path, placement=PlacementOverrides(origin=(121.5, 29.8, 0.0)))
    assert (tiled.report.schema, tiled.report.products) == (f"{suffix.upper()} 1.2", 1)


def test_a_cloud_without_crs_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    _las(tmp_path / "a.las", 100, crs=None)
    with pytest.raises(UnsupportedSource, match="--crs"):
        _tiled(tmp_path / "a.las", tmp_path)


@pytest.mark.parametrize("keep", [0, 100, 1000, -50])
@pytest.mark.parametrize("suffix", ["las", "laz"])
def test_a_file_that_is_cut_off_is_damaged(tmp_path: Path, keep: int, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    _las(path, 2_000)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises((DamagedSource, UnsupportedSource), match=r"cut off|record that cannot be read"):
        _tiled(path, tmp_path)


@given(
    st.integers(1, 400).flatmap(
        lambda n: st.lists(st.tuples(*[st.integers(-(10**9), 10**9)] * 3), min_size=n, max_size=n)
    )
)
def test_every_point_is_in_exactly_one_node(points: list[tuple[int, int, int]]) -> None:
    tree = octree(np.array(points, dtype=np.int32))
    members = np.concatenate([each.members for each in tree.walk()])
    assert np.array_equal(np.sort(members), np.arange(len(points)))


def _below(node: PointNode) -> NDArray[np.int64]:
    return np.concatenate([each.members for child in node.children for each in child.walk()])


def test_the_error_of_a_node_bounds_the_distance_from_what_it_leaves_out() -> None:
    rng = np.random.default_rng(5)
    cells = np.vstack(
        [rng.integers(0, 100_000, (150_000, 3)), rng.integers(0, 50, (60_000, 3)), np.zeros((50_000, 3))]
    ).astype(np.int32)
    tree = octree(cells)
    for node in tree.walk():
        assert all(child.error < node.error for child in node.children)
        if not node.children:
            assert node.error == 0.0
            continue
        assert len(node.members) <= MOST_POINTS
        left = rng.choice(_below(node), 200)
        shown = cells[node.members].astype(np.float64)
        gaps = [np.linalg.norm(shown - cells[each], axis=1).min() for each in left]
        assert max(gaps) <= node.error
