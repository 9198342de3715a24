"""What goes over the wire: the documents of `/api/v1`, with the examples that the OpenAPI page shows.

Coordinates are in GeoJSON order. Bounds are (west, south, lowest, east, north, highest) in degrees and metres, as a GeoJSON
bbox with heights has them (RFC 7946, section 5). Times are RFC 3339, UTC.
"""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Bounds = tuple[float, float, float, float, float, float]

_OBJECT: dict[str, Any] = {
    "id": "community-centre/2O2Fr$t4X7Zf8NOew3FLOH",
    "model": "community-centre",
    "global_id": "2O2Fr$t4X7Zf8NOew3FLOH",
    "class": "IfcDoor",
    "name": "防火门 FM甲-1021",
    "state_index": 117,
    "parent": "community-centre/1hOSvn6df7F8_7GcBWlR72",
    "storey": "community-centre/1hOSvn6df7F8_7GcBWlR72",
    "storey_name": "一层",
    "discipline": "architecture",
    "hidden": False,
    "has_children": False,
    "bounds": [121.4471, 29.8694, 3.2, 121.4472, 29.8695, 5.4],
}


class ObjectSummary(BaseModel):
    """An object in a list."""

    model_config = ConfigDict(populate_by_name=True, json_schema_extra={"examples": [_OBJECT]})

    id: str = Field(description="`{model}/{global_id}`; percent-encode each part in a path.")
    model: str
    global_id: str
    class_: str = Field(alias="class", description="IFC class, or the class that a layer's rules give.")
    name: str
    state_index: int = Field(
        ge=0, description="Unique over the whole twin; in the tiles and in the live channel."
    )
    parent: str | None = Field(description="Id of the parent in the spatial tree; null for a root.")
    storey: str | None
    storey_name: str | None
    discipline: str
    hidden: bool = Field(description="Not shown at first (rooms); drawn all the same.")
    has_children: bool
    bounds: Bounds | None = Field(description="Null where neither it nor anything below it is drawn.")


class PathStep(BaseModel):
    """One ancestor, root first."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    name: str
    class_: str = Field(alias="class")


class PropertyValue(BaseModel):
    """A typed value; `unit` is a UCUM-like symbol."""

    value: Any
    type: str
    unit: str | None = None


class ObjectDetail(ObjectSummary):
    """An object with all that is known of it."""

    description: str | None = None
    long_name: str | None = None
    object_type: str | None = None
    predefined_type: str | None = None
    tag: str | None = None
    type_name: str | None = None
    materials: list[str] = []
    classifications: list[dict[str, str | None]] = []
    groups: list[dict[str, str | None]] = []
    properties: dict[str, dict[str, PropertyValue]] = {}
    same_as: list[str] = Field(default=[], description="Objects of other models with the same GlobalId.")
    path: list[PathStep] = []


class ObjectPage(BaseModel):
    """Objects, and the cursor of the next page."""

    items: list[ObjectSummary]
    next: str | None


class ModelSummary(BaseModel):
    """A model with its current revision."""

    model_config = ConfigDict(populate_by_name=True)

    key: str
    name: str
    names: dict[str, str] = Field(
        description="The name by language (`zh`, `en`), where it has more than one."
    )
    class_names: dict[str, dict[str, str]] = Field(
        description="What the rules of its import call its classes, by language."
    )
    kind: str
    source: str
    schema_: str | None = Field(alias="schema")
    revision: int
    imported_at: datetime
    objects: int
    drawn: int
    not_drawn: dict[str, int]
    placement: dict[str, Any] = Field(description="What was found, what was used, and how sure it is.")
    bounds: Bounds | None
    tileset: str = Field(description="Address of the model's tileset on this server.")
    warnings: list[str]


class ModelPage(BaseModel):
    """Models, and the cursor of the next page."""

    items: list[ModelSummary]
    next: str | None


class RevisionSummary(BaseModel):
    """One import of a model."""

    number: int
    status: str
    created_at: datetime
    published_at: datetime | None


class RevisionList(BaseModel):
    """The kept revisions of a model, newest first."""

    items: list[RevisionSummary]
    next: None = None


class ClassCount(BaseModel):
    """How many objects of a class a model has, and how many are drawn."""

    model_config = ConfigDict(populate_by_name=True)

    class_: str = Field(alias="class")
    count: int
    drawn: int


class ClassList(BaseModel):
    """Classes of a model, the most frequent first."""

    items: list[ClassCount]
    next: None = None


class Storey(BaseModel):
    """A storey, from the lowest up."""

    id: str
    name: str
    long_name: str | None
    elevation_m: float | None
    count: int


class StoreyList(BaseModel):
    """Storeys of a model."""

    items: list[Storey]
    next: None = None


class PlacementChange(BaseModel):
    """Where to put a model; what is left out stays as the source says."""

    crs: str | None = Field(default=None, description="EPSG code, `gcj02` or `bd09`.", examples=["EPSG:4549"])
    origin: tuple[float, float, float] | None = Field(
        default=None, description="Longitude, latitude, height (m)."
    )
    rotation_deg: float | None = Field(
        default=None, description="From east to the model's x axis, counter-clockwise."
    )
    height_offset_m: float | None = None


class RollBack(BaseModel):
    """Which revision to show again."""

    revision: int = Field(ge=1, le=2**31 - 1)


class Problem(BaseModel):
    """RFC 9457 problem document."""

    status: int
    title: str
    detail: str
