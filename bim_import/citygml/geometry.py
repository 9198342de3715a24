"""GML geometries → polygons, whatever they are wrapped in.

What encloses polygons (solids, shells, multi and composite surfaces, patches of a TIN) only matters for what refers to it:
appearances and semantic surfaces name polygons or anything around them. Links within the file are followed; one that
leads back to itself is reported, not followed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bim_import.citygml.document import GML, XLINK, Element, children, gml_id, local, namespace, text_of

Floats = NDArray[np.float64]

_PATCHES = frozenset({"Polygon", "PolygonPatch", "Triangle", "Rectangle"})
_POSITIONS = frozenset({"posList", "pos", "coordinates", "coord", "pointProperty", "pointRep"})
_LINES = frozenset(
    {"LineString", "Curve", "CompositeCurve", "MultiCurve", "MultiLineString", "Point", "MultiPoint"}
)
_ENDINGS = ("Surface", "Solid", "Geometry", "Complex", "Tin", "Aggregate")
_DEEPEST = 200
"""Wrappings around a polygon, links included: real files have about ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A ring without its closing corner. `closed`: the source repeats the first corner at the end."""

    id: str | None
    points: Floats
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygon:
    """A polygon: the outer ring first. `ids`: its own id and those of all that it is wrapped in, the innermost first.

    `own` is its own id; `backward`: it is seen from the other side than its rings say.
    """

    ids: tuple[str, ...]
    rings: tuple[Ring, ...]
    own: str | None = None
    backward: bool = False

    @property
    def marks(self) -> list[object]:
        """What tells that two polygons are the same one: the id, the corners."""
        corners = np.sort(np.concatenate([ring.points for ring in self.rings]), axis=0).tobytes()
        return [corners] if self.own is None else [self.own, corners]


class GeometryReader:
    """Reads geometries of one file. `find` resolves the id of a link, None where it leads nowhere here."""

    def __init__(self, find: Callable[[str], Element | None], note: Callable[[str], None]) -> None:
        self._find, self._note = find, note

    def polygons(self, element: Element) -> tuple[list[Polygon], bool]:
        """All polygons at or below `element`, and whether there are lines or points."""
        found: list[Polygon] = []
        lines = False
        waiting: list[tuple[Element, tuple[str, ...], frozenset[str], bool]] = [
            (element, (), frozenset(), False)
        ]
        while waiting:
            at, ids, links, backward = waiting.pop()
            name = local(at)
            own = gml_id(at)
            ids = (own, *ids) if own else ids
            if name in _PATCHES:
                rings = tuple(self._rings(at))
                if rings:
                    found.append(Polygon(ids=ids, rings=rings, own=own, backward=backward))
                continue
            if name in _LINES:
                lines = True
                continue
            if len(ids) + len(links) > _DEEPEST:
                self._note("a geometry wrapped too deeply")
                continue
            if name == "OrientableSurface" and at.get("orientation") == "-":
                backward = not backward
            href = at.get(XLINK)
            if href:
                waiting += self._linked(str(href), ids, links, backward=backward)
            waiting += [(child, ids, links, backward) for child in reversed(list(children(at)))]
        return found, lines

    def _linked(
        self, href: str, ids: tuple[str, ...], links: frozenset[str], *, backward: bool
    ) -> list[tuple[Element, tuple[str, ...], frozenset[str], bool]]:
        if not href.startswith("#"):
            self._note("a link to a geometry in another file")
            return []
        if href in links:
            self._note("a geometry that links to itself")
            return []
        target = self._find(href[1:])
        if target is None:
            self._note("a link to a geometry that is not in the file")
            return []
        return [(target, ids, links | {href}, backward)]

    def _rings(self, patch: Element) -> list[Ring]:
        rings: list[Ring] = []
        for boundary in children(patch):
            if local(boundary) in ("interior", "innerBoundaryIs", "exterior", "outerBoundaryIs"):
                for ring in children(boundary):
                    points = positions(ring)
                    if len(points) == 0:
                        self._note("a ring without coordinates that can be read")
                        continue
                    closed = len(points) > 1 and bool((points[0] == points[-1]).all())
                    rings.append(
                        Ring(id=gml_id(ring), points=points[:-1] if closed else points, closed=closed)
                    )
        return rings


def positions(element: Element) -> Floats:
    """(n, 3) coordinates below an element in their order; heights that are not given are 0, unreadable ones none at all."""
    parts: list[Floats] = []
    for each in element.iter():
        name = local(each)
        if name in _POSITIONS:
            parts.append(_numbers(each, name))
    parts = [part for part in parts if len(part)]
    return np.concatenate(parts) if parts else np.empty((0, 3))


def _numbers(element: Element, name: str) -> Floats:
    text = text_of(element)
    if not text:
        return np.empty((0, 3))
    if name == "coordinates":
        return _tuples(element, text)
    try:
        values = np.array(text.split(), dtype=np.float64)
    except ValueError:
        return np.empty((0, 3))
    size = _dimension(element, len(values))
    if size == 0:
        return np.empty((0, 3))
    rows = values.reshape(-1, size)
    return rows[:, :3] if size >= 3 else np.column_stack([rows, np.zeros(len(rows))])


def _dimension(element: Element, count: int) -> int:
    """Numbers per point: as stated at the element or above, if that divides them; else 3, else 2, else 0."""
    at: Any = element
    while at is not None:
        stated = at.get("srsDimension")
        if stated and stated.isdecimal() and 2 <= int(stated) <= 4 and count % int(stated) == 0:
            return int(stated)
        at = at.getparent()
    return 3 if count % 3 == 0 else 2 if count % 2 == 0 else 0


def _tuples(element: Element, text: str) -> Floats:
    """GML 2 coordinates: `x,y,z x,y,z` with separators of one's own."""
    between, within = element.get("ts", " "), element.get("cs", ",")
    words = text.split() if between == " " else text.split(between)
    try:
        rows = [[float(part) for part in word.split(within)] for word in words if word.strip()]
    except ValueError:
        return np.empty((0, 3))
    if not rows or len({len(row) for row in rows}) != 1 or len(rows[0]) not in (2, 3):
        return np.empty((0, 3))
    return np.array([[*row, 0.0][:3] for row in rows], dtype=np.float64)


def is_geometry(element: Element) -> bool:
    """Whether an element is a geometry of GML."""
    name = local(element)
    return namespace(element) in GML and (name in _LINES or name in _PATCHES or name.endswith(_ENDINGS))
