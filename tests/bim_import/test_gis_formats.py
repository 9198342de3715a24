"""The same layer in every format and spelling gives the same objects; what a file does not say is asked for."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from tests.bim_import.city_models import Imported
from tests.bim_import.gis_layers import NINGBO, block, feature, geojson, imported, places
from twin.errors import DamagedSource, UnsupportedSource

LON, LAT = NINGBO


def layer(count: int = 3) -> geopandas.GeoDataFrame:
    shapes = [block(LON + 0.001 * index, LAT) for index in range(count)]
    columns = {
        "name": [f"楼{index}" for index in range(count)],
        "height": [3.0 + index for index in range(count)],
        "floors": [1 + index for index in range(count)],
        "open": [index % 2 == 0 for index in range(count)],
    }
    return geopandas.GeoDataFrame(columns, geometry=shapes, crs=4326)


def seen(found: Imported) -> list[tuple[str, str, dict[str, Any], float]]:
    """Name, class, properties, and height of each object, in the order of the layer."""
    rows = []
    for item in sorted(found.objects, key=lambda each: each.name):
        kept = {name: each.value for name, each in item.attributes.properties["attributes"].items()}
        rows.append(
            (item.name, item.class_, kept, round(float(places(found, item.global_id)[:, 2].max()), 3))
        )
    return rows


WRITERS = {
    "layer.geojson": lambda table, file: table.to_file(file),
    "layer.gpkg": lambda table, file: table.to_file(file),
    "layer.fgb": lambda table, file: table.to_file(file),
    "layer.shp": lambda table, file: table.astype({"open": int}).to_file(file, encoding="UTF-8"),
    "layer.parquet": lambda table, file: table.to_parquet(file),
    "layer.geojsonl": lambda table, file: table.to_file(file, driver="GeoJSONSeq"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_objects(tmp_path: Path, name: str) -> None:
    WRITERS[name](layer(), tmp_path / name)
    found = imported(tmp_path / name)
    expected = [
        (f"楼{index}", "Building", {"name": f"楼{index}", "height": 3.0 + index, "floors": 1 + index, "open": index % 2 == 0}, 3.0 + index)
        for index in range(3)
    ]  # fmt: skip
    assert seen(found) == expected
    types = {name: each.type for name, each in found.objects[0].attributes.properties["attributes"].items()}
    assert (types["name"], types["height"], types["floors"]) == ("text", "real", "integer")


def test_layers_of_one_name_in_an_archive_are_refused(tmp_path: Path) -> None:
    layer().to_file(tmp_path / "a.fgb")
    with zipfile.ZipFile(tmp_path / "city.zip", "w") as archive:
        for folder in ("north", "south"):
            archive.write(tmp_path / "a.fgb", f"{folder}/a.fgb")
    with pytest.raises(UnsupportedSource, match=r"several folders in it have a a\.fgb"):
        imported(tmp_path / "city.zip")


def test_a_box_beside_the_geometry_of_a_geoparquet_file_is_no_property(tmp_path: Path) -> None:
    layer().to_parquet(tmp_path / "a.parquet", write_covering_bbox=True)
    found = imported(tmp_path / "a.parquet")
    assert "bbox" not in found.objects[0].attributes.properties["attributes"]


SPELLINGS: dict[str, Callable[[Any], str]] = {
    "a bare list": json.dumps,
    "an indented list": lambda features: json.dumps(features, indent=2),
    "one a line": lambda features: "\n".join(map(json.dumps, features)),
    "text sequence": lambda features: "".join(f"\x1e{json.dumps(each)}\n" for each in features),
    "with a byte order mark": lambda features: (
        "\ufeff" + json.dumps({"type": "FeatureCollection", "features": features})
    ),
    "features first": lambda features: json.dumps({"features": features, "type": "FeatureCollection"}),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_of_geojson_is_read(tmp_path: Path, name: str) -> None:
    features = [feature(block(LON + 0.001 * index, LAT), height=3.0 + index) for index in range(3)]
    file = tmp_path / "layer.json"
    file.write_text(SPELLINGS[name](features), encoding="utf-8")
    found = imported(file)
    assert (found.report.products, found.report.drawn) == (3, 3)


def test_a_single_feature_is_a_layer(tmp_path: Path) -> None:
    file = tmp_path / "one.geojson"
    file.write_text(json.dumps(feature(block(LON, LAT), height=3.0), indent=1))
    assert imported(file).report.drawn == 1


@pytest.mark.parametrize("content", ["[]", '{"type": "FeatureCollection", "features": []}'])
def test_a_file_without_features_is_imported_and_says_so(tmp_path: Path, content: str) -> None:
    file = tmp_path / "none.geojson"
    file.write_text(content)
    report = imported(file).report
    assert (report.products, report.drawn) == (0, 0)
    assert "There is no feature in this file." in report.warnings


@pytest.mark.parametrize(
    "content", ["", "[{", '{"type": "FeatureCollection", "features": [{"type"', "not json"]
)
def test_a_torn_geojson_is_refused_with_advice(tmp_path: Path, content: str) -> None:
    file = tmp_path / "torn.geojson"
    file.write_text(content)
    with pytest.raises((DamagedSource, UnsupportedSource)):
        imported(file)


def test_layers_of_a_file_become_branches_of_one_model(tmp_path: Path) -> None:
    file = tmp_path / "city.gpkg"
    layer(2).to_file(file, layer="buildings")
    lamps = geopandas.GeoDataFrame({"height": [8.0]}, geometry=[shapely.Point(LON, LAT)], crs=4326)
    lamps.to_file(file, layer="lamps")
    found = imported(file)
    assert [(item.global_id, item.class_) for item in found.objects] == [
        ("buildings", "Layer"),
        ("buildings.1", "Building"),
        ("buildings.2", "Building"),
        ("city", "Dataset"),
        ("lamps", "Layer"),
        ("lamps.1", "Lamp"),
    ]
    parents = [item.parent for item in found.objects]
    assert parents == [3, 0, 0, None, 3, 4]
    assert found.report.products == 3


def test_tables_without_geometry_beside_a_layer_are_named_not_read(tmp_path: Path) -> None:
    file = tmp_path / "city.gpkg"
    layer(2).to_file(file, layer="buildings")
    pyogrio.write_dataframe(pd.DataFrame({"style": ["red"]}), file, layer="layer_styles")
    found = imported(file)
    assert [item.class_ for item in found.objects] == ["Building", "Building"]
    assert "1 tables have no geometry and were not read: layer_styles." in found.report.warnings


def test_rules_choose_the_layers_to_read(tmp_path: Path) -> None:
    file = tmp_path / "city.gpkg"
    layer(2).to_file(file, layer="buildings")
    layer(1).to_file(file, layer="plans")
    rules = tmp_path / "rules.toml"
    rules.write_text('layers = ["build*"]\n')
    assert imported(file, rules=rules).report.products == 2


def csv(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "trees.csv"
    file.write_bytes(text.encode(encoding))
    return file


def test_a_table_with_coordinates_becomes_points_with_types_told_from_all_rows(tmp_path: Path) -> None:
    rows = ["lon,lat,code,height,girth,alive,note"]
    rows += [f"{LON + index * 1e-4},{LAT},0{index},{index + 2},1.5,yes," for index in range(9)]
    rows += [f"{LON},{LAT + 1e-4},010,4,2,No ,老树"]
    found = imported(csv(tmp_path, "\ufeff" + "\n".join(rows)))
    kept = found.of("10").attributes.properties["attributes"]
    assert {name: (each.value, each.type) for name, each in kept.items() if name not in {"lon", "lat"}} == {
        "code": ("010", "text"),
        "height": (4, "integer"),
        "girth": (2.0, "real"),
        "alive": (False, "boolean"),
        "note": ("老树", "text"),
    }
    assert {item.class_ for item in found.objects} == {"Tree"}
    assert found.result.diagnosis.used == "column names"


def test_a_table_in_gbk_with_chinese_coordinates_is_read(tmp_path: Path) -> None:
    rows = ["名称,经度,纬度"] + [f"樟树{index},{LON},{LAT}" for index in range(60)]
    found = imported(csv(tmp_path, "\n".join(rows), "gbk"))
    assert {item.name for item in found.objects} == {f"樟树{index}" for index in range(60)}


def test_rows_without_coordinates_are_counted(tmp_path: Path) -> None:
    found = imported(csv(tmp_path, f"lon,lat\n{LON},{LAT}\n,\n{LON},abc\n"))
    assert (found.report.drawn, found.report.not_drawn) == (1, {"no representation": 2})


def test_a_table_without_coordinates_is_refused_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedSource, match="none of its columns are coordinates"):
        imported(csv(tmp_path, "a,b\n1,2\n"))


def test_a_file_without_crs_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    file = tmp_path / "plain.gpkg"
    table = geopandas.GeoDataFrame({"h": [1]}, geometry=[shapely.box(649757, 3306711, 649787, 3306731)])
    with pytest.warns(UserWarning, match="crs"):
        table.to_file(file)
    with pytest.raises(UnsupportedSource, match="--crs"):
        imported(file)
    assert imported(file, crs="EPSG:4549").report.drawn == 1


def test_map_services_of_china_are_undone_point_by_point(tmp_path: Path) -> None:
    from twin.frames.china import wgs84_to_gcj02  # noqa: PLC0415

    true = np.array([[121.0, 30.0], [121.9, 29.2]])
    shifted = [feature(shapely.Point(*point)) for point in wgs84_to_gcj02(true)]
    found = imported(geojson(tmp_path, *shifted), crs="gcj02")
    for name, point in zip(("0", "1"), true, strict=True):
        at = places(found, name)[:, :2].mean(axis=0)
        assert np.abs(at - point).max() < 1e-6


def test_ids_are_the_formats_own_and_repeated_ones_get_a_number(tmp_path: Path) -> None:
    features = [
        feature(block(LON, LAT), height=3.0) | {"id": name} for name in ("b", "a", "b", "b~2", "children")
    ]
    found = imported(geojson(tmp_path, *features))
    assert [item.global_id for item in found.objects] == ["a", "b", "b~2", "b~3", "children~"]
    assert any("1 features have an id" in text for text in found.report.warnings)


def test_an_id_that_would_end_in_a_word_of_urls_is_told_apart(tmp_path: Path) -> None:
    features = [feature(block(LON, LAT), height=3.0) | {"id": name} for name in ("way/trace", "trace/way")]
    found = imported(geojson(tmp_path, *features))
    assert [item.global_id for item in found.objects] == ["trace/way", "way/trace~"]


def test_heights_are_read_from_a_column_of_texts_and_numbers(tmp_path: Path) -> None:
    features = [
        feature(block(LON + 0.001 * index, LAT), height=value) | {"id": str(index)}
        for index, value in enumerate(("12 m", 9, None, 4.5))
    ]
    found = imported(geojson(tmp_path, *features))
    assert [item.class_ for item in found.objects] == ["Building", "Building", "Area", "Building"]
    assert [round(float(places(found, name)[:, 2].max()), 2) for name in ("0", "1", "3")] == [12.0, 9.0, 4.5]


def test_ids_that_are_missing_are_the_feature_s_number(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('id = "gid"\n')
    features = [feature(block(LON, LAT), gid="x", height=1), feature(block(LON, LAT), gid=None, height=1)]
    found = imported(geojson(tmp_path, *features), rules=rules)
    assert [item.global_id for item in found.objects] == ["#1", "x"]


def test_several_processes_give_what_one_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bim_import.gis.importer._LARGE", 0)
    shapes = np.array([block(LON + 0.001 * index, LAT) for index in range(500)] * 90)
    many = geopandas.GeoDataFrame({"height": np.arange(len(shapes)) % 30 + 1}, geometry=shapes, crs=4326)
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        many.to_file(tmp_path / folder / "many.fgb", SPATIAL_INDEX="NO")
    one, two = imported(tmp_path / "one" / "many.fgb"), imported(tmp_path / "two" / "many.fgb", workers=2)
    assert one.report.drawn == two.report.drawn == len(many)
    assert one.objects == two.objects
    assert [one.spool.mesh(i).positions.tobytes() for i in (0, 20_001, 44_999)] == [
        two.spool.mesh(i).positions.tobytes() for i in (0, 20_001, 44_999)
    ]


def lines_of(count: int) -> list[str]:
    """Features named 楼0 … as texts, one a line."""
    return [
        json.dumps(
            feature(block(LON + 0.001 * index, LAT), name=f"楼{index}", height=3.0), ensure_ascii=False
        )
        for index in range(count)
    ]


@pytest.mark.parametrize(
    "broken", ['{"type": "Feature", "geometry"', "no JSON", "[1, 2]", '{"type": "Train"}']
)
@pytest.mark.parametrize("place", [0, 2])
def test_lines_that_are_no_features_are_told_and_the_others_are_read(
    tmp_path: Path, broken: str, place: int
) -> None:
    lines = lines_of(3)
    lines.insert(place, broken)
    file = tmp_path / "layer.geojsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    found = imported(file)
    assert sorted(item.name for item in found.objects) == ["楼0", "楼1", "楼2"]
    told = f"1 lines are no GeoJSON feature and were left out: {place + 1}."
    assert [text for text in found.report.warnings if "left out" in text] == [f"While reading: {told}"]


def test_a_byte_order_mark_before_lines_costs_no_feature(tmp_path: Path) -> None:
    file = tmp_path / "layer.geojsonl"
    file.write_text("\n\n".join(lines_of(3)), encoding="utf-8-sig")
    assert imported(file).report.products == 3


def test_a_text_sequence_may_have_features_of_several_lines(tmp_path: Path) -> None:
    file = tmp_path / "layer.geojsons"
    texts = (json.dumps(json.loads(line), indent=1) for line in lines_of(3))
    file.write_text("".join(f"\x1e{text}\n" for text in texts), encoding="utf-8")
    assert imported(file).report.products == 3


def test_values_of_a_list_that_are_no_features_are_told(tmp_path: Path) -> None:
    file = tmp_path / "layer.json"
    file.write_text(f"[{','.join(lines_of(2))}, 7, null]", encoding="utf-8")
    found = imported(file)
    assert found.report.products == 2
    assert any("2 values of its list" in text for text in found.report.warnings)


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("shape", ["document", "list", "lines"])
def test_names_of_geojson_are_right_in_every_encoding(tmp_path: Path, encoding: str, shape: str) -> None:
    # Two characters in GBK may be one in UTF-8 (楼 is ¥): a whole name is not.
    lines = [line.replace("楼", "居民楼") for line in lines_of(2)]
    texts = {
        "document": '{"type": "FeatureCollection", "features": [' + ",\n".join(lines) + "]}",
        "list": "[" + ",".join(lines) + "]",
        "lines": "\n".join(lines),
    }
    file = tmp_path / "layer.geojson"
    file.write_text(texts[shape], encoding=encoding)
    found = imported(file)
    assert sorted(item.name for item in found.objects) == ["居民楼0", "居民楼1"]
    assert any("not UTF-8" in text for text in found.report.warnings) == (encoding != "utf-8-sig")


def test_text_of_no_known_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "layer.geojson"
    file.write_bytes(lines_of(1)[0].replace("楼", "\xff\xff").encode("latin-1"))
    with pytest.raises(DamagedSource, match="neither UTF-8 nor GB 18030"):
        imported(file)


def test_metres_in_geojson_without_crs_are_refused_with_a_suggestion(tmp_path: Path) -> None:
    map_metres = shapely.box(650_000.0, 3_300_000.0, 650_020.0, 3_300_020.0)
    with pytest.raises(UnsupportedSource, match="are no degrees") as refused:
        imported(geojson(tmp_path, feature(map_metres, height=9.0)))
    assert "--crs" in refused.value.advice


def test_one_feature_in_metres_does_not_cost_the_others(tmp_path: Path) -> None:
    good = [feature(block(LON + 0.001 * index, LAT), height=9.0) for index in range(6)]
    wrong = feature(shapely.box(650_000.0, 3_300_000.0, 650_020.0, 3_300_020.0), height=9.0)
    report = imported(geojson(tmp_path, wrong, *good)).report
    assert (report.drawn, report.not_drawn) == (6, {"no place on Earth": 1})


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("name", ["EPSG:99999", "urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"])
def test_a_crs_member_that_is_not_known_is_told(tmp_path: Path, name: str, *, last: bool) -> None:
    file = geojson(tmp_path, feature(block(LON, LAT), height=5.0))
    plain = json.loads(file.read_text(encoding="utf-8"))
    member = {"crs": {"type": "name", "properties": {"name": name}}}
    file.write_text(json.dumps(plain | member if last else member | plain), encoding="utf-8")
    report = imported(file).report
    assert any("names no CRS that is known" in text for text in report.warnings) == (name == "EPSG:99999")


def test_coordinates_with_decimal_commas_are_read(tmp_path: Path) -> None:
    file = tmp_path / "lamps.csv"
    file.write_text("id;lon;lat;height\na;121,544;29,8683;4,5\n", encoding="utf-8")
    found = imported(file)
    assert places(found, found.objects[0].global_id)[:, :2].mean(axis=0) == pytest.approx(
        (121.544, 29.8683), abs=1e-6
    )


def test_a_parquet_table_with_wkb_and_no_metadata_needs_its_crs_only(tmp_path: Path) -> None:
    file = tmp_path / "plain.parquet"
    layer().to_wkb().to_parquet(file)
    with pytest.raises(UnsupportedSource, match="--crs EPSG:4326"):
        imported(file)
    assert imported(file, crs="EPSG:4326").report.drawn == 3


@pytest.mark.parametrize(("large", "kept"), [(2**63 + 5, str(2**63 + 5)), (2**64 - 1, 2.0**64)])
def test_whole_numbers_beyond_64_bits_cost_no_file_and_no_digit_in_silence(
    tmp_path: Path, large: int, kept: object
) -> None:
    text = f'"quoted", {large}, with \\ and , {large}]'
    found = imported(
        geojson(tmp_path, feature(block(LON, LAT), height=5.0, cell=large, note=text), name="large.geojson")
    )
    values = found.objects[0].attributes.properties["attributes"]
    assert (values["cell"].value, values["note"].value) == (kept, text)
    told = any("have lost their last digits" in warning for warning in found.report.warnings)
    assert told == isinstance(kept, float)
