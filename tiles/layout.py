"""The tree of tiles without a place on Earth: what a build finds out once, and re-placing needs again."""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from tiles.groups import Group

LAYOUT_VERSION = 1

Triple = tuple[float, float, float]


class TileLayout(Struct, frozen=True, kw_only=True):
    """One tile in local metres: `centre` is the origin of its content, `lower` and `upper` bound the content relative to
    it. Without content (`uri` None) they are meaningless.
    """

    centre: Triple
    error_m: float
    uri: str | None = None
    group: int = -1
    lower: Triple = (0.0, 0.0, 0.0)
    upper: Triple = (0.0, 0.0, 0.0)
    refine: Literal["REPLACE"] | UnsetType = UNSET
    """Unset: ADD. REPLACE where the tile is a simplified view of all below it."""
    children: "list[TileLayout]" = []


class Layout(Struct, frozen=True, kw_only=True):
    """One model: `span_m` is the diagonal of everything in it, the error of not showing it at all.

    `contents` are the files that all tilesets of this layout share (contents, companions, schema).
    """

    root: TileLayout
    span_m: float
    schema_uri: str
    groups: list[Group]
    statistics: dict[str, Any]
    contents: list[str]
    rigid: bool | UnsetType = UNSET
    """True: tiles may be so wide that only a frame that is rigid places them exactly (Frame.is_rigid)."""
    version: int = LAYOUT_VERSION
