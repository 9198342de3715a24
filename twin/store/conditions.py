"""Filters of a query, each made a condition on `object_version` or a selection of its ids."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from twin.queries import ObjectQuery, PropertyCondition
from twin.store.dialect import Dialect
from twin.store.ids import SPAN
from twin.store.properties import normal, searchable
from twin.store.schema import (
    class_name,
    object_box,
    object_property_set,
    object_version,
    property_key,
    property_number,
    property_text,
    revision,
    twin_object,
)
from twin.store.texts import search_words

Selection = Select[tuple[int]]
"""Selects ids of object versions, of any revision."""


def in_classes(connection: Connection, names: Sequence[str]) -> ColumnElement[bool]:
    """Objects of these classes. The ids are looked up first: the planner does better with constants."""
    ids = list(connection.execute(select(class_name.c.id).where(class_name.c.name.in_(names))).scalars())
    return object_version.c.class_id == ids[0] if len(ids) == 1 else object_version.c.class_id.in_(ids)


def has_text(text: str) -> ColumnElement[bool] | None:
    """Objects with all these words, or with this GlobalId; None if there is no word.

    A scan: 100,000 objects take 30 ms in the worst case, where nothing matches. A trigram index (FTS5) would answer at
    once, but not for the two characters of 水表 or 照明, which are what people here type.
    """
    words = search_words(text)
    if not words:
        return None
    contains = and_(*(object_version.c.search.contains(word, autoescape=True) for word in words))
    same = select(twin_object.c.state_index).where(twin_object.c.global_id == text.strip())
    return or_(contains, object_version.c.state_index.in_(same))


class Filter(NamedTuple):
    """A filter that is answered from other tables, in two forms."""

    ids: Selection
    """What passes, of any revision: where to begin if that is little."""
    holds: ColumnElement[bool]
    """Whether `object_version` passes: for a scan that ends when a page is full."""


def elsewhere(connection: Connection, dialect: Dialect, query: ObjectQuery) -> list[Filter]:
    """The filters on properties and place."""
    found = [_with_property(connection, condition) for condition in query.properties]
    if query.bbox is not None:
        found.append(_within(dialect, query.bbox))
    return found


def is_selective(connection: Connection, one: Filter) -> bool:
    """Whether so little passes that sorting it is faster than a scan in order, which needs to see
    `rows of a page × all ÷ passing` objects.
    """
    some = one.ids.limit(FEW + 1).subquery()
    return (connection.execute(select(func.count()).select_from(some)).scalar() or 0) <= FEW


FEW = 2_000
"""Measured on 100,000 objects: 2,000 candidates are looked up and sorted in 6 ms; if more pass, a page of 100 is full
after 5,000 objects at most, 10 ms."""


def _within(dialect: Dialect, bbox: tuple[float, float, float, float]) -> Filter:
    """Objects whose box touches the rectangle: roughly by the spatial index, exactly by the numbers."""
    west, south, east, north = bbox
    parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    box, shift = object_box.c, (revision.c.id - revision.c.placement_id) * SPAN
    exactly = and_(or_(*(_overlaps(*part) for part in parts)), box.south <= north, box.north >= south)
    rough = [dialect.places_within(w, south, e, north) for w, e in parts]
    places = (rough[0] if len(rough) == 1 else union_all(*rough)).subquery()
    ids = (
        select((box.id + shift).label("id"))
        .select_from(places)
        .join(object_box, box.id == places.c.id)
        .join(revision, revision.c.placement_id == box.id // SPAN)
        .where(exactly)
    )
    mine = exists().where(
        revision.c.id == object_version.c.id // SPAN, box.id == object_version.c.id - shift, exactly
    )
    return Filter(ids, mine)


def _overlaps(west: float, east: float) -> ColumnElement[bool]:
    """Longitudes in common; a stored box with west > east reaches over the antimeridian."""
    box = object_box.c
    plain = and_(box.west <= box.east, box.west <= east, box.east >= west)
    return or_(plain, and_(box.west > box.east, or_(box.west <= east, box.east >= west)))


def _with_property(connection: Connection, condition: PropertyCondition) -> Filter:
    keys = select(property_key.c.id).where(property_key.c.name == normal(condition.name))
    if condition.set is not None:
        keys = keys.where(property_key.c.set_name == normal(condition.set))
    ids = list(connection.execute(keys).scalars())
    compared = [
        select(table.c.set_id).where(table.c.key_id.in_(ids), passes)
        for table, passes in _comparisons(condition)
    ]
    passing = compared[0] if len(compared) == 1 else union_all(*compared)
    link, sets = object_property_set.c, passing.subquery()
    # `+ 0` keeps the planner from trying every passing set on every object, instead of the object's few sets.
    return Filter(
        select(link.object_id.label("id")).join(sets, sets.c.set_id == link.set_id),
        exists().where(link.object_id == object_version.c.id, (link.set_id + 0).in_(passing)),
    )


def _comparisons(condition: PropertyCondition) -> list[tuple[Table, ColumnElement[bool]]]:
    """With which values to compare, and how: numbers, texts or, where equality is asked, both."""
    either = condition.operator in {"=", "!="}
    found: list[tuple[Table, ColumnElement[bool]]] = []
    if condition.number is not None:
        numbers = property_number.c.number
        upper = condition.upper_number
        found.append((property_number, _compared(condition.operator, numbers, condition.number, upper)))
    if condition.text is not None and (either or not found):
        texts = property_text.c.text
        upper_text = None if condition.upper_text is None else searchable(condition.upper_text)
        found.append(
            (property_text, _compared(condition.operator, texts, searchable(condition.text), upper_text))
        )
    return found


def _compared(operator: str, column: Any, value: object, upper: object) -> ColumnElement[bool]:
    """`!=` is written as two ranges: those an index can use."""
    if operator == "between":
        return and_(column >= value, column <= literal(upper))
    comparisons: dict[str, ColumnElement[bool]] = {
        "=": column == value,
        "!=": or_(column < value, column > value),
        "<": column < value,
        "<=": column <= value,
        ">": column > value,
        ">=": column >= value,
    }
    return comparisons[operator]
