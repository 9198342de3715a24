"""Real models, made by others: every promise of the tiles at once."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import ROOT
from tests.tiles.reading import Glb, tiles_of
from tests.tiles.spool_real import Imported
from tests.tiles.validator import validate
from tiles import BuiltTileset, TileOptions, build_tileset
from twin.frames import Frame
from twin.spool import Spool

pytestmark = pytest.mark.timeout(600)

MODELS = {
    "duplex": "LTplus-AG+ifc-lite/_history/tests/models/ara3d/duplex.ifc",
    "fzk": "ThatOpen+engine_web-ifc/tests/ifcfiles/public/AC20-FZK-Haus.ifc",
    "chinese": "SikongSphere+sikongsphere-ifctools/_history/src/test/resources/complex.ifc",
    "road": "LTplus-AG+ifc-lite/_history/tests/models/buildingsmart/Infra-Road.ifc",
}

SENT_SHARE = 0.25
"""Bytes as sent over the uncompressed glTF of the same triangles: the goal of the project."""


@dataclass(frozen=True, slots=True)
class Real:
    """One model tiled twice: packed and plain."""

    imported: Imported
    frame: Frame
    folders: dict[str, Path]
    results: dict[str, BuiltTileset]


def spooled(source: Path, folder: Path, *, workers: int = 2) -> Imported:
    command = [sys.executable, "-m", "tests.tiles.spool_real", str(source), str(folder), str(workers)]
    subprocess.run(command, check=True, cwd=ROOT, timeout=500)
    return msgspec.json.decode((folder / "result.json").read_bytes(), type=Imported)


def tiled(spool: Path, folder: Path, frame: Frame, *, compress: bool = True) -> BuiltTileset:
    read = Spool(spool)
    count = sum(map(len, read.objects()))
    options = TileOptions(compress=compress)
    return build_tileset(
        read, frame=frame, state_index=np.arange(count, dtype=np.uint32), folder=folder, options=options
    )


@pytest.fixture(scope="module", params=list(MODELS))
def real(request: pytest.FixtureRequest, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Real:
    """One of the models."""
    folder = tmp_path_factory.mktemp(request.param)
    imported = spooled(real_data / "ifc" / MODELS[request.param], folder / "spool")
    frame = Frame(imported.placement)
    folders = {"packed": folder / "packed", "plain": folder / "plain"}
    results = {
        kind: tiled(folder / "spool", path, frame, compress=kind == "packed")
        for kind, path in folders.items()
    }
    return Real(imported, frame, folders, results)


def features(
    real: Real, kind: str, *, decoded: bool = False
) -> dict[str, tuple[NDArray[np.float64], int, Any]]:
    """By global_id: corners in ECEF (n, 3), number of triangles, and the row of the table."""
    folder, result = real.folders[kind], real.results[kind]
    schema = msgspec.json.decode(next(folder.glob("schema-*.json")).read_bytes())
    found: dict[str, tuple[NDArray[np.float64], int, Any]] = {}
    for tile in tiles_of(folder, result.tileset):
        if "content" not in tile.json:
            continue
        path = folder / tile.json["content"]["uri"]
        glb = Glb((path.parent / "decoded" / path.name if decoded else path).read_bytes())
        drawn = glb.drawn()
        corners = drawn.corners.reshape(-1, 3) @ tile.to_ecef[:3, :3].T + tile.to_ecef[:3, 3]
        owner = np.repeat(drawn.features, 3)
        for at, row in enumerate(glb.table(schema)):
            assert row["global_id"] not in found
            found[row["global_id"]] = (corners[owner == at], int((drawn.features == at).sum()), row)
    return found


def test_every_drawn_product_is_a_feature_with_triangles(real: Real) -> None:
    found = features(real, "plain")
    assert len(found) == real.imported.drawn == real.results["packed"].feature_count
    assert min(count for _, count, _ in found.values()) > 0


@pytest.mark.node
def test_packed_tiles_decode_to_the_plain_ones(real: Real, node: str) -> None:
    reports = validate(node, real.folders["packed"] / "content")
    assert {name: report["serious"] for name, report in reports.items() if report["count"]} == {}
    packed, plain = features(real, "packed", decoded=True), features(real, "plain")
    assert packed.keys() == plain.keys()
    for key, (corners, count, row) in packed.items():
        theirs, their_count, their_row = plain[key]
        assert (count, row) == (their_count, their_row)
        apart = np.abs(
            np.stack([corners.min(axis=0) - theirs.min(axis=0), corners.max(axis=0) - theirs.max(axis=0)])
        )
        assert apart.max() < 2.0**-10


@pytest.mark.node
def test_plain_tiles_are_valid(real: Real, node: str) -> None:
    reports = validate(node, real.folders["plain"] / "content")
    assert {name: report["serious"] for name, report in reports.items() if report["count"]} == {}


@pytest.mark.node
def test_every_vertex_is_in_the_boxes_above_it(real: Real, node: str) -> None:
    validate(node, real.folders["packed"] / "content")
    for tile in tiles_of(real.folders["packed"], real.results["packed"].tileset):
        if "content" not in tile.json:
            continue
        path = real.folders["packed"] / tile.json["content"]["uri"]
        local = Glb((path.parent / "decoded" / path.name).read_bytes()).drawn().corners.reshape(-1, 3)
        ecef = local @ tile.to_ecef[:3, :3].T + tile.to_ecef[:3, 3]
        above = tile
        while True:
            assert above.outside(above.from_ecef(ecef)) <= 1e-6
            if above.parent is None:
                break
            assert above.json["geometricError"] < above.parent.json["geometricError"]
            above = above.parent


def test_tiles_are_small_on_the_wire(real: Real) -> None:
    packed, plain = real.results["packed"], real.results["plain"]
    assert packed.sent_bytes <= SENT_SHARE * plain.stored_bytes
    assert packed.warnings == []


def test_bounds_are_those_of_the_triangles(real: Real) -> None:
    affine = real.frame.affine_at(np.zeros(3))
    bounds = real.results["plain"].bounds
    boxes = bounds[~np.isnan(bounds[:, 0])]
    corners = np.concatenate([corners for corners, _, _ in features(real, "plain").values()])
    local = (corners - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    whole = np.concatenate([boxes[:, :3].min(axis=0), boxes[:, 3:].max(axis=0)])
    np.testing.assert_allclose(np.concatenate([local.min(axis=0), local.max(axis=0)]), whole, atol=0.01)


def test_the_same_file_gives_the_same_tiles_whatever_the_workers(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "ifc" / MODELS["duplex"]
    names = []
    for workers in (1, 2):
        imported = spooled(source, tmp_path / f"spool{workers}", workers=workers)
        built = tiled(tmp_path / f"spool{workers}", tmp_path / f"tiles{workers}", Frame(imported.placement))
        names.append(built.files)
    assert names[0] == names[1]
