"""Tables whose rows are points: which columns hold the coordinates."""

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

_PAIRS: tuple[tuple[str, str], ...] = (
    ("lon", "lat"),
    ("lng", "lat"),
    ("long", "lat"),
    ("longitude", "latitude"),
    ("经度", "纬度"),
    ("x", "y"),
    ("point_x", "point_y"),
    ("x_coord", "y_coord"),
    ("xcoord", "ycoord"),
    ("easting", "northing"),
    ("east", "north"),
    ("x坐标", "y坐标"),
    ("横坐标", "纵坐标"),
)
"""Names of easting (or longitude) and northing (or latitude), most certain first."""

_HEIGHTS = ("z", "point_z", "elevation", "altitude", "z坐标", "高程")
_GEOMETRY = ("wkt", "geom", "geometry", "the_geom", "wkt_geom", "wkb_geometry", "wkb")
_WKT = re.compile(
    r"^\s*(SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON)|^\s*GEOMETRYCOLLECTION", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """Columns that hold where a row is: `east` and `north` (and `height`), or `text` with WKT (or WKB, where it holds bytes)."""

    east: str = ""
    north: str = ""
    height: str = ""
    text: str = ""

    @property
    def angular(self) -> bool:
        """Whether the names say longitude and latitude."""
        return "lat" in self.north.casefold() or self.north == "纬度"


def coordinates_of(schema: pa.Schema) -> Coordinates | None:
    """The columns of a table that say where its rows are; None: none does."""
    by_name = {name.strip().casefold(): name for name in reversed(schema.names)}
    for east, north in _PAIRS:
        if east in by_name and north in by_name:
            height = next((by_name[name] for name in _HEIGHTS if name in by_name), "")
            return Coordinates(east=by_name[east], north=by_name[north], height=height)
    text = next((by_name[name] for name in _GEOMETRY if name in by_name), "")
    return Coordinates(text=text) if text else None


def point_geometry(table: pa.RecordBatch, columns: Coordinates) -> pa.Array:
    """(n,) WKB from the coordinate columns, null where one of them is missing or no number."""
    if columns.text:
        column = table.column(columns.text)
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            return column.cast(pa.binary())
        texts = table.column(columns.text).to_numpy(zero_copy_only=False)
        shapes = shapely.from_wkt([_plain_wkt(text) for text in texts], on_invalid="ignore")
        return pa.array(shapely.to_wkb(shapes), type=pa.binary())
    values = [_numbers(table.column(name)) for name in (columns.east, columns.north)]
    if columns.height:
        height = _numbers(table.column(columns.height))
        values.append(np.where(np.isnan(height), 0.0, height))
    there = np.isfinite(np.column_stack(values)).all(axis=1)
    points = shapely.points(np.column_stack([np.where(there, each, 0.0) for each in values]))
    return pa.array(shapely.to_wkb(points), type=pa.binary(), mask=~there)


def _plain_wkt(text: object) -> str | None:
    if not isinstance(text, str) or not _WKT.match(text):
        return None
    return text.split(";", 1)[1] if text.lstrip().upper().startswith("SRID=") else text


def _numbers(column: pa.Array) -> np.ndarray:
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False))
    texts = column.to_pylist()
    return np.array([_number(text) for text in texts], dtype=np.float64)


def _number(text: object) -> float:
    """A coordinate; with a decimal comma, too, as tables with semicolons have them."""
    try:
        return float(str(text).strip().replace(",", "."))
    except ValueError:
        return np.nan
