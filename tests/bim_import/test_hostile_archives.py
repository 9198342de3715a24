"""Archives, texts and headers that mean harm: refused at once, with words that say why."""

import gzip
import json
import struct
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import laspy
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bim_import import ImportOptions, PlacementOverrides
from bim_import.archives import MAX_MEMBERS
from bim_import.citygml.importer import import_citygml
from bim_import.cityjson.importer import import_cityjson
from bim_import.formats import reader_of
from bim_import.mesh.importer import import_mesh
from bim_import.pointcloud.importer import import_points
from bim_import.terrain import open_terrain
from tests.bim_import.gis_layers import NINGBO, block, feature, imported
from twin.errors import DamagedSource, SourceError, UnsupportedSource

LAYER = json.dumps({"type": "FeatureCollection", "features": [feature(block(*NINGBO), height=3.0)]})
DEEP = "[" * 200_000


def pack(folder: Path, members: dict[str, bytes | str], name: str = "city.zip") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


def options() -> ImportOptions:
    return ImportOptions(placement=PlacementOverrides(origin=(121.5, 29.8, 5.0)))


def mesh(source: Path) -> Any:
    return import_mesh(source, source.parent / "spool", options=options(), progress=lambda _: None)


# ---------------------------------------------------------------------------------------------------- archives
def test_a_bomb_of_a_layer_is_refused_and_nothing_of_it_unpacked(tmp_path: Path) -> None:
    path = pack(tmp_path, {"a.geojson": bytes(80 << 20)})
    with pytest.raises(UnsupportedSource, match="zip bombs"):
        imported(path)
    assert not list(tmp_path.rglob("a.geojson"))


def test_a_bomb_of_many_small_members_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedSource, match="zip bombs"):
        imported(pack(tmp_path, {f"{number}.geojson": bytes(4 << 20) for number in range(20)}))


def test_a_list_of_thousands_of_layers_is_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedSource, match="more than 4096 files"):
        imported(pack(tmp_path, {f"{number}.geojson": "" for number in range(MAX_MEMBERS + 1)}))


def test_an_archive_in_an_archive_is_not_opened(tmp_path: Path) -> None:
    inner = pack(tmp_path, {"a.geojson": LAYER}, "inner.zip")
    with pytest.raises(UnsupportedSource, match="no map layer"):
        imported(pack(tmp_path, {"inner.zip": inner.read_bytes()}))


@pytest.mark.parametrize(
    "name",
    ["../../escaped.geojson", "/escaped.geojson", "..\\..\\escaped.geojson", "a/../../escaped.geojson"],
)
def test_path_tricks_write_nothing_outside(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "deep" / "deeper"
    folder.mkdir(parents=True)
    assert imported(pack(folder, {name: LAYER, "b/..": "x"})).report.products == 1
    outside = [path for path in tmp_path.rglob("*escaped*") if "spool of" not in str(path)]
    assert outside == []
    assert not Path("/escaped.geojson").exists()


def test_a_name_that_no_disk_takes_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedSource, match="too long"):
        imported(pack(tmp_path, {f"{'x' * 300}.geojson": LAYER}))


def test_a_flipped_byte_inside_is_damage(tmp_path: Path) -> None:
    path = pack(tmp_path, {"a.geojson": LAYER * 3})
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DamagedSource, match="cannot be unpacked"):
        imported(path)


def test_an_elevation_model_in_a_damaged_archive_is_told(tmp_path: Path) -> None:
    path = pack(tmp_path, {"a.tif": b"II*\0" + bytes(1000)})
    content = bytearray(path.read_bytes())
    content[38] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DamagedSource, match="cannot be read"):
        open_terrain(path)


def test_packed_layers_that_nobody_asked_for_are_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson.gz"
    path.write_bytes(gzip.compress(bytes(80 << 20)))
    with pytest.raises(UnsupportedSource, match="format is not one"):
        reader_of(path)


def test_a_packed_extract_that_is_a_bomb_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.osm.gz"
    path.write_bytes(gzip.compress(bytes(80 << 20)))
    with pytest.raises(DamagedSource):
        imported(path)


# ------------------------------------------------------------------------------------------------------- texts
BOMB = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.kml", f'<?xml version="1.0"?>{BOMB}<kml xmlns="http://www.opengis.net/kml/2.2">&c;</kml>'),
        ("a.gml", f'{BOMB}<FeatureCollection xmlns="http://www.opengis.net/gml">&b;</FeatureCollection>'),
        ("a.kml", f'\n <?xml version="1.0"?>{BOMB.lower()}<kml/>'),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_document_types_in_map_layers_are_refused(
    tmp_path: Path, name: str, text: str, encoding: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding)
    with pytest.raises(UnsupportedSource, match="document type"):
        imported(path)


def test_entities_of_an_extract_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.osm"
    path.write_text(f'<?xml version="1.0"?>{BOMB}<osm version="0.6">&b;</osm>')
    with pytest.raises(DamagedSource):
        imported(path)


CITYGML = '<CityModel xmlns="http://www.opengis.net/citygml/2.0">{}</CityModel>'


@pytest.mark.parametrize(
    "text",
    [
        BOMB + CITYGML.format("&c;"),
        f'<?xml version="1.0" encoding="UTF-16"?>{BOMB}' + CITYGML.format("&b;"),
    ],
)
def test_document_types_of_city_models_are_refused_in_every_encoding(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.gml"
    path.write_text(text, "utf-16" if "UTF-16" in text else "utf-8")
    with pytest.raises(UnsupportedSource, match="document type"):
        import_citygml(path, tmp_path / "spool", options=options(), progress=lambda _: None)


def test_elements_without_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gml"
    path.write_text(CITYGML.format("<a>" * 100_000 + "</a>" * 100_000))
    with pytest.raises(SourceError):
        import_citygml(path, tmp_path / "spool", options=options(), progress=lambda _: None)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"type": "FeatureCollection", "features": [{{"type": "Feature", "properties": {{}}, "geometry": {DEEP}',
        f'{{"type": "FeatureCollection", "deep": {DEEP}{DEEP.replace("[", "]")}, "features": [',
        f'[{{"type": "Feature", "deep": {DEEP}',
        f'[{{"type": "Feature", "deep": {DEEP}{DEEP.replace("[", "]")}}}]',
    ],
)
def test_geojson_that_is_nested_without_end_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(text)
    with pytest.raises(DamagedSource):
        imported(path)


def test_a_line_that_is_nested_without_end_costs_itself_only(tmp_path: Path) -> None:
    path = tmp_path / "a.geojsonl"
    deep = f'{{"type": "Feature", "deep": {DEEP}{DEEP.replace("[", "]")}}}'
    path.write_text(f"{deep}\n{json.dumps(feature(block(*NINGBO), height=3.0))}\n")
    found = imported(path)
    assert found.report.products == 1
    assert any("1 lines are no GeoJSON feature" in warning for warning in found.report.warnings)


@pytest.mark.parametrize("end", ["", "]" * 200_000 + "}", "]" * 200_000 + "}\n{}"])
def test_cityjson_that_is_nested_without_end_is_refused(tmp_path: Path, end: str) -> None:
    path = tmp_path / "a.city.json"
    path.write_text(f'{{"type": "CityJSON", "version": "2.0", "deep": {DEEP}{end}')
    with pytest.raises(DamagedSource):
        import_cityjson(path, tmp_path / "spool", options=options(), progress=lambda _: None)


@pytest.mark.parametrize(
    "geo", [DEEP, "[]", '{"primary_column": "g"}', '{"primary_column": "g", "columns": 7}']
)
def test_geoparquet_that_describes_itself_badly_is_refused(tmp_path: Path, geo: str) -> None:
    table = pa.table({"g": pa.array([b""])}).replace_schema_metadata({"geo": geo})
    path = tmp_path / "a.parquet"
    pq.write_table(table, path)
    with pytest.raises(DamagedSource, match="geo"):
        imported(path)


# ------------------------------------------------------------------------------------------------------ counts
def gltf(folder: Path, **members: Any) -> Path:
    path = folder / "a.gltf"
    path.write_text(json.dumps({"asset": {"version": "2.0"}, **members}))
    return path


def test_a_gltf_header_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gltf"
    path.write_text(f'{{"asset": {{"version": "2.0"}}, "deep": {DEEP}')
    with pytest.raises(DamagedSource, match="no JSON"):
        mesh(path)


SHOWN: dict[str, Any] = {
    "scenes": [{"nodes": [0]}],
    "nodes": [{"mesh": 0}],
    "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
}
BUFFER = {"byteLength": 3, "uri": "data:application/octet-stream;base64,AAAA"}


@pytest.mark.parametrize(
    "members",
    [
        {"accessors": [{"count": 2_000_000_000, "componentType": 5126, "type": "VEC3"}]},
        {"accessors": [{"count": 10**300, "componentType": 5126, "type": "VEC3", "sparse": {"count": 1}}]},
        {"accessors": [{"count": 100_000, "componentType": 5126, "type": "MAT4"}] * 100},
        {"buffers": [BUFFER], "bufferViews": [{"buffer": 0, "byteLength": 1 << 20}] * 1000, "accessors": []},
    ],
)
def test_gltf_that_declares_more_than_there_is_is_refused(tmp_path: Path, members: dict[str, Any]) -> None:
    with pytest.raises(DamagedSource, match=r"it declares [\d,]+ bytes of geometry"):
        mesh(gltf(tmp_path, **SHOWN, **members))


def test_a_buffer_that_is_named_again_and_again_is_read_only_so_often(tmp_path: Path) -> None:
    (tmp_path / "b.bin").write_bytes(bytes(1 << 20))
    with pytest.raises(DamagedSource, match="it declares"):
        mesh(gltf(tmp_path, **SHOWN, buffers=[{"byteLength": 1 << 20, "uri": "b.bin"}] * 200))


PLY = "ply\nformat {} 1.0\nelement vertex 4000000000\nproperty float x\nproperty float y\nproperty float z\n"
FACES = "element face 4000000000\nproperty list uchar int vertex_indices\n"


@pytest.mark.parametrize("form", ["binary_little_endian", "binary_big_endian"])
@pytest.mark.parametrize("faces", ["", FACES])
def test_a_ply_header_that_lies_is_refused(tmp_path: Path, form: str, faces: str) -> None:
    with pytest.raises(DamagedSource):
        mesh(ply(tmp_path, form, faces))


@pytest.mark.parametrize("faces", ["", FACES])
def test_a_ply_of_text_whose_header_lies_has_no_more_than_its_lines(tmp_path: Path, faces: str) -> None:
    with suppress(DamagedSource):
        assert mesh(ply(tmp_path, "ascii", faces)).report.drawn == 0


def ply(folder: Path, form: str, faces: str) -> Path:
    """Three vertices, and a header that tells of four thousand million."""
    path = folder / "a.ply"
    path.write_bytes((PLY.format(form) + faces + "end_header\n").encode() + b"0 0 0\n1 0 0\n0 1 0\n")
    return path


def test_an_stl_header_that_lies_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.stl"
    path.write_bytes(bytes(80) + struct.pack("<I", 4_000_000_000) + bytes(50))
    with pytest.raises(DamagedSource):
        mesh(path)


@pytest.mark.parametrize(
    ("at", "form", "value", "words"),
    [
        (100, "<I", 4_000_000_000, "more records than fit"),
        (243, "<I", 4_000_000_000, "more records than fit"),
        (247, "<Q", 4_000_000_000_000, "cut off"),
        (105, "<H", 65_535, "cut off"),
    ],
)
def test_a_las_header_that_lies_is_refused(
    tmp_path: Path, at: int, form: str, value: int, words: str
) -> None:
    content = bytearray(las(tmp_path / "good.las"))
    struct.pack_into(form, content, at, value)
    with pytest.raises(DamagedSource, match=words):
        points(tmp_path, content)


def test_a_record_of_las_that_is_longer_than_any_memory_is_refused(tmp_path: Path) -> None:
    content = bytearray(las(tmp_path / "good.las"))
    struct.pack_into("<QI", content, 235, len(content), 1)
    content += struct.pack("<2x16sHQ32x", b"nobody", 1, 1 << 62)
    with pytest.raises(DamagedSource, match="cut off"):
        points(tmp_path, content)


def las(path: Path) -> bytes:
    """Ten points."""
    cloud = laspy.LasData(laspy.LasHeader(point_format=7, version="1.4"))
    cloud.x, cloud.y, cloud.z = np.ones((3, 10))
    cloud.write(str(path))
    return path.read_bytes()


def points(folder: Path, content: bytes | bytearray) -> Any:
    path = folder / "a.las"
    path.write_bytes(content)
    return import_points(path, folder / "spool", options=options(), progress=lambda _: None)
