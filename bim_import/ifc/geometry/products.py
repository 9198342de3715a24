"""Sorts the products of a file before any geometry is made: what can be drawn, from which representation, sharing what.

Every product ends up in exactly one place: in a `Shape`, or in `not_drawn` with its reason.
"""

from contextlib import suppress
from dataclasses import dataclass, field

import ifcopenshell

from bim_import.ifc.geometry.items import DIRECT, SET, TREE
from bim_import.ifc.geometry.transforms import MAX_DEPTH
from bim_import.ifc.reading.entities import (
    CONTEXT,
    IDENTIFIER,
    ITEMS,
    MALFORMED,
    MAPPED_REPRESENTATION,
    MAPPING_SOURCE,
    RELATED,
    RELATING,
    REPRESENTATION,
    REPRESENTATIONS,
    Entity,
    attribute,
    classes,
    is_kind,
    kind,
)
from bim_import.ifc.reading.index import ProductIndex
from twin.source import NotDrawn

_BODIES = (
    "IfcSolidModel",
    "IfcBooleanResult",
    "IfcCsgPrimitive3D",
    "IfcFaceBasedSurfaceModel",
    "IfcShellBasedSurfaceModel",
    "IfcTessellatedFaceSet",
    "IfcBoundedSurface",
    "IfcSweptSurface",
    "IfcSectionedSurface",
    "IfcSectionedSpine",
)
"""Representation items with triangles. Curves, points, text, planes without bounds and bounding boxes have none."""

_SUBTRACTIONS = ("IfcFeatureElementSubtraction",)
_ALIGNMENTS = (
    "IfcAlignment",
    "IfcLinearPositioningElement",
    "IfcAlignmentHorizontal",
    "IfcAlignmentVertical",
    "IfcAlignmentCant",
    "IfcAlignmentSegment",
)
_ANNOTATIONS = ("IfcAnnotation", "IfcGrid")

_RANK = {"body": 0, "facetation": 1, "tessellation": 1, "body-fallback": 2, "surface": 3, "": 4}
"""Which representation is drawn where a product has several (IFC 4.3, 8.14.3.15, RepresentationIdentifier)."""
_OTHER_RANK = 5
_NEVER = frozenset(
    {
        "axis",
        "footprint",
        "box",
        "annotation",
        "plan",
        "profile",
        "reference",
        "cog",
        "clearance",
        "lighting",
        "surveypoints",
    }
)
"""Representations that stand for something else than the body, whatever their items."""

_BUNDLES, _LEAST_BUNDLE, _LARGEST_BUNDLE = 16, 2_000, 60_000
"""Plain faces are handed out in about this many bundles, so that workers end together, of at least so many entities, so that
arrays are long, and at most so many, so that they are not too long: 60,000 are some 20 MB of arrays."""
_OPENING_WEIGHT = 50
"""Cutting an opening costs about as much as meshing this many entities."""


@dataclass(slots=True, kw_only=True)
class Shape:
    """Geometry that is made once, for one product or for all that map the same representation.

    `representation` is the STEP id of what is drawn; `products` are (STEP id of the product, ids of the IfcMappedItems
    between its own representation and the drawn one, outermost first). `openings` are (STEP id of the opening element, of
    its representation) of what voids the (only) product; `cut` tells that there are openings or boolean operations.
    `direct` tells that all of it is lists of faces. `weight` is a guess of the work.
    """

    representation: int
    products: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    openings: tuple[tuple[int, int], ...] = ()
    cut: bool = False
    direct: bool = False
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """Shapes, heaviest first, and the STEP ids of the products that have none."""

    shapes: list[Shape]
    not_drawn: dict[int, NotDrawn]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """What one representation holds: whether it can be drawn, and the only mapped item that it may consist of."""

    drawable: bool
    cut: bool
    direct: bool
    mapped: Entity | None


def body_classes(schema: str) -> frozenset[str]:
    """Classes of representation items that have triangles; an IfcGeometricSet may hold some."""
    return classes(schema, _BODIES)


def is_body(item: Entity, bodies: frozenset[str]) -> bool:
    """Whether an item is of one of the classes `bodies`, or a set that holds one."""
    if kind(item) == SET:
        return any(kind(element) in bodies for element in attribute(item, 0) or ())
    return kind(item) in bodies


def sort_products(file: ifcopenshell.file, index: ProductIndex) -> Sorted:
    """Sort all products of `index`; reads no coordinates."""
    return _Sorter(file).sort(index)


class _Sorter:
    def __init__(self, file: ifcopenshell.file) -> None:
        self._file = file
        schema = str(file.schema_identifier)
        self._bodies = body_classes(schema)
        self._booleans = classes(schema, ("IfcBooleanResult",))
        by_reason = {
            NotDrawn.OPENING: _SUBTRACTIONS,
            NotDrawn.ALIGNMENT: _ALIGNMENTS,
            NotDrawn.ANNOTATION: _ANNOTATIONS,
        }
        self._reasons = {
            name: reason for reason, names in by_reason.items() for name in classes(schema, names)
        }
        self._cache: dict[int, _Body] = {}
        self._voids = self._openings_by_host()
        self._parents = self._parents_of_parts() if self._voids else {}

    def sort(self, index: ProductIndex) -> Sorted:
        shapes: dict[int, Shape] = {}
        cut: list[Shape] = []
        not_drawn: dict[int, NotDrawn] = {}
        for step_id in index.step_ids:
            product = self._file.by_id(step_id)
            if kind(product) == "IfcProject":
                continue
            try:
                found = self._shape_of(product)
            except MALFORMED:
                found = NotDrawn.KERNEL_FAILED
            if isinstance(found, NotDrawn):
                not_drawn[step_id] = found
            elif found.openings:
                cut.append(found)
            else:
                shared = shapes.setdefault(found.representation, found)
                if shared is not found:
                    shared.products.extend(found.products)
        drawn = _weighed([*shapes.values(), *cut])
        return Sorted(shapes=drawn, not_drawn=not_drawn)

    def _shape_of(self, product: Entity) -> Shape | NotDrawn:
        name = kind(product)
        reason = self._reasons.get(name)
        definition = attribute(product, REPRESENTATION)
        if reason is NotDrawn.OPENING:
            return reason
        if definition is None:
            return reason or NotDrawn.NO_REPRESENTATION
        representation = self._choose(attribute(definition, REPRESENTATIONS) or ())
        if representation is None:
            empty = not attribute(definition, REPRESENTATIONS)
            return reason or (NotDrawn.NO_REPRESENTATION if empty else NotDrawn.NO_BODY)
        return self._follow(product, representation)

    def _follow(self, product: Entity, representation: Entity) -> Shape:
        openings = self._openings_of(product) if self._voids else ()
        chain: list[int] = []
        body = self._body(representation)
        while body.mapped is not None and not openings:
            chain.append(body.mapped.id())
            inner = _mapped_representation(body.mapped)
            # A body with a mapped item that leads nowhere is not drawable, and so was not chosen.
            assert inner is not None
            representation = inner
            body = self._body(representation)
        return Shape(
            representation=representation.id(),
            products=[(product.id(), tuple(chain))],
            openings=openings,
            cut=bool(openings) or body.cut,
            direct=body.direct and not openings,
        )

    def _choose(self, representations: tuple[Entity, ...]) -> Entity | None:
        best_order, best = (_OTHER_RANK + 1, True), None
        for candidate in representations:
            rank = _rank(attribute(candidate, IDENTIFIER))
            if rank is None or rank > best_order[0] or not self._body(candidate).drawable:
                continue
            order = (rank, len(representations) > 1 and not _is_model_view(candidate))
            if order < best_order:
                best_order, best = order, candidate
        return best

    def _body(self, representation: Entity, depth: int = 0) -> _Body:
        number = representation.id()
        known = self._cache.get(number)
        if known is not None:
            return known
        if depth > MAX_DEPTH:
            raise ValueError("mapped items hold themselves")
        items: tuple[Entity, ...] = attribute(representation, ITEMS) or ()
        drawable = cut = False
        direct = all(kind(item) in DIRECT for item in items)
        for item in items:
            name = kind(item)
            if name == "IfcMappedItem":
                mapped = _mapped_representation(item)
                if mapped is None:
                    continue
                inner = self._body(mapped, depth + 1)
                drawable, cut = drawable or inner.drawable, cut or inner.cut
            else:
                drawable = drawable or is_body(item, self._bodies)
                cut = (
                    cut
                    or name in self._booleans
                    or (name == TREE and kind(attribute(item, 0)) in self._booleans)
                )
        alone = items[0] if len(items) == 1 and kind(items[0]) == "IfcMappedItem" else None
        body = _Body(drawable=drawable, cut=cut, direct=direct, mapped=alone)
        self._cache[number] = body
        return body

    def _openings_by_host(self) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = {}
        for relation in self._file.by_type("IfcRelVoidsElement"):
            with suppress(*MALFORMED):
                host, opening = attribute(relation, RELATING), attribute(relation, RELATED)
                body = self._choose(attribute(attribute(opening, REPRESENTATION), REPRESENTATIONS))
                if body is not None:
                    found.setdefault(host.id(), []).append((opening.id(), body.id()))
        return found

    def _parents_of_parts(self) -> dict[int, int]:
        """Part → whole, of elements: an opening in an assembly goes through its parts."""
        found: dict[int, int] = {}
        for relation in self._file.by_type("IfcRelAggregates"):
            with suppress(*MALFORMED):
                whole = attribute(relation, RELATING)
                if is_kind(whole, "IfcElement"):
                    found.update((part.id(), whole.id()) for part in attribute(relation, RELATED))
        return found

    def _openings_of(self, product: Entity) -> tuple[tuple[int, int], ...]:
        openings: list[tuple[int, int]] = []
        seen: set[int] = set()
        host: int | None = product.id()
        while host is not None and host not in seen:
            openings.extend(self._voids.get(host, ()))
            seen.add(host)
            host = self._parents.get(host)
        return tuple(dict.fromkeys(openings))


def _mapped_representation(item: Entity) -> Entity | None:
    """What an IfcMappedItem maps; None where the file leaves that out."""
    source: Entity | None = attribute(item, MAPPING_SOURCE)
    representation: Entity | None = None if source is None else attribute(source, MAPPED_REPRESENTATION)
    return representation


def _rank(identifier: object) -> int | None:
    """Preference of a representation, smaller first; None: never drawn."""
    text = str(identifier or "").strip().lower().replace(" ", "")
    return None if text in _NEVER else _RANK.get(text, _OTHER_RANK)


def _is_model_view(representation: Entity) -> bool:
    context = attribute(representation, CONTEXT)
    if context is None or not is_kind(context, "IfcGeometricRepresentationSubContext"):
        return True
    return str(context.TargetView) == "MODEL_VIEW"


def _weighed(shapes: list[Shape]) -> list[Shape]:
    """Shapes with a guess of their work: those that need a kernel or cuts first, each kind heaviest first.

    Exporters write the entities of a representation just before it, so the gap to the STEP id before is about their number.
    A wrong guess costs only balance.
    """
    shapes.sort(key=lambda shape: (shape.representation, shape.products[0][0]))
    before = 0
    for shape in shapes:
        gap = min(max(shape.representation - before, 1), 100_000)
        shape.weight = gap + _OPENING_WEIGHT * len(shape.openings) + _OPENING_WEIGHT * shape.cut
        before = max(before, shape.representation)
    shapes.sort(key=lambda shape: (shape.direct, -shape.weight))
    return shapes


def bundles(shapes: list[Shape]) -> list[tuple[int, int]]:
    """Runs (first, count) of shapes to be handed out together: single ones, except of plain faces, which read faster so."""
    single = sum(not shape.direct for shape in shapes)
    found = [(number, 1) for number in range(single)]
    size = min(
        max(sum(shape.weight for shape in shapes[single:]) // _BUNDLES, _LEAST_BUNDLE), _LARGEST_BUNDLE
    )
    first, weight = single, 0
    for number in range(single, len(shapes)):
        weight += shapes[number].weight
        if weight >= size or number == len(shapes) - 1:
            found.append((first, number + 1 - first))
            first, weight = number + 1, 0
    return found
