"""The file as a whole: its bytes, its header, its validity, its names."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import ifcopenshell
import ifcopenshell.geom
import ifcopenshell.validate
import pytest

from sample_models import sample_sources
from sample_models.ifc_writing import IfcWriter


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def test_another_process_with_another_hash_seed_and_zone_writes_the_same_bytes(
    written: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.ifc"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "America/Lima"}
    subprocess.run(
        [sys.executable, "-m", "sample_models.community_centre", str(again)],
        check=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    )
    assert again.read_bytes() == written.read_bytes()


def test_file_is_ifc4_and_at_most_one_and_a_half_megabytes(
    written: Path, building: ifcopenshell.file
) -> None:
    assert building.schema_identifier == "IFC4"
    assert written.stat().st_size <= 1_500_000


def test_header_tells_no_clock_and_no_path(written: Path) -> None:
    head = written.read_text("ascii").split("ENDSEC;", 1)[0]
    assert "2026-01-01T00:00:00" in head
    assert "/" not in head.replace("2;1", "")


def test_validator_finds_nothing(building: ifcopenshell.file) -> None:
    log = ifcopenshell.validate.json_logger()
    ifcopenshell.validate.validate(building, log)
    assert log.statements == []


def test_every_global_id_is_unique(building: ifcopenshell.file) -> None:
    repeated = [i for i, n in Counter(root.GlobalId for root in building.by_type("IfcRoot")).items() if n > 1]
    assert repeated == []


def test_every_product_and_type_has_a_chinese_name_and_an_english_description(
    building: ifcopenshell.file,
) -> None:
    for entity in building.by_type("IfcProduct") + building.by_type("IfcTypeProduct"):
        assert is_chinese(entity.Name), entity
        assert entity.Description.strip(), entity
        assert not is_chinese(entity.Description), entity


def test_spatial_elements_zones_and_systems_carry_an_english_long_name(building: ifcopenshell.file) -> None:
    named = [
        e for cls in ("IfcSpatialElement", "IfcZone", "IfcDistributionSystem") for e in building.by_type(cls)
    ]
    assert len(named) > 100
    for entity in named:
        assert is_chinese(entity.Name), entity
        assert entity.LongName, entity
        assert not is_chinese(entity.LongName), entity


@pytest.mark.parametrize(
    ("cls", "least"),
    [
        ("IfcWall", 100),
        ("IfcColumn", 100),
        ("IfcBeam", 100),
        ("IfcSlab", 15),
        ("IfcDoor", 60),
        ("IfcWindow", 60),
        ("IfcStairFlight", 18),
        ("IfcCurtainWall", 3),
        ("IfcPlate", 40),
        ("IfcSensor", 80),
        ("IfcFlowMeter", 9),
        ("IfcPump", 6),
        ("IfcValve", 4),
        ("IfcFan", 3),
        ("IfcPipeSegment", 30),
        ("IfcDuctSegment", 20),
        ("IfcCableCarrierSegment", 20),
        ("IfcSanitaryTerminal", 30),
        ("IfcRailing", 15),
        ("IfcTransportElement", 1),
        ("IfcGrid", 1),
        ("IfcZone", 5),
        ("IfcDistributionSystem", 10),
    ],
)
def test_building_has_enough_of_each_class(building: ifcopenshell.file, cls: str, least: int) -> None:
    assert len(building.by_type(cls)) >= least


@pytest.mark.slow
def test_kernel_draws_every_product_that_has_a_body(building: ifcopenshell.file) -> None:
    bodies = {
        product.GlobalId
        for product in building.by_type("IfcProduct")
        if product.Representation
        and any(r.RepresentationIdentifier == "Body" for r in product.Representation.Representations)
    }
    iterator = ifcopenshell.geom.iterator(
        ifcopenshell.geom.settings(), building, 2, geometry_library="hybrid-cgal-simple-opencascade"
    )
    assert iterator.initialize()
    drawn = set()
    while True:
        shape = iterator.get()
        if len(shape.geometry.faces_buffer):
            drawn.add(shape.guid)
        if not iterator.next():
            break
    assert drawn == bodies


def test_writer_refuses_a_second_entity_with_the_same_identifier() -> None:
    writer = IfcWriter()
    writer.root("IfcZone", "zone/a", Name="分区")
    with pytest.raises(ValueError, match="zone/a"):
        writer.root("IfcZone", "zone/a", Name="分区")


def test_sample_sources_makes_the_folder_and_writes_the_building(written: Path, tmp_path: Path) -> None:
    (made,) = sample_sources(tmp_path / "new" / "samples")
    assert made.name == "community_centre.ifc"
    assert made.read_bytes() == written.read_bytes()
    assert list(made.parent.iterdir()) == [made]


def test_sample_sources_leaves_an_unchanged_file_alone(written: Path, tmp_path: Path) -> None:
    there = tmp_path / "community_centre.ifc"
    shutil.copyfile(written, there)
    before = there.stat()
    assert sample_sources(tmp_path) == [there]
    assert (there.stat().st_ino, there.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_sample_sources_replaces_a_changed_file(written: Path, tmp_path: Path) -> None:
    there = tmp_path / "community_centre.ifc"
    there.write_bytes(b"ISO-10303-21; cut short")
    assert sample_sources(tmp_path) == [there]
    assert there.read_bytes() == written.read_bytes()


def test_writing_into_a_missing_folder_fails_loudly(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        IfcWriter().save(tmp_path / "missing" / "a.ifc", "title")
