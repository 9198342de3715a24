"""What goes over the wire about themes."""

from pydantic import BaseModel, Field


class Label(BaseModel):
    """A text in both languages of the page."""

    zh: str
    en: str


class RampStop(BaseModel):
    """A colour of the scale; between two of them colours are mixed."""

    value: float
    code: int
    colour: str


class SpecialCode(BaseModel):
    """A code that is no place on the scale."""

    code: int
    colour: str
    label: Label


class ThemeSummary(BaseModel):
    """What is coloured by signals of some kinds."""

    key: str
    kinds: list[str] = Field(description="Kinds of signals that it shows.")
    label: Label
    unit: str | None
    low: float = Field(description="Value of code 0; smaller ones have it, too.")
    high: float = Field(description="Value of code 249; larger ones have it, too.")
    ramp: list[RampStop]
    special: list[SpecialCode] = Field(description="No value, bad, stale, not a number.")
    colours: list[str] = Field(description="256, one for each code.")


class ThemePage(BaseModel):
    """All themes."""

    items: list[ThemeSummary]
    next: None
