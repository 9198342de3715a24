"""Bodies that are lists of flat faces, read from the text of the file: no kernel is needed to cut polygons into triangles.

Takes faceted breps (with voids, too, which no kernel of ifcopenshell makes), surface models of faces, and polygonal face
sets. Everything else about a record (curved edges, faces with a surface of their own) raises UnreadableError, and the kernel
does it.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bim_import.geometry.polygons import Loops, ring_normals, triangulated_faces
from bim_import.ifc.reading.entities import Entity, attribute
from bim_import.ifc.reading.step_text import Floats, Indexes, StepText, UnreadableError

FACE_SET = "IfcPolygonalFaceSet"
WITH_VOIDS = "IfcFacetedBrepWithVoids"
_MODELS = {
    "IfcFacetedBrep": "IFCFACETEDBREP",
    WITH_VOIDS: "IFCFACETEDBREPWITHVOIDS",
    "IfcFaceBasedSurfaceModel": "IFCFACEBASEDSURFACEMODEL",
    "IfcShellBasedSurfaceModel": "IFCSHELLBASEDSURFACEMODEL",
}
_SHELLS = ("IFCCLOSEDSHELL", "IFCOPENSHELL", "IFCCONNECTEDFACESET")
_BOUNDS = ("IFCFACEOUTERBOUND", "IFCFACEBOUND")
_FALSE = ord("F")

MODELS = frozenset(_MODELS)
"""Classes that `read_models` takes."""
SURFACES = frozenset({"IfcFaceBasedSurfaceModel", "IfcShellBasedSurfaceModel"})
"""Those of which each shell may have a style of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """Triangles of many items together: `shells` is the STEP id of the shell, `item` the index of the item, of each.

    The shells of a brep with voids are one, that around it. `face` is the index of the face, of a face set only.
    """

    vertices: Floats
    triangles: Indexes
    shells: Indexes
    item: Indexes
    face: Indexes | None = None

    def split(self, count: int) -> list["Facets"]:
        """The same for each of the `count` items, with the vertices that it uses."""
        ends = np.searchsorted(self.item, np.arange(count + 1))
        parts = []
        for start, stop in pairwise(ends.tolist()):
            used, corners = np.unique(self.triangles[start:stop], return_inverse=True)
            parts.append(
                Facets(
                    vertices=self.vertices[used],
                    triangles=corners.reshape(-1, 3),
                    shells=self.shells[start:stop],
                    item=self.item[start:stop],
                )
            )
        return parts


def read_models(items: Indexes, name: str, text: StepText) -> Facets:
    """Faces of breps or surface models, all of class `name`, in the file's unit. Raises UnreadableError."""
    shells, counts = text.records(items, _MODELS[name])[0].references()
    item_of_shell = np.repeat(np.arange(len(items)), counts)
    first_of_item = np.cumsum(counts) - counts
    faces, counts = text.records(shells, *_SHELLS)[0].references()
    shell_of_face = np.repeat(np.arange(len(shells)), counts)
    points, rings = _bounds(faces, text)
    triangles, face = triangulated_faces(points, rings)
    shell = shell_of_face[face]
    item = item_of_shell[shell]
    if name == WITH_VOIDS:
        outermost = first_of_item[item]
        triangles, shell = _voids_inward(points, triangles, shell, outermost), outermost
    return Facets(vertices=points, triangles=triangles, shells=shells[shell], item=item)


def _bounds(faces: Indexes, text: StepText) -> tuple[Floats, Loops]:
    """The (n, 3) corners of the IfcFaces of these ids, and the rings that bound them."""
    bounds, counts = text.records(faces, "IFCFACE")[0].references()
    face_of_loop = np.repeat(np.arange(len(faces)), counts)
    bound_records, kinds = text.records(bounds, *_BOUNDS)
    loops, counts = bound_records.references()
    if (counts != 1).any():
        raise UnreadableError("a bound without one loop")
    points, counts = text.records(loops, "IFCPOLYLOOP")[0].references()
    used, corners = np.unique(points, return_inverse=True)
    coordinates = text.records(used, "IFCCARTESIANPOINT")[0].triples()
    corners = _reversed_where(corners, counts, bound_records.count(_FALSE) > 0)
    rings = Loops(corners=corners, counts=counts, faces=face_of_loop, outer=kinds == 0)
    return coordinates, _with_outer(coordinates, rings)


def _with_outer(points: Floats, rings: Loops) -> Loops:
    """The rings, with the largest as the outer one of a face that names none. Raises UnreadableError where one names two."""
    named = np.bincount(rings.faces, weights=rings.outer)
    if (named > 1.0).any():
        raise UnreadableError("a face with two outer bounds")
    nameless = ((named < 1.0) & (np.bincount(rings.faces) > 1))[rings.faces]
    if not nameless.any():
        return rings
    starts = np.cumsum(rings.counts) - rings.counts
    sizes = np.linalg.norm(ring_normals(points[rings.corners], starts, rings.counts), axis=1)
    order = np.lexsort((sizes, rings.faces))
    largest = order[np.append(np.diff(rings.faces[order]) > 0, True)]
    outer = rings.outer.copy()
    outer[largest[nameless[largest]]] = True
    return replace(rings, outer=outer)


def _voids_inward(points: Floats, triangles: Indexes, shell: Indexes, outermost: Indexes) -> Indexes:
    """The triangles, those of voids turned to face against the shell around them. `shell` ascends, (m,) as `outermost`."""
    base = points[triangles[np.searchsorted(shell, shell), 0]]
    a, b, c = (points[triangles[:, k]] - base for k in range(3))
    volume = np.bincount(shell, weights=np.einsum("ij,ij->i", a, np.cross(b, c)))
    turned = (shell != outermost) & (volume[shell] * volume[outermost] > 0.0)
    return np.where(turned[:, None], triangles[:, ::-1], triangles)


def read_polygonal(item: Entity, text: StepText) -> Facets:
    """Faces of an IfcPolygonalFaceSet (IFC 4.3, 8.8.3.36) without holes, in the file's unit. Raises UnreadableError."""
    faces = np.array([face.id() for face in attribute(item, 2)], dtype=np.int64)
    records, _ = text.records(faces, "IFCINDEXEDPOLYGONALFACE")
    corners, counts = records.integers()
    points = np.array(attribute(item.Coordinates, 0), dtype=np.float64).reshape(-1, 3)
    through = item.PnIndex
    if through:
        corners = np.array(through, dtype=np.int64)[_within(corners - 1, len(through))]
    corners = _within(corners - 1, len(points))
    each = np.arange(len(faces))
    loops = Loops(corners=corners, counts=counts, faces=each, outer=np.ones(len(faces), dtype=bool))
    triangles, face = triangulated_faces(points, loops)
    zeros = np.zeros(len(triangles), dtype=np.int64)
    return Facets(vertices=points, triangles=triangles, shells=zeros + item.id(), item=zeros, face=face)


def _within(indexes: Indexes, count: int) -> Indexes:
    if len(indexes) and (indexes.min() < 0 or indexes.max() >= count):
        raise UnreadableError("an index leads beyond its list")
    return indexes


def _reversed_where(corners: Indexes, counts: Indexes, against: NDArray[np.bool_]) -> Indexes:
    """Rings of corners, those marked `against` turned round."""
    if not against.any():
        return corners
    starts = np.cumsum(counts) - counts
    place = np.arange(len(corners)) - np.repeat(starts, counts)
    turned = np.repeat(starts + counts - 1, counts) - place
    return np.asarray(corners[np.where(np.repeat(against, counts), turned, np.arange(len(corners)))])
