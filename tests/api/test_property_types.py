"""Properties of every type come back through the whole import: over the API exactly, in tiles as far as tiles can hold them."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from starlette.testclient import TestClient

from api.app import create_app
from api.importing.batch import import_sources
from api.importing.events import ImportRequest
from api.runtime import Runtime
from api.settings import Settings
from tests.api.typed_files import (
    arrow,
    by_gdal,
    citygml,
    cityjson,
    for_shapefile,
    geojson,
    osm,
    parquet,
    rows,
)
from tests.bim_import.gis_layers import NINGBO, block
from tests.tiles.reading import Glb, tiles_of

LON, LAT = NINGBO


class Read:
    """What one import left: properties by the number of the row, over the API and in the tiles."""

    def __init__(self, folder: Path, file: Path, number: Callable[[str, Mapping[str, Any]], int]) -> None:
        settings = Settings(data=folder / "data", workers=1)
        request = ImportRequest(sources=[file], key="m", compress=False)
        (self.report,) = import_sources(settings, request, lambda _event: None)
        assert self.report.status == "imported", self.report.reason
        self.api: dict[int, dict[str, Any]] = {}
        of: dict[str, int] = {}
        with (
            Runtime(settings) as runtime,
            TestClient(
                create_app(runtime), base_url="http://localhost", client=("127.0.0.1", 4711)
            ) as client,
        ):
            listed = client.get("/api/v1/objects", params={"model": "m"}).json()["items"]
            for item in listed:
                answer = client.get(f"/api/v1/objects/m/{quote(item['global_id'])}").json()
                sets = answer["properties"].get("attributes", {})
                row = of[item["global_id"]] = number(item["global_id"], sets)
                self.api[row] = sets
        assert self.report.tileset is not None
        tileset = settings.data / self.report.tileset
        document = json.loads(tileset.read_bytes())
        schema = json.loads((tileset.parent / document["schemaUri"]).read_bytes())
        labels = {
            key: entry["name"].removeprefix("attributes.")
            for key, entry in schema["classes"]["feature"]["properties"].items()
            if "name" in entry
        }
        self.tiles: dict[int, dict[str, Any]] = {}
        for tile in tiles_of(tileset.parent, tileset.name):
            if "content" in tile.json:
                glb = Glb((tileset.parent / tile.json["content"]["uri"]).read_bytes())
                for found in glb.table(schema):
                    values = {label: found[key] for key, label in labels.items()}
                    self.tiles[of[found["global_id"]]] = values

    def value(self, row: int, name: str) -> Any:
        """Of a property over the API; a missing one and a null are the same."""
        return self.api[row].get(name, {}).get("value")

    def types(self, name: str) -> set[str]:
        return {found[name]["type"] for found in self.api.values() if name in found}


def in_tiles(value: Any) -> Any:
    """What a property table says of a value: flags are an enumeration, and empty texts and integers that a float would
    round are missing there.
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if value == "" or (isinstance(value, int) and abs(value) > 2**53):
        return None
    return value


def by_column(_id: str, found: Mapping[str, Any]) -> int:
    return int(found["n"]["value"])


TABLES = {
    "m.gpkg": by_gdal("GPKG"),
    "m.fgb": by_gdal("FlatGeobuf"),
    "m.parquet": parquet,
    "m.geojson": geojson,
    "m.city.json": cityjson,
}


@pytest.fixture(scope="module", params=TABLES)
def table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Read]:
    folder = tmp_path_factory.mktemp("table")
    TABLES[request.param](folder / request.param)
    return request.param, Read(folder, folder / request.param, by_column)


SCALARS = ("small", "real", "flag", "text", "few")


def test_every_value_is_told_over_the_api(table: tuple[str, Read]) -> None:
    name, read = table
    for at, row in enumerate(rows()):
        for column in SCALARS:
            assert read.value(at, column) == row[column], (name, column)
            assert type(read.value(at, column)) is type(row[column]), (name, column)


def test_integers_are_exact_to_their_limits(table: tuple[str, Read]) -> None:
    name, read = table
    if name == "m.geojson":
        # GDAL takes ±2**63 in GeoJSON for integers that were cut off there, and says so.
        assert any("64bit" in warning for warning in read.report.warnings)
        return
    assert [read.value(at, "big") for at in range(16)] == [row["big"] for row in rows()]


def test_days_instants_and_lists_keep_their_meaning(table: tuple[str, Read]) -> None:
    name, read = table
    nested = name == "m.city.json"
    for at, row in enumerate(rows()):
        day = read.value(at, "day")
        assert (day if name != "m.fgb" or day is None else day.removesuffix("T00:00:00")) == row["day"]
        told = read.value(at, "when")
        assert (told is None) == (row["when"] is None)
        if told is not None:
            assert dt.datetime.fromisoformat(told) == dt.datetime.fromisoformat(row["when"])
        listed = read.value(at, "list")
        kept = listed if (nested and row["list"] != []) or listed is None else json.loads(listed)
        assert kept == row["list"]
    if not nested:
        assert read.types("when") == {"date and time"}
        assert read.types("list") == ({"text"} if name == "m.fgb" else {"json"})  # FlatGeobuf knows no lists


def test_tiles_have_the_same_values_as_the_api(table: tuple[str, Read]) -> None:
    _, read = table
    assert {"small", "real", "flag", "few"} <= set(read.tiles[0])
    for at in range(16):
        for column in ("small", "real", "flag", "few"):
            assert read.tiles[at][column] == in_tiles(read.value(at, column))
        if "big" in read.tiles[at]:
            assert read.tiles[at]["big"] == in_tiles(read.value(at, "big"))


def test_a_shapefile_keeps_what_its_table_can_hold(tmp_path: Path) -> None:
    by_gdal("ESRI Shapefile", for_shapefile, encoding="UTF-8")(tmp_path / "m.shp")
    read = Read(tmp_path, tmp_path / "m.shp", by_column)
    expected = for_shapefile(arrow()).to_pylist()
    for at, row in enumerate(expected):
        for column in ("big", "small", "text", "few"):
            assert read.value(at, column) == row[column], column
        assert read.value(at, "day") == (row["day"] and row["day"].isoformat())
        assert read.tiles[at]["small"] == row["small"]
        assert read.tiles[at]["few"] == row["few"]
    assert read.types("big") == {"integer"}


def test_generic_attributes_of_citygml_keep_their_types(tmp_path: Path) -> None:
    citygml(tmp_path / "m.gml")
    read = Read(tmp_path, tmp_path / "m.gml", lambda id_, _found: int(id_[1:]))
    for at, row in enumerate(rows()):
        for column in ("big", "small", "real", "few", "day"):
            assert read.value(at, column) == row[column], column
        # XML has no null: an empty element is one.
        assert read.value(at, "text") == (row["text"].strip() if row["text"] else None)
        assert read.tiles[at]["small"] == row["small"]
        assert read.tiles[at]["few"] == row["few"]
    assert read.types("small") == {"integer"}
    assert read.types("day") == {"date"}


def test_tags_of_openstreetmap_are_texts_as_they_stand(tmp_path: Path) -> None:
    osm(tmp_path / "m.osm")
    read = Read(tmp_path, tmp_path / "m.osm", lambda id_, _found: int(id_.removeprefix("way/")) - 1)
    for at, row in enumerate(rows()):
        assert read.value(at, "name") == (row["text"] and row["text"][:255])
        assert read.value(at, "building:material") == row["few"]
        assert read.value(at, "start_date") == row["day"]
        assert json.loads(read.value(at, "tags")) == {"levels": str(row["big"])}
        assert read.tiles[at]["building:material"] == row["few"]


def test_numbers_that_no_number_holds_stay_texts(tmp_path: Path) -> None:
    table = pa.table(
        {
            "n": pa.array(["0", "1"]),
            "hash": pa.array([2**64 - 1, 5], pa.uint64()),
            "money": pa.array(["12345678901234567890.12", "0.10"]).cast(pa.decimal128(22, 2)),
            "length": pa.array(["12.5", "0.1"]).cast(pa.decimal128(5, 1)),
            "parts": pa.array([{"a": 1, "名": "楼'\""}, None]),
            "bytes": pa.array([b"\x00", b"x"]),
            "height": pa.array([3.0, 4.0]),
            "geometry": pa.array([shapely.to_wkb(block(LON, LAT))] * 2),
        }
    )
    pq.write_table(
        table.replace_schema_metadata(
            {"geo": json.dumps({"primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}})}
        ),
        tmp_path / "m.parquet",
    )
    read = Read(tmp_path, tmp_path / "m.parquet", by_column)
    assert [read.value(at, "hash") for at in (0, 1)] == [str(2**64 - 1), "5"]
    assert [read.value(at, "money") for at in (0, 1)] == ["12345678901234567890.12", "0.10"]
    assert [read.value(at, "length") for at in (0, 1)] == [12.5, 0.1]
    assert read.types("money") | read.types("length") == {"decimal", "real"}
    assert json.loads(read.value(0, "parts")) == {"a": 1, "名": "楼'\""}
    assert any("bytes" in warning for warning in read.report.warnings)


def test_numbers_of_meters_in_a_csv_keep_all_their_digits(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(
        f"n,lon,lat,building,meter\n0,{LON},{LAT},yes,3302000000000012345678\n1,{LON},{LAT},yes,1\n"
    )
    rules = "[[rule]]\nas = 'instance'\nclass = 'Building'\n"
    (tmp_path / "rules.toml").write_text(rules)
    settings = Settings(data=tmp_path / "data", workers=1)
    request = ImportRequest(sources=[tmp_path / "m.csv"], rules=tmp_path / "rules.toml")
    (report,) = import_sources(settings, request, lambda _event: None)
    assert report.drawn == 2
    with Runtime(settings) as runtime:
        items = [runtime.store.object("m", name) for name in ("1", "2")]
    assert {each.attributes.properties["attributes"]["meter"].value for each in items} == {
        "3302000000000012345678",
        "1",
    }
