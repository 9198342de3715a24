"""Objects whose bounds touch a geometry.

The spatial index finds those near it; GEOS decides. An object's bounds are the rectangle in longitude and latitude around its own
geometry and all that is below it in the tree: the geometry is exact, the object's outline is that rectangle.
"""

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, Double, Select, bindparam, select

from twin.store.dialect import Dialect
from twin.store.ids import SPAN
from twin.store.packed import search as packed
from twin.store.schema import model, object_box, revision


def touching(connection: Connection, dialect: Dialect, wkb: bytes) -> list[int]:
    """Ids of current object versions whose bounds touch the geometry (longitude, latitude in degrees), edges included."""
    geometry = shapely.from_wkb(wkb)
    shapely.prepare(geometry)
    bounds: list[float] = shapely.bounds(geometry).tolist()
    values = dict(zip(("west", "south", "east", "north"), bounds, strict=True))
    rows = connection.execute(_near(dialect), values).all()
    ids, rectangles = packed.near(connection, dialect, (bounds[0], bounds[1], bounds[2], bounds[3]))
    ids = np.concatenate([np.array([row[0] for row in rows], np.int64), ids])
    rectangles = np.concatenate([np.array([row[1:] for row in rows], np.float64).reshape(-1, 4), rectangles])
    touches = _touches(geometry, *rectangles.T)
    found: list[int] = ids[touches].tolist()
    return found


def _near(dialect: Dialect) -> Select[tuple[int, float, float, float, float]]:
    box = object_box.c
    sides = [bindparam(side, type_=Double) for side in ("west", "south", "east", "north")]
    places = dialect.places_within(*sides).subquery()
    return (
        select(
            box.id + (revision.c.id - revision.c.placement_id) * SPAN,
            box.west,
            box.south,
            box.east,
            box.north,
        )
        .select_from(places)
        .join(object_box, box.id == places.c.id)
        .join(revision, revision.c.placement_id == box.id // SPAN)
        .join(model, model.c.current_revision_id == revision.c.id)
    )


def _touches(
    geometry: shapely.Geometry,
    west: NDArray[np.float64],
    south: NDArray[np.float64],
    east: NDArray[np.float64],
    north: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """(n,) which rectangles touch it; west > east: across the antimeridian."""
    crossing = west > east
    touches: NDArray[np.bool_] = shapely.intersects(
        geometry, shapely.box(west, south, np.where(crossing, 180.0, east), north)
    )
    if crossing.any():
        behind = shapely.box(
            np.full(int(crossing.sum()), -180.0), south[crossing], east[crossing], north[crossing]
        )
        touches[crossing] |= shapely.intersects(geometry, behind)
    return touches
