"""Whole imports of real files: counted, measured against the kernel itself, and the same whoever drew what."""

from pathlib import Path
from typing import Any

import ifcopenshell
import numpy as np
import pytest
from ifcopenshell import geom
from numpy.typing import NDArray

from bim_import import ImportOptions, ImportResult, PlacementOverrides, Progress
from bim_import.ifc.importer import import_ifc
from bim_import.ifc.reading.entities import kind
from tests.bim_import.bodies import Bodies
from twin.errors import DamagedSource, UnsupportedSource
from twin.source import Mesh
from twin.spool import Spool

DUPLEX = "ifc/LTplus-AG+ifc-lite/_history/tests/models/ara3d/duplex.ifc"
FZK = "ifc/ThatOpen+engine_web-ifc/tests/ifcfiles/public/AC20-FZK-Haus.ifc"
HOUSE = "ifc/xBimTeam+XbimEssentials/Tests/TestFiles/SampleHouse4.ifc"
ROOF = "ifc/xBimTeam+XbimEssentials/Tests/TestFiles/Roof-01_BCAD.ifc"
FEET = "ifc/xBimTeam+XbimEssentials/Xbim.Essentials.NetCore.Tests/TestFiles/wall_door_columnt_rgb4x3.ifc"
STEEL = (
    "ifc/buildingsmart-community+Community-Sample-Test-Files/IFC 2.3.0.1 (IFC 2x3)/Schependomlaan/"
    "Coordination model and subcontractors models/BIMsight Projectdata1/ROOT-staal.ifczip"
)
EXCAVATION = "ifc/bSI-InfraRoom+IFC-infra-unit-test/Georeferencing-Earthworks-12d-1/Georeferencing-Earthworks-12d-1.ifc"
SIGNALS = "ifc/buildingSMART+ifc-gherkin-rules/test/files/SPS/sps002/fail-sps002-scenario01-ifcrailway_part_of_ifcperson.ifc"

Box = tuple[NDArray[np.float64], NDArray[np.float64], float]
"""Lowest and highest corner in metres, and the area of all triangles in square metres."""


def run(source: Path, folder: Path, workers: int = 2) -> ImportResult:
    return import_ifc(source, folder, options=ImportOptions(workers=workers), progress=lambda _: None)


def placed(spool: Spool) -> dict[str, Box]:
    """What is drawn, by global id."""
    ids = [item.global_id for batch in spool.objects() for item in batch]
    found = {}
    for row in spool.instances:
        mesh = spool.mesh(int(row["mesh"]))
        local = mesh.positions.astype(np.float64) + mesh.origin
        points = local @ row["transform"][:, :3].T + row["transform"][:, 3]
        found[ids[row["ordinal"]]] = _box(points, mesh.triangles.astype(np.int64))
    return found


def _box(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> Box:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area = float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
    used = points[np.unique(triangles)]
    return used.min(axis=0), used.max(axis=0), area


def drawn_by_the_kernel(source: Path, wanted: set[str]) -> dict[str, Box]:
    """The same from a bare iterator of the default kernel."""
    file = ifcopenshell.open(str(source))
    assert isinstance(file, ifcopenshell.file)
    settings = geom.settings()
    settings.set("mesher-linear-deflection", 0.002)
    products: Any = [product for product in file.by_type("IfcProduct") if product.GlobalId in wanted]
    iterator: Any = geom.iterator(settings, file, 1, include=products)
    found = {}
    for shape in iterator:
        points = np.frombuffer(shape.geometry.verts_buffer).reshape(-1, 3)
        triangles = np.frombuffer(shape.geometry.faces_buffer, dtype=np.int32).reshape(-1, 3).astype(np.int64)
        matrix = np.frombuffer(shape.transformation_buffer).reshape(4, 4).T
        if len(triangles):
            found[shape.guid] = _box(points @ matrix[:3, :3].T + matrix[:3, 3], triangles)
    return found


@pytest.mark.parametrize("name", [DUPLEX, FZK, HOUSE, ROOF, FEET, STEEL], ids=lambda name: Path(name).stem)
def test_the_report_counts_what_ifcopenshell_counts(real_data: Path, tmp_path: Path, name: str) -> None:
    report = run(real_data / name, tmp_path).report
    opened = ifcopenshell.open(str(real_data / name))
    assert isinstance(opened, ifcopenshell.file)
    products: Any = opened.by_type("IfcProduct")
    assert report.products == len(products)
    classes = [kind(product) for product in products]
    assert {name: count.read for name, count in report.by_class.items()} == {
        n: classes.count(n) for n in set(classes)
    }
    assert report.not_drawn.get("opening", 0) == len(opened.by_type("IfcFeatureElementSubtraction"))
    assert report.culprits == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "known"),
    [(FZK, 0), (ROOF, 0), (FEET, 0), (HOUSE, 1)],
    ids=["FZK-Haus", "roof of clippings", "feet", "house of breps"],
)
def test_every_element_is_where_the_kernel_draws_it_and_as_large(
    real_data: Path, tmp_path: Path, name: str, known: int
) -> None:
    """`known`: elements that differ because the file gives a face twice (IfcWall #2327 of SampleHouse4)."""
    run(real_data / name, tmp_path)
    mine = placed(Spool(tmp_path))
    kernel = drawn_by_the_kernel(real_data / name, set(mine))
    assert set(kernel) == set(mine)
    different = [
        guid
        for guid, (low, high, area) in mine.items()
        if np.abs(low - kernel[guid][0]).max() > 2e-3
        or np.abs(high - kernel[guid][1]).max() > 2e-3
        or area != pytest.approx(kernel[guid][2], rel=0.01)
    ]
    assert len(different) == known


def test_one_worker_and_three_give_the_same(real_data: Path, tmp_path: Path) -> None:
    spools = []
    for workers in (1, 3):
        run(real_data / DUPLEX, tmp_path / str(workers), workers)
        spools.append(Spool(tmp_path / str(workers)))
    one, three = spools
    assert one.materials == three.materials
    assert one.instances.tobytes() == three.instances.tobytes()
    assert [bytes_of(one.mesh(n)) for n in range(len(one.meshes))] == [
        bytes_of(three.mesh(n)) for n in range(len(three.meshes))
    ]
    assert list(one.objects()) == list(three.objects())


def bytes_of(mesh: Mesh) -> bytes:
    arrays = (mesh.positions, mesh.origin, mesh.normals, mesh.triangles, mesh.parts)
    return b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)


def test_every_normal_is_a_unit_vector_and_every_triangle_has_a_material(
    real_data: Path, tmp_path: Path
) -> None:
    run(real_data / HOUSE, tmp_path)
    spool = Spool(tmp_path)
    for number in range(len(spool.meshes)):
        mesh = spool.mesh(number)
        np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-5)
        assert mesh.triangles.max() < len(mesh.positions)
        assert int(mesh.parts[:, 2].sum()) == len(mesh.triangles)
        assert mesh.parts[:, 1].tolist() == np.cumsum([0, *mesh.parts[:-1, 2].tolist()]).tolist()
        assert mesh.parts[:, 0].max() < len(spool.materials)


def test_glass_of_the_file_is_translucent_and_its_bricks_are_not(real_data: Path, tmp_path: Path) -> None:
    run(real_data / DUPLEX, tmp_path)
    alphas = {material.color[3] for material in Spool(tmp_path).materials}
    assert any(alpha < 0.5 for alpha in alphas)
    assert 1.0 in alphas


def test_a_terrain_is_cut_by_its_excavation(real_data: Path, tmp_path: Path) -> None:
    run(real_data / EXCAVATION, tmp_path)
    areas = sorted(area for _, _, area in placed(Spool(tmp_path)).values())
    assert areas[-1] < 41_183  # what the surface has before


def test_signals_along_a_curved_track_stand_where_the_track_is(real_data: Path, tmp_path: Path) -> None:
    run(real_data / SIGNALS, tmp_path)
    lows = [low for low, _, _ in placed(Spool(tmp_path)).values()]
    assert len(lows) == 2
    for low in lows:
        assert 452_270 < low[0] < 454_000
        assert 4_539_400 < low[1] < 4_541_000


def test_progress_says_when_objects_can_be_read_and_ends_with_all_products(tmp_path: Path) -> None:
    bodies = Bodies()
    bodies.element(bodies.box())
    told: list[Progress] = []
    written: list[int] = []

    def progress(step: Progress) -> None:
        told.append(step)
        if step.objects_written and not written:
            written.append(sum(len(batch) for batch in Spool(tmp_path / "spool").objects()))

    import_ifc(bodies.write(tmp_path), tmp_path / "spool", options=ImportOptions(), progress=progress)
    assert told[0].phase == "opening"
    assert written == [5]
    assert all(step.done <= step.total for step in told)


def test_overrides_reach_the_placement(tmp_path: Path) -> None:
    bodies = Bodies()
    bodies.element(bodies.box())
    options = ImportOptions(placement=PlacementOverrides(origin=(121.5, 29.8, 4.0)))
    result = import_ifc(bodies.write(tmp_path), tmp_path / "spool", options=options, progress=lambda _: None)
    assert result.diagnosis.placement.origin == (121.5, 29.8, 4.0)


def test_a_file_without_any_body_imports_with_nothing_drawn(tmp_path: Path) -> None:
    report = run(Bodies().write(tmp_path), tmp_path / "spool").report
    assert (report.products, report.drawn, report.not_drawn) == (3, 0, {"no representation": 3})


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"<ifcXML/>", UnsupportedSource), (b"ISO-10303-21;\nHEADER;\n", DamagedSource), (b"", DamagedSource)],
    ids=["XML", "cut off", "empty"],
)
def test_what_is_no_ifc_is_refused_and_leaves_no_spool(
    tmp_path: Path, content: bytes, error: type[Exception]
) -> None:
    source = tmp_path / "broken.ifc"
    source.write_bytes(content)
    with pytest.raises(error):
        run(source, tmp_path / "spool")
    assert not (tmp_path / "spool").exists()
