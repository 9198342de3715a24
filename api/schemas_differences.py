"""What has changed between two revisions, as it goes over the wire."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from twin.differences import Kind


class Moved(BaseModel):
    """How far an object has moved."""

    distance_m: float
    east_m: float
    north_m: float
    up_m: float
    bearing_deg: float | None = Field(description="Clockwise from north; null: straight up or down.")


class Measure(BaseModel):
    """A number before and after; null where it is not drawn, or not known."""

    before: float | None
    after: float | None
    difference: float | None


class Reshaped(BaseModel):
    """Extents along the axes of the source in metres, surface in m², volume in m³ (of closed bodies)."""

    height_m: Measure
    length_m: Measure
    width_m: Measure
    area_m2: Measure
    volume_m3: Measure


class TextChange(BaseModel):
    """A name, class or parent."""

    before: str | None
    after: str | None


class PropertyChange(BaseModel):
    """A property, or (with an empty set) what an object has beside them."""

    set: str
    name: str
    before: Any
    after: Any


class ObjectDifference(BaseModel):
    """An object that has changed; what has not is left out."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    name: str
    class_: str = Field(alias="class")
    changes: list[Kind]
    moved: Moved | None = None
    reshaped: Reshaped | None = None
    renamed: TextChange | None = None
    reclassified: TextChange | None = None
    regrouped: TextChange | None = Field(default=None, description="Under another parent.")
    properties: list[PropertyChange] = []


class RevisionDifference(BaseModel):
    """A page of what has changed."""

    model_config = ConfigDict(populate_by_name=True)

    model: str
    from_: int = Field(alias="from")
    to: int
    counts: dict[str, int] = Field(
        description="Objects by kind of change (one may have several), and `unchanged`."
    )
    shapes: bool = Field(
        description="False where a revision is of an older city-twin: then only boxes were compared."
    )
    items: list[ObjectDifference]
    next: str | None
