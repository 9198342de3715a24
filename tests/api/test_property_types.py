"""Properties of every type come back through the whole import: over the API exactly, in tiles as far as tiles can hold them."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from pyogrio.raw import write_arrow
from starlette.testclient import TestClient

from api.app import create_app
from api.importing.batch import import_sources
from api.importing.events import ImportRequest
from api.runtime import Runtime
from api.settings import Settings
from tests.bim_import.city_models import BOX, BOX_FACES, RD
from tests.bim_import.gis_layers import NINGBO, block
from tests.tiles.reading import Glb, tiles_of

LON, LAT = NINGBO
MOST, LEAST = 2**63 - 1, -(2**63)
LONG = "很长的文字 " * 20_000

Row = dict[str, Any]
ROWS: list[Row] = [
    {"big": MOST, "small": 32767, "real": 0.1, "flag": True, "text": "", "day": "2024-02-29"},
    {"big": LEAST, "small": -32768, "real": -1e308, "flag": False, "text": None, "day": None},
    {"big": 2**53 + 1, "small": None, "real": None, "flag": None, "text": LONG, "day": "1900-01-01"},
    {"big": 0, "small": 0, "real": 5e-324, "flag": True, "text": "楼 🏙 עברית", "day": "9999-12-31"},
    {"big": None, "small": 1, "real": 1e-7, "flag": False, "text": " lead ", "day": "2020-01-01"},
    {
        "big": 7,
        "small": 2,
        "real": 123456789.12345679,
        "flag": True,
        "text": '"quoted" \\ \n <&',
        "day": None,
    },
    {"big": -1, "small": 3, "real": 0.0, "flag": False, "text": "0007", "day": "2020-01-01"},
    {"big": 2**31, "small": 4, "real": 2.5, "flag": True, "text": "null", "day": "2020-01-01"},
]
"""The hard values; `when`, `list` and `few` are added by `rows`."""


def rows() -> list[Row]:
    """Every row with an instant, a list, and a text of few values with gaps, which tiles have as an enumeration."""
    further: list[Row] = [
        {"when": "2024-02-29T12:34:56.789Z", "list": [1, 2], "few": "砖"},
        {"when": None, "list": None, "few": None},
        {"when": "1999-12-31T23:59:59Z", "list": [], "few": "木"},
        {"when": "2020-01-01T00:00:00.5Z", "list": [-3], "few": "砖"},
    ]
    return [row | further[at % 4] for at, row in enumerate(ROWS * 2)]


def arrow() -> pa.Table:
    """The rows with the types that tables have."""
    given = rows()
    column = {name: [row[name] for row in given] for name in given[0]}
    instants = [None if text is None else dt.datetime.fromisoformat(text) for text in column["when"]]
    days = [None if text is None else dt.date.fromisoformat(text) for text in column["day"]]
    shapes = [block(LON + 0.001 * at, LAT) for at in range(len(given))]
    return pa.table(
        {
            "n": pa.array([str(at) for at in range(len(given))]),
            "big": pa.array(column["big"], pa.int64()),
            "small": pa.array(column["small"], pa.int16()),
            "real": pa.array(column["real"], pa.float64()),
            "flag": pa.array(column["flag"], pa.bool_()),
            "text": pa.array(column["text"], pa.string()),
            "few": pa.array(column["few"], pa.string()),
            "day": pa.array(days, pa.date32()),
            "when": pa.array(instants, pa.timestamp("ms", "UTC")),
            "list": pa.array(column["list"], pa.list_(pa.int32())),
            "geometry": pa.array([shapely.to_wkb(shape) for shape in shapes], pa.binary()),
        }
    )


def by_gdal(driver: str, table: Callable[[pa.Table], pa.Table] = lambda table: table, **options: str) -> Any:
    def write(file: Path) -> None:
        write_arrow(
            table(arrow()),
            str(file),
            driver=driver,
            geometry_type="Polygon",
            geometry_name="geometry",
            crs="EPSG:4326",
            **options,
        )

    return write


def for_shapefile(table: pa.Table) -> pa.Table:
    """A dBASE table has no booleans, lists and instants, 18 digits of integers, 254 bytes of text without blanks around it,
    and no empty ones.
    """
    short = [None if not text else text[:59].strip() for text in table["text"].to_pylist()]
    digits = [None if value is None else value // 10 for value in table["big"].to_pylist()]
    kept = table.drop_columns(["flag", "list", "when", "real"])
    kept = kept.set_column(kept.schema.get_field_index("text"), "text", pa.array(short))
    return kept.set_column(kept.schema.get_field_index("big"), "big", pa.array(digits, pa.int64()))


def geojson(file: Path) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"n": str(at)} | row,
            "geometry": json.loads(shapely.to_geojson(block(LON + 0.001 * at, LAT))),
        }
        for at, row in enumerate(rows())
    ]
    collection = {"type": "FeatureCollection", "features": features}
    file.write_text(json.dumps(collection, ensure_ascii=False), "utf-8")


def parquet(file: Path) -> None:
    geo = {"version": "1.1.0", "primary_column": "geometry",
           "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Polygon"]}}}  # fmt: skip
    pq.write_table(arrow().replace_schema_metadata({"geo": json.dumps(geo)}), file)


def cityjson(file: Path) -> None:
    vertices = [[85_000_000 + x * 1000, 446_000_000 + y * 1000, z * 1000] for x, y, z in BOX]
    objects = {}
    for at, row in enumerate(rows()):
        shell = [[[corner + 8 * at for corner in ring] for ring in face] for face in BOX_FACES]
        geometry = {"type": "Solid", "lod": "1", "boundaries": [shell]}
        objects[str(at)] = {"type": "Building", "attributes": {"n": str(at)} | row, "geometry": [geometry]}
    document = {
        "type": "CityJSON",
        "version": "2.0",
        "metadata": {"referenceSystem": RD},
        "transform": {"scale": [0.001] * 3, "translate": [0, 0, 0]},
        "CityObjects": objects,
        "vertices": [[x + 30_000 * at, y, z] for at in range(len(rows())) for x, y, z in vertices],
    }
    file.write_text(json.dumps(document, ensure_ascii=False), "utf-8")


_GENERIC = {
    "big": "int",
    "small": "int",
    "real": "double",
    "flag": "string",
    "text": "string",
    "few": "string",
    "day": "date",
}


def citygml(file: Path) -> None:
    members = []
    for at, row in enumerate(rows()):
        values = "".join(
            f'<gen:{kind}Attribute name="{name}"><gen:value>{_spoken(row[name])}</gen:value></gen:{kind}Attribute>'
            for name, kind in _GENERIC.items()
        )
        faces = []
        for (face,) in BOX_FACES:
            corners = [BOX[corner] for corner in [*face, face[0]]]
            places = " ".join(f"{678_000 + 30 * at + x} {5_403_000 + y} {400 + z}" for x, y, z in corners)
            faces.append(
                f"<gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>{places}</gml:posList>"
                "</gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember>"
            )
        members.append(
            f'<cityObjectMember><bldg:Building gml:id="b{at}">{values}<bldg:lod1MultiSurface><gml:MultiSurface>'
            f"{''.join(faces)}</gml:MultiSurface></bldg:lod1MultiSurface></bldg:Building></cityObjectMember>"
        )
    file.write_text(
        '<CityModel xmlns="http://www.opengis.net/citygml/2.0" xmlns:gml="http://www.opengis.net/gml" '
        'xmlns:bldg="http://www.opengis.net/citygml/building/2.0" xmlns:gen="http://www.opengis.net/citygml/generics/2.0">'
        '<gml:boundedBy><gml:Envelope srsName="EPSG:32632"/></gml:boundedBy>'
        + "".join(members)
        + "</CityModel>",
        "utf-8",
    )


def _spoken(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else escape(str(value))


def osm(file: Path) -> None:
    nodes, ways = [], []
    for at, row in enumerate(rows()):
        refs = []
        for corner, (lon, lat) in enumerate(
            shapely.get_coordinates(block(LON + 0.001 * at, LAT))[:4].tolist()
        ):
            nodes.append(f'<node id="{at * 4 + corner + 1}" lat="{lat:.7f}" lon="{lon:.7f}" version="1"/>')
            refs.append(f'<nd ref="{at * 4 + corner + 1}"/>')
        texts = {
            "name": row["text"] and row["text"][:255],
            "building:material": row["few"],
            "start_date": row["day"],
        }
        tags = {"building": "yes", "levels": str(row["big"])} | {
            k: v for k, v in texts.items() if v is not None
        }
        told = "".join(
            f'<tag k="{key}" v={quoteattr(value, {chr(10): "&#10;"})}/>' for key, value in tags.items()
        )
        ways.append(f'<way id="{at + 1}" version="1">{"".join([*refs, refs[0]])}{told}</way>')
    file.write_text(f'<osm version="0.6">{"".join(nodes + ways)}</osm>', "utf-8")


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
