"""The spatial tree of a file: project → site → building or facility → storey or part → space → element → part."""

from dataclasses import dataclass

from bim_import.ifc.properties.layout import Layout
from bim_import.ifc.properties.relations import parent_relations
from bim_import.ifc.reading.index import ProductIndex

_STOREYS = frozenset({"IfcBuildingStorey", "IfcFacilityPart"})
"""What holds elements at one level: a storey, or the part of a bridge, road, railway or harbour (IFC 4.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """By ordinal: the parent, and the nearest storey above (never the object itself); None where there is none."""

    parents: list[int | None]
    storeys: list[int | None]
    warnings: list[str]


def read_tree(layout: Layout, index: ProductIndex, classes: list[str], schema: str) -> Tree:
    """Build the tree. `classes` by ordinal.

    The root is the project (the first one by STEP id). Every other object has a parent: the one its relations name, else
    the root; objects of a file without a project may have none. Loops are cut where they would close.
    """
    parents = _stated_parents(layout, index, schema)
    root = _root(index, classes)
    openings = {ordinal for ordinal, name in enumerate(classes) if "IfcOpeningElement" in layout.family(name)}
    _lift_out_of_openings(parents, openings)
    warnings = _cut_loops(parents, root)
    for ordinal, name in enumerate(classes):
        if parents[ordinal] is None and ordinal != root and name != "IfcProject":
            parents[ordinal] = root
    if root is None and classes:
        warnings.append("there is no IfcProject: the objects at the top of the tree have no parent")
    is_storey = [not _STOREYS.isdisjoint(layout.family(name)) for name in classes]
    return Tree(parents=parents, storeys=_storeys(parents, is_storey), warnings=warnings)


def _stated_parents(layout: Layout, index: ProductIndex, schema: str) -> list[int | None]:
    """The parent that the most binding relation of each object names, if that parent is an object of the index."""
    ordinal_of = index.ordinal_of
    parents: list[int | None] = [None] * len(index.step_ids)
    for _, found in parent_relations(layout, schema):
        for child_id, parent_id in found.items():
            child, parent = ordinal_of.get(child_id), ordinal_of.get(parent_id)
            if child is not None and parent is not None and parents[child] is None and child != parent:
                parents[child] = parent
    return parents


def _root(index: ProductIndex, classes: list[str]) -> int | None:
    projects = (ordinal for ordinal, name in enumerate(classes) if name == "IfcProject")
    return min(projects, key=lambda ordinal: index.step_ids[ordinal], default=None)


def _lift_out_of_openings(parents: list[int | None], openings: set[int]) -> None:
    """A door that stands nowhere but in its opening belongs to the wall that the opening is in: openings are not drawn."""
    for child, parent in enumerate(parents):
        if parent in openings and child not in openings and (host := parents[parent]) is not None:
            parents[child] = host


def _cut_loops(parents: list[int | None], root: int | None) -> list[str]:
    """Cut each loop at the object where a walk upwards, begun at the lowest ordinal, would enter it again.

    The root has no parent: everything cut off is going to hang at it.
    """
    settled = bytearray(len(parents))
    cut = 0
    if root is not None and parents[root] is not None:
        parents[root] = None
        cut = 1
    for start in range(len(parents)):
        path: list[int] = []
        on_path: set[int] = set()
        at: int | None = start
        while at is not None and not settled[at]:
            if at in on_path:
                parents[path[-1]] = None
                cut += 1
                break
            path.append(at)
            on_path.add(at)
            at = parents[at]
        for ordinal in path:
            settled[ordinal] = 1
    return [f"{cut} loops in the spatial tree were cut; the objects hang at the root now"] if cut else []


def _storeys(parents: list[int | None], is_storey: list[bool]) -> list[int | None]:
    """The nearest storey above each object; each object is settled once, whatever the depth of the tree."""
    found: dict[int, int | None] = {}
    for start in range(len(parents)):
        path: list[int] = []
        at: int | None = start
        while at is not None and at not in found:
            path.append(at)
            at = parents[at]
        for ordinal in reversed(path):
            parent = parents[ordinal]
            found[ordinal] = None if parent is None else parent if is_storey[parent] else found[parent]
    return [found[ordinal] for ordinal in range(len(parents))]
