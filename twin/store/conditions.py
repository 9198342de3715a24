"""Filters that are answered from other tables than the objects': properties and place.

A filter has a shape and values. The SQL of a shape is built once, with parameters: building takes longer than running.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    union_all,
)

from twin.queries import ObjectQuery, PropertyCondition
from twin.store.dialect import Dialect
from twin.store.ids import SPAN
from twin.store.properties import key_ids, searchable
from twin.store.schema import (
    object_box,
    object_property_set,
    object_version,
    property_number,
    property_text,
    revision,
)

Values = dict[str, Any]
"""Values of parameters by name."""

FEW = 2_000
"""Measured on 100,000 objects: 2,000 candidates are looked up and sorted in 6 ms; if more pass, a page of 100 is full
after 5,000 objects at most, 10 ms."""


class BoxShape(NamedTuple):
    """Objects whose box touches a rectangle. Parameters: `south`, `north`, and `west_0`, `east_0`; of a rectangle across
    the antimeridian the part east of it is `west_1`, `east_1`.
    """

    crossing: bool


class PropertyShape(NamedTuple):
    """Objects with a property that passes. Parameters, each with the number of the condition: `keys_0`, and `number_0`,
    `upper_number_0`, `text_0`, `upper_text_0` as far as they are compared.
    """

    place: int
    operator: str
    number: bool
    text: bool


Shape = BoxShape | PropertyShape


class Filter(NamedTuple):
    """The SQL of a shape, in two forms."""

    ids: Select[Any]
    """Ids of what passes, of any revision: where to begin if that is little."""
    holds: ColumnElement[bool]
    """Whether `object_version` passes: for a scan that ends when a page is full."""
    counted: Select[Any]
    """How many pass, counted up to one more than `FEW`."""


def shapes(connection: Connection, query: ObjectQuery) -> Iterator[tuple[Shape, Values]]:
    """The filters of a query that are answered here."""
    if query.bbox is not None:
        yield _box(*query.bbox)
    for place, condition in enumerate(query.properties):
        yield _property(connection, place, condition)


def is_selective(connection: Connection, dialect: Dialect, shape: Shape, values: Values) -> bool:
    """Whether so little passes that sorting it is faster than a scan in order, which needs to see
    `rows of a page × all ÷ passing` objects.
    """
    passing: int = connection.execute(built(dialect, shape).counted, values).scalar_one()
    return passing <= FEW


@lru_cache(maxsize=128)
def built(dialect: Dialect, shape: Shape) -> Filter:
    """The SQL of a shape."""
    ids, holds = _within(dialect, shape) if isinstance(shape, BoxShape) else _with_property(dialect, shape)
    return Filter(ids, holds, select(func.count()).select_from(ids.limit(FEW + 1).subquery()))


def _box(west: float, south: float, east: float, north: float) -> tuple[BoxShape, Values]:
    values = {"south": south, "north": north, "west_0": west, "east_0": east}
    if west <= east:
        return BoxShape(crossing=False), values
    return BoxShape(crossing=True), {**values, "east_0": 180.0, "west_1": -180.0, "east_1": east}


def _within(dialect: Dialect, shape: BoxShape) -> tuple[Select[Any], ColumnElement[bool]]:
    """Roughly by the spatial index, exactly by the numbers."""
    box, shift = object_box.c, (revision.c.id - revision.c.placement_id) * SPAN
    south, north = _given("south"), _given("north")
    parts = [(_given(f"west_{i}"), _given(f"east_{i}")) for i in range(2 if shape.crossing else 1)]
    rough = [dialect.places_within(west, south, east, north) for west, east in parts]
    places = (rough[0] if len(rough) == 1 else union_all(*rough)).subquery()
    exactly = and_(or_(*(_overlaps(*part) for part in parts)), box.south <= north, box.north >= south)
    ids = (
        select((box.id + shift).label("id"))
        .select_from(places)
        .join(object_box, box.id == places.c.id)
        .join(revision, revision.c.placement_id == box.id // SPAN)
        .where(exactly)
    )
    mine = (revision.c.id == object_version.c.id // SPAN, box.id == object_version.c.id - shift)
    return ids, exists().where(*mine, exactly)


def _given(name: str) -> ColumnElement[float]:
    return bindparam(name)


def _overlaps(west: ColumnElement[float], east: ColumnElement[float]) -> ColumnElement[bool]:
    """Longitudes in common; a stored box with west > east reaches over the antimeridian."""
    box = object_box.c
    plain = and_(box.west <= box.east, box.west <= east, box.east >= west)
    return or_(plain, and_(box.west > box.east, or_(box.west <= east, box.east >= west)))


def _property(
    connection: Connection, place: int, condition: PropertyCondition
) -> tuple[PropertyShape, Values]:
    """Numbers, texts or, where equality is asked, both are compared."""
    number, text = condition.number is not None, condition.text is not None
    shape = PropertyShape(
        place=place,
        operator=condition.operator,
        number=number,
        text=text and (condition.operator in {"=", "!="} or not number),
    )
    values = {
        "keys": key_ids(connection, condition),
        "number": condition.number,
        "upper_number": condition.upper_number,
        "text": _searchable(condition.text),
        "upper_text": _searchable(condition.upper_text),
    }
    return shape, {f"{name}_{place}": value for name, value in values.items()}


def _searchable(text: str | None) -> str | None:
    return None if text is None else searchable(text)


def _with_property(dialect: Dialect, shape: PropertyShape) -> tuple[Select[Any], ColumnElement[bool]]:
    compared = []
    if shape.number:
        compared.append(_compared(shape, property_number, "number"))
    if shape.text:
        compared.append(_compared(shape, property_text, "text"))
    passing = compared[0] if len(compared) == 1 else union_all(*compared)
    link, sets = object_property_set.c, passing.subquery()
    ids = select(link.object_id.label("id")).join(sets, sets.c.set_id == link.set_id)
    # `+ 0` keeps the planner from trying every passing set on every object, instead of the object's few sets.
    mine = select(link.set_id).where(link.object_id == object_version.c.id, (link.set_id + 0).in_(passing))
    return ids, exists(fenced(dialect, mine))


def fenced(dialect: Dialect, statement: Select[Any]) -> Select[Any]:
    """A selection that is asked row by row: OFFSET 0 keeps PostgreSQL from making a join of it, of all rows, where a page
    needs some hundred.
    """
    return statement.offset(0) if dialect.plans_as_written else statement


def _compared(shape: PropertyShape, table: Table, column: str) -> Select[Any]:
    """Sets with a passing value. `!=` is written as two ranges: those an index can use."""
    value: ColumnElement[Any] = bindparam(f"{column}_{shape.place}")
    upper: ColumnElement[Any] = bindparam(f"upper_{column}_{shape.place}")
    stored = table.c[column]
    comparisons: dict[str, ColumnElement[bool]] = {
        "=": stored == value,
        "!=": or_(stored < value, stored > value),
        "<": stored < value,
        "<=": stored <= value,
        ">": stored > value,
        ">=": stored >= value,
        "between": and_(stored >= value, stored <= upper),
    }
    keys = table.c.key_id.in_(bindparam(f"keys_{shape.place}", expanding=True))
    return select(table.c.set_id).where(keys, comparisons[shape.operator])
