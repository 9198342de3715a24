"""Which reader a file gets."""

from pathlib import Path

import pytest

from bim_import.formats import Reader, is_importable, reader_of
from twin.errors import UnsupportedSource


@pytest.mark.parametrize(
    ("name", "content", "reader"),
    [
        ("a.ifc", b"", Reader.IFC),
        ("a.json", b'{"CityObjects":{}, "type" : "CityJSON"}', Reader.CITYJSON),
        ("a.city.json", b'{"type":"CityJSON"}', Reader.CITYJSON),
        ("a.jsonl", b'{"type":"CityJSON"}\n{"type":"CityJSONFeature"}', Reader.CITYJSON),
        ("a.json", b'[{"type":"Feature"}]', Reader.GIS),
        ("a.geojson", b'{"type":"FeatureCollection"}', Reader.GIS),
        ("a.gml", b'<CityModel xmlns="http://www.opengis.net/citygml/2.0"/>', Reader.CITYGML),
        ("a.xml", '<CityModel xmlns="http://www.opengis.net/citygml/2.0"/>'.encode("utf-16"), Reader.CITYGML),
        ("a.osm.pbf", b"", Reader.OSM),
        ("A.GLB", b"", Reader.MESH),
        ("a.laz", b"", Reader.POINTS),
        ("noname", b"LASF....", Reader.POINTS),
    ],
)
def test_a_file_gets_the_reader_of_its_content(
    tmp_path: Path, name: str, content: bytes, reader: Reader
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert reader_of(path) is reader


@pytest.mark.parametrize(
    ("name", "content"), [("a.json", b'{"a":1}'), ("a.txt", b"hello"), ("a.xml", b"<a/>")]
)
def test_what_no_reader_takes_is_refused_and_passed_over_in_folders(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert not is_importable(path)
    with pytest.raises(UnsupportedSource, match="Readable are"):
        reader_of(path)
