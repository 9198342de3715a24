"""Files of every format with the same hard values: integers at their limits, gaps, flags, dates, lists, long and foreign texts."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyogrio.raw import write_arrow

from tests.bim_import.city_models import BOX, BOX_FACES, RD
from tests.bim_import.gis_layers import NINGBO, block

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
