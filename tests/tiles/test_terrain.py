"""Terrain tiles: decoded by the specification, horizon points by what they promise, seams, gaps, levels."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tiles.quantized_mesh import SIDE, encode_patch
from tiles.terrain import Area, Cell, Surface, build_terrain, cells_of, filled, levels_of, patch_of
from twin.frames import ecef_from_geographic

_AREA = Area(west=7.0, south=46.0, east=7.05, north=46.04, pixel_m=25.0)


class _Hills:
    """Waves, unknown outside the area and in a hole."""

    def heights(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
        heights = 600.0 + 80.0 * np.sin(lon * 300.0) * np.cos(lat * 400.0)
        outside = (lon < _AREA.west) | (lon > _AREA.east) | (lat < _AREA.south) | (lat > _AREA.north)
        hole = np.hypot(lon - 7.02, lat - 46.02) < 0.003
        return np.where(outside | hole, np.nan, heights)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A tile as a reader sees it: lon, lat, height (n, 3), triangles, edges west, south, east, north."""

    header: tuple[float, ...]
    places: NDArray[np.float64]
    triangles: NDArray[np.int64]
    edges: list[NDArray[np.int64]]
    normals: NDArray[np.float64]


def _decode(data: bytes, cell: Cell) -> Decoded:
    """quantized-mesh 1.0, written after its specification."""
    header = struct.unpack_from("<3d2f4d3d", data)
    at = 88
    (count,) = struct.unpack_from("<I", data, at)
    at += 4
    columns = []
    for _ in range(3):
        coded = np.frombuffer(data, "<u2", count, at).astype(np.int64)
        columns.append(np.cumsum((coded >> 1) ^ -(coded & 1)))
        at += 2 * count
    (triangle_count,) = struct.unpack_from("<I", data, at)
    at += 4
    codes = np.frombuffer(data, "<u2", 3 * triangle_count, at).tolist()
    at += 6 * triangle_count
    indices, highest = [], 0
    for code in codes:
        indices.append(highest - code)
        highest += code == 0
    edges = []
    for _ in range(4):
        (length,) = struct.unpack_from("<I", data, at)
        edges.append(np.frombuffer(data, "<u2", length, at + 4).astype(np.int64))
        at += 4 + 2 * length
    kind, length = struct.unpack_from("<BI", data, at)
    assert (kind, length, at + 5 + length) == (1, 2 * count, len(data))
    flat = np.frombuffer(data, np.uint8, length, at + 5).reshape(-1, 2) / 255.0 * 2.0 - 1.0
    depth = 1.0 - np.abs(flat).sum(axis=1)
    folded = np.where(depth[:, None] < 0, (1 - np.abs(flat[:, ::-1])) * np.where(flat < 0, -1.0, 1.0), flat)
    normals = np.column_stack([folded, depth])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    west, south, east, north = cell.bounds
    share = np.column_stack(columns) / 32_767.0
    scale = np.array([east - west, north - south, header[4] - header[3]])
    return Decoded(
        header=header,
        places=share * scale + np.array([west, south, header[3]]),
        triangles=np.array(indices).reshape(-1, 3),
        edges=edges,
        normals=normals,
    )


def _tile(cell: Cell) -> Decoded:
    return _decode(encode_patch(patch_of(Surface(_Hills(), _AREA), cell)), cell)


def _cells(level: int) -> list[Cell]:
    return list(cells_of(_AREA, level))


def test_a_tile_decodes_to_the_heights_of_the_ground_and_faces_up() -> None:
    cell = _cells(13)[1]
    tile = _tile(cell)
    known = _Hills().heights(tile.places[:, 0], tile.places[:, 1])
    there = ~np.isnan(known)
    assert there.sum() > 100
    step = (tile.header[4] - tile.header[3]) / 32_767.0
    assert np.abs(tile.places[there, 2] - known[there]).max() < step + 0.05
    corners = ecef_from_geographic(tile.places)[tile.triangles]
    outward = np.einsum(
        "ij,ij->i", np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), corners[:, 0]
    )
    assert (outward > 0.0).all()
    assert (np.einsum("ij,ij->i", tile.normals, ecef_from_geographic(tile.places)) > 0.0).all()


def test_edges_lie_on_the_bounds_and_are_complete() -> None:
    cell = _cells(12)[0]
    tile = _tile(cell)
    west, south, east, north = cell.bounds
    for edge, axis, value in zip(tile.edges, (0, 1, 0, 1), (west, south, east, north), strict=True):
        assert len(edge) == SIDE
        assert np.allclose(tile.places[edge, axis], value, atol=1e-12)


def test_neighbours_of_one_level_meet_without_a_crack() -> None:
    cell = _cells(13)[0]
    left, right = _tile(cell), _tile(Cell(cell.level, cell.x + 1, cell.y))
    ours = left.places[left.edges[2]][np.argsort(left.places[left.edges[2], 1])]
    theirs = right.places[right.edges[0]][np.argsort(right.places[right.edges[0], 1])]
    step = max(left.header[4] - left.header[3], right.header[4] - right.header[3]) / 32_767.0
    assert np.abs(ours[:, 2] - theirs[:, 2]).max() <= step
    assert np.allclose(ours[:, :2], theirs[:, :2], atol=1e-9)


def _hidden(camera: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether points are behind the unit sphere, seen from a camera outside it (all in space scaled to that sphere)."""
    horizon = camera @ camera - 1.0
    there = points - camera
    towards = -(there @ camera)
    return np.asarray((towards > horizon) & (towards**2 > horizon * np.einsum("ij,ij->i", there, there)))


@pytest.mark.parametrize("level", [0, 1, 6, 13])
def test_the_sphere_bounds_all_points_and_where_the_horizon_point_is_hidden_so_are_they(level: int) -> None:
    tile = _tile(_cells(level)[-1])
    points = ecef_from_geographic(tile.places)
    centre, radius = np.array(tile.header[5:8]), tile.header[8]
    assert np.linalg.norm(points - centre, axis=1).max() <= radius * (1 + 1e-6) + 0.5
    scaled = points / [6378137.0, 6378137.0, 6356752.3142451793]
    horizon_point = np.array(tile.header[9:12])
    rng = np.random.default_rng(11)
    hidden = 0
    for _ in range(400):
        camera = rng.normal(size=3)
        camera *= rng.uniform(1.0005, 3.0) / np.linalg.norm(camera)
        if _hidden(camera, horizon_point[None, :])[0]:
            hidden += 1
            # A hair of tolerance: points were quantised after the header was made.
            assert _hidden(camera * (1.0 - 1e-6), scaled).all()
    assert hidden > 50 or level <= 1


def test_voids_and_what_lies_beyond_are_filled_and_fall_off_to_the_ellipsoid() -> None:
    surface = Surface(_Hills(), _AREA)
    lon, lat = np.array([7.02, 7.2, 6.999, 50.0]), np.array([46.02, 46.02, 46.02, 0.0])
    found = surface.heights(lon, lat)
    assert np.isfinite(found).all()
    assert 500.0 < found[0] < 700.0
    assert found[1] == found[3] == 0.0
    assert 450.0 < found[2] < 700.0


@given(st.lists(st.one_of(st.none(), st.floats(-100, 100)), min_size=9, max_size=9))
def test_filling_leaves_what_is_known_and_stays_within_it(values: list[float | None]) -> None:
    grid = np.array([np.nan if value is None else value for value in values]).reshape(3, 3)
    result = filled(grid)
    known = ~np.isnan(grid)
    assert np.isfinite(result).all()
    assert np.array_equal(result[known], grid[known])
    if known.any():
        assert np.nanmin(grid) - 1e-9 <= result.min() <= result.max() <= np.nanmax(grid) + 1e-9


def test_the_deepest_level_is_as_fine_as_the_model_and_never_too_many_tiles() -> None:
    deepest = levels_of(_AREA)
    spacing_m = 180.0 / 2**deepest / (SIDE - 1) * 111_320.0
    assert _AREA.pixel_m / 2 < spacing_m <= _AREA.pixel_m
    world = Area(west=-180.0, south=-90.0, east=180.0, north=90.0, pixel_m=30.0)
    assert 1 <= levels_of(world) <= 6


def test_every_tile_that_is_announced_is_there(tmp_path: Path) -> None:
    coarse = Area(west=7.0, south=46.0, east=7.05, north=46.04, pixel_m=200.0)
    layer: dict[str, Any] = build_terrain(_Hills(), coarse, tmp_path, uri="hash/")
    assert layer["tiles"] == ["hash/{z}/{x}/{y}.terrain"]
    files = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.terrain")}
    told = {
        Path(str(level), str(x), f"{y}.terrain")
        for level, ranges in enumerate(layer["available"])
        for each in ranges
        for x in range(each["startX"], each["endX"] + 1)
        for y in range(each["startY"], each["endY"] + 1)
    }
    assert files == told
    assert layer["available"][0] == [{"startX": 0, "startY": 0, "endX": 1, "endY": 0}]
