"""Questions to the twin and the shape of their answers. Pure values; `twin.store` answers them.

Ids are `"{model}/{global_id}"`. Geographic boxes are (west, south, min height, east, north, max height): degrees of
WGS 84 and ellipsoidal metres, GeoJSON order; west > east means that the box crosses the antimeridian.
"""

import math
import re
from datetime import datetime
from typing import Generic, Literal, TypeVar, get_args

from msgspec import Struct

from twin.errors import InvalidQuery
from twin.filters import Filter
from twin.frames import Diagnosis
from twin.objects import Attributes, RevisionStatus
from twin.policy import EVERYTHING, Reach
from twin.source import SourceReport

T = TypeVar("T")

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
"""Rows of one page. A thousand objects are about 300 kB of JSON, the size of a tile."""

MAX_CONDITIONS = 16
"""Conditions of one query; each is a nested look-up."""

MAX_TEXT = 200
"""Characters of a text query, and of a property's text that conditions compare."""

Bounds = tuple[float, float, float, float, float, float]
"""West, south, min height, east, north, max height."""

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "between"]

_CONDITION = re.compile(
    r"^(?P<left>(?:\"[^\"]*\"|[^\"!=<>])+)(?P<operator>!=|<=|>=|=|<|>)(?P<right>.*)$", re.DOTALL
)
_NAME = re.compile(
    r"^(?:(?:\"(?P<quoted_set>[^\"]+)\"|(?P<set>[^.\"]+))\.(?:\"(?P<quoted>[^\"]+)\"|(?P<name>[^\"]+))"
    r"|\"(?P<quoted_alone>[^\"]+)\"|(?P<alone>[^.\"]+))$"
)
"""Set and name, or a name alone; a name alone that has a dot stands in quotes."""


class PropertyCondition(Struct, frozen=True, kw_only=True):
    """One condition on a property: an object passes if it has such a property with a value that passes.

    So `!=` needs the property to be there, too. A number compares with numbers, a text with texts, by code points,
    case-sensitively, on the first 200 characters; booleans are the texts `true` and `false`. Where both `number` and
    `text` are given (`=90` read from a URL), `=` and `!=` compare numbers with the one and texts with the other, the other
    operators numbers alone. Values are compared as they are stored: units are not converted. Of a list, one element
    has to pass.
    """

    name: str
    set: str | None = None
    """Property set; None: any."""
    operator: Operator
    number: float | None = None
    text: str | None = None
    upper_number: float | None = None
    """Upper end of `between`, inclusive."""
    upper_text: str | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise InvalidQuery("A property condition has no property name; write Set.Name=value.")
        if self.operator not in get_args(Operator):
            raise InvalidQuery(
                f"{self.operator!r} is no operator; use one of {', '.join(get_args(Operator))}."
            )
        if self.number is None and self.text is None:
            raise InvalidQuery(f"The condition on {self.name!r} has no value; write Set.Name=value.")
        if any(n is not None and math.isnan(n) for n in (self.number, self.upper_number)):
            raise InvalidQuery(f"The condition on {self.name!r} compares with NaN, which equals nothing.")
        if self.operator == "between" and self.upper_number is None and self.upper_text is None:
            raise InvalidQuery(f"The condition on {self.name!r} is `between` without an upper end.")


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def parse_condition(text: str) -> PropertyCondition:
    """Read `Set.Name=value`, `Name>=3.5`, `"Set.with.dots"."Name"!=x` or `Set.Name=2..5` (both ends included).

    Operators: `=`, `!=`, `<`, `<=`, `>`, `>=`, and `=low..high` where both ends are numbers. The set ends at the first
    dot; what has a dot of its own stands in double quotes. Raises InvalidQuery.
    """
    match = _CONDITION.match(text)
    name = _NAME.match(match["left"].strip()) if match else None
    if match is None or name is None:
        raise InvalidQuery(f"{text!r} is no property condition; write Set.Name=value, or Name>3.")
    operator, right = match["operator"], match["right"].strip()
    low, dots, high = right.partition("..")
    lower, upper = _number(low), _number(high)
    between = operator == "=" and bool(dots) and lower is not None and upper is not None
    return PropertyCondition(
        set=name["quoted_set"] or name["set"],
        name=name["quoted"] or name["name"] or name["quoted_alone"] or name["alone"],
        operator="between" if between else operator,  # type: ignore[arg-type]  # the expression yields no other
        number=lower if between else _number(right),
        text=None if between else right,
        upper_number=upper if between else None,
    )


class ObjectQuery(Struct, frozen=True, kw_only=True):
    """Which objects: all filters that are given must pass. Only what is published and current is ever found.

    Answers come in the order of models (first imported first) and of GlobalIds inside each; with `parent` or `roots` in
    the order of the tree (see `ObjectReader.children`). Raises InvalidQuery at construction where a filter makes no sense.
    """

    models: tuple[str, ...] = ()
    """Keys; empty: all. An unknown key finds nothing."""
    classes: tuple[str, ...] = ()
    """Exact names of classes, any of them."""
    storey: str | None = None
    """Id of a storey: objects that it holds, at any depth."""
    parent: str | None = None
    """Id of an object: its direct children."""
    roots: bool = False
    """Only objects without a parent."""
    text: str | None = None
    """Words that all occur in the name, long name, tag, type or object type, whatever their case; or a whole GlobalId."""
    properties: tuple[PropertyCondition, ...] = ()
    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees, edges included: objects whose box touches it."""
    state_indexes: tuple[int, ...] = ()
    """Only these state indexes; empty: all."""
    polygon: bytes | None = None
    """WKB, longitude and latitude in degrees: objects whose bounds touch it."""
    filter: Filter | None = None
    reach: Reach = EVERYTHING
    """Only what a caller reaches."""
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    """`next` of the page before, with the same filters."""

    def __post_init__(self) -> None:
        checked_limit(self.limit)
        if len(self.properties) > MAX_CONDITIONS:
            raise InvalidQuery(
                f"{len(self.properties)} property conditions are too many; at most {MAX_CONDITIONS}."
            )
        if len(self.state_indexes) > MAX_LIMIT:
            raise InvalidQuery(
                f"{len(self.state_indexes)} state indexes are too many; at most {MAX_LIMIT} at once."
            )
        if self.text is not None and len(self.text) > MAX_TEXT:
            raise InvalidQuery(f"The text is longer than {MAX_TEXT} characters.")
        if self.bbox is not None:
            _check_box(self.bbox)
        if self.filter is not None and self.filter.asks_rows:
            raise InvalidQuery(
                "The filter asks for `value`, `quality`, `signal` … of a listed signal, but objects are listed here: name the "
                "signal, as in `temperature > 30` or `temperature.quality = 'good'`."
            )
        for identifier in (self.storey, self.parent):
            if identifier is not None:
                split_object_id(identifier)


def _check_box(box: tuple[float, float, float, float]) -> None:
    west, south, east, north = box
    if not all(math.isfinite(v) for v in box):
        raise InvalidQuery("The bounding box has a coordinate that is not a finite number.")
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise InvalidQuery("The bounding box is not west,south,east,north in degrees with south ≤ north.")


def checked_limit(limit: int) -> int:
    """Return `limit`, or raise InvalidQuery unless it is 1…1000."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidQuery(f"limit={limit} is out of range; ask for 1 to {MAX_LIMIT} at once.")
    return limit


def split_object_id(identifier: str) -> tuple[str, str]:
    """Model key and GlobalId of an id; raises InvalidQuery. Keys hold no slash, GlobalIds of GIS layers may."""
    model, slash, global_id = identifier.partition("/")
    if not (model and slash and global_id):
        raise InvalidQuery(f"{identifier!r} is no object id; write model/global_id.")
    return model, global_id


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """Some answers and where the next ones start; `next` is None on the last page."""

    items: list[T]
    next: str | None = None


class ObjectRef(Struct, frozen=True, kw_only=True):
    """An object named in passing."""

    id: str
    name: str
    class_: str


class ObjectRecord(Struct, frozen=True, kw_only=True):
    """One object as lists show it."""

    model: str
    global_id: str
    class_: str
    name: str
    state_index: int
    parent: str | None
    """Id of the parent in the spatial tree."""
    storey: str | None
    """Id of the storey (or facility part) that holds it."""
    storey_name: str | None
    discipline: str
    hidden: bool
    product: bool
    drawn: bool
    """Has triangles of its own in the tiles."""
    has_children: bool
    bounds: Bounds | None
    """Of its own geometry and that of all below it; None where nothing is drawn."""

    @property
    def id(self) -> str:
        """`"{model}/{global_id}"`."""
        return f"{self.model}/{self.global_id}"


class ObjectDetail(Struct, frozen=True, kw_only=True):
    """One object with all that is known about it."""

    record: ObjectRecord
    attributes: Attributes
    path: list[ObjectRef]
    """From the root of the tree down to the parent."""
    same_as: list[str]
    """Ids of the objects with the same GlobalId in other models: the disciplines of one building share site and storeys."""


class ClassTotal(Struct, frozen=True, kw_only=True):
    """How many objects of a class the current revision of a model holds, and how many of them are drawn."""

    class_: str
    count: int
    drawn: int


class StoreyRecord(Struct, frozen=True, kw_only=True):
    """One storey with what stands on it, in the order of elevation (unknown ones last)."""

    id: str
    name: str
    long_name: str | None
    elevation_m: float | None
    """Above the building's own zero, metres; None where the source states none."""
    count: int
    """Objects that it holds, at any depth."""


class ModelRecord(Struct, frozen=True, kw_only=True):
    """One model in its current revision."""

    key: str
    name: str
    """As the rules of its import call it (both languages), else as the root of its tree is called, else its key.
    `report.names` has it by language."""
    source: str
    kind: str
    schema: str | None
    revision: int
    imported_at: datetime
    content_hash: str
    tileset: str | None
    """File name inside the model's tile folder; None where nothing is drawn."""
    objects: int
    bounds: Bounds | None
    diagnosis: Diagnosis
    report: SourceReport


class RevisionRecord(Struct, frozen=True, kw_only=True):
    """One import of a model."""

    number: int
    status: RevisionStatus
    kept: bool
    """Whether its objects and tiles are still there, so that it can be rolled back to."""
    content_hash: str
    objects: int
    created_at: datetime
    published_at: datetime | None


Direction = Literal["upstream", "downstream"]

MAX_DEPTH = 100_000
"""Steps of a trace: more than any sewer has."""


class TraceQuery(Struct, frozen=True, kw_only=True):
    """Which way to follow what feeds what, and how far. `classes`: only objects of these are told; all are gone through."""

    direction: Direction
    depth: int = MAX_DEPTH
    classes: tuple[str, ...] = ()
    reach: Reach = EVERYTHING
    """Only what a caller reaches is told, and gone through."""
    limit: int = MAX_LIMIT

    def __post_init__(self) -> None:
        checked_limit(self.limit)
        if not 1 <= self.depth <= MAX_DEPTH:
            raise InvalidQuery(f"depth={self.depth} is out of range; follow 1 to {MAX_DEPTH} steps.")


class Traced(Struct, frozen=True, kw_only=True):
    """What was reached, near ones first: each object with the fewest steps to it. `truncated`: there is more."""

    items: list[tuple[ObjectRecord, int]]
    total: int
    truncated: bool
