"""Geometries of CityJSON: nested lists of vertex numbers → polygons with what each looks like.

All types that have surfaces are read to one form: shells of surfaces of rings. Values of semantics, materials and textures
are nested like the boundaries, without their innermost levels, and null stands for nothing at any level.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bim_import.cityjson.document import vertex_array
from bim_import.citymodel.images import Images
from bim_import.citymodel.looks import surface_material
from bim_import.citymodel.surfaces import Surfaces
from twin.source import Material

Json = dict[str, Any]

_SHELL_DEPTH = {"MultiSurface": 0, "CompositeSurface": 0, "Solid": 1, "MultiSolid": 2, "CompositeSolid": 2}
"""How many levels of lists there are above the list of surfaces."""

DRAWABLE = frozenset(_SHELL_DEPTH)


Look = tuple[str | None, int | None, int | None]
"""Semantic surface, material and image of a face."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """What colours the surfaces of one feature, and where faults are told. `places`: (n, 2) texture coordinates."""

    materials: list[Any]
    textures: list[Any]
    places: NDArray[np.float64]
    images: Images
    fault: Callable[[str], None]

    @classmethod
    def of(cls, appearance: Json, images: Images, fault: Callable[[str], None]) -> "Palette":
        """The palette of an `appearance` object."""
        found = appearance.get("vertices-texture") or []
        flat = [(*place[:2], 0.0) for place in found if isinstance(place, list)]
        return cls(
            materials=_list(appearance.get("materials")),
            textures=_list(appearance.get("textures")),
            places=vertex_array(flat)[:, :2] if len(flat) == len(found) else np.empty((0, 2)),
            images=images,
            fault=fault,
        )

    def material(self, look: Look, class_: str) -> Material:
        """How a face of that look appears; defaults by its semantics and the class of its object."""
        semantic, number, image = look
        plain = surface_material(semantic, class_)
        source = _item(self.materials, number)
        if isinstance(source, dict):
            plain = _colored(source, plain)
        drawn = _item(self.textures, image)
        if isinstance(drawn, dict):
            repeats = drawn.get("wrapMode") in (None, "wrap", "mirror")
            texture = self.images.texture(str(drawn.get("image", "")), repeats=repeats)
            if texture is not None:
                return Material(color=(1.0, 1.0, 1.0, 1.0), texture=texture)
        return plain


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _item(values: Any, number: Any) -> Any:
    """`values[number]`, None where there is none."""
    if isinstance(values, list) and type(number) is int and 0 <= number < len(values):
        return values[number]
    return None


def _colored(source: Json, plain: Material) -> Material:
    color = source.get("diffuseColor")
    if not isinstance(color, list) or len(color) != 3:
        return plain
    try:
        red, green, blue = (min(max(float(part), 0.0), 1.0) for part in color)
        alpha = 1.0 - min(max(float(source.get("transparency") or 0.0), 0.0), 1.0)
    except (TypeError, ValueError):
        return plain
    return Material(name=str(source.get("name") or plain.name), color=(red, green, blue, alpha))


@dataclass(slots=True)
class _Polygons:
    """What is gathered of one object; `places` has the number of a texture coordinate for every corner, -1 for none."""

    vertex_count: int
    corners: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    faces: list[int] = field(default_factory=list)
    outer: list[bool] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    shells: list[int] = field(default_factory=list)

    def add(self, rings: Any, shell: int, place_count: int, values: tuple[str | None, Any, Any]) -> bool:
        """Add one face; false where its corners are not in the file."""
        if not self._is_sound(rings):
            return False
        semantic, material, texture = values
        image: int | None = None
        face = len(self.looks)
        for number, ring in enumerate(rings):
            spot = _item(texture, number)
            shown = _is_spot(spot, len(ring), place_count)
            if shown:
                image = spot[0]
            self.corners += ring
            self.places += spot[1:] if shown else [-1] * len(ring)
            self.counts.append(len(ring))
            self.faces.append(face)
            self.outer.append(number == 0)
        self.looks.append((semantic, material if type(material) is int else None, image))
        self.shells.append(shell)
        return True

    def _is_sound(self, rings: Any) -> bool:
        if not isinstance(rings, list) or not rings:
            return False
        return all(
            isinstance(ring, list) and all(type(c) is int and 0 <= c < self.vertex_count for c in ring)
            for ring in rings
        )


def _is_spot(spot: Any, corners: int, place_count: int) -> bool:
    """Whether a value is an image and a texture coordinate for each corner."""
    if not isinstance(spot, list) or len(spot) != corners + 1:
        return False
    return all(type(value) is int and value >= 0 for value in spot) and max(spot[1:], default=0) < place_count


def surfaces_of(
    geometries: list[Json], vertices: NDArray[np.float64], class_: str, palette: Palette
) -> Surfaces:
    """The polygons of all `geometries` together (their types are in DRAWABLE)."""
    gathered = _Polygons(vertex_count=len(vertices))
    bodies: dict[tuple[int, int], int] = {}
    parts = ((place, *part) for place, each in enumerate(geometries) for part in _shells(each))
    for place, solid, faces, values in parts:
        body = bodies.setdefault((place, solid), len(bodies))
        for number, rings in enumerate(faces):
            if not gathered.add(rings, body, len(palette.places), values.at(number)):
                palette.fault("a surface whose corners are not in the file")
    looks = list(dict.fromkeys(gathered.looks))
    slots = {look: number for number, look in enumerate(looks)}
    materials = [palette.material(look, class_) for look in looks]
    return Surfaces(
        points=vertices[np.array(gathered.corners, dtype=np.int64)],
        counts=np.array(gathered.counts, dtype=np.int64),
        faces=np.array(gathered.faces, dtype=np.int64),
        outer=np.array(gathered.outer, dtype=bool),
        slots=np.array([slots[look] for look in gathered.looks], dtype=np.int64),
        shells=np.array(gathered.shells, dtype=np.int64),
        materials=materials,
        uvs=_uvs(gathered, palette) if any(each.texture is not None for each in materials) else None,
    )


def _uvs(gathered: _Polygons, palette: Palette) -> NDArray[np.float32]:
    numbers = np.array(gathered.places, dtype=np.int64)
    known = np.vstack([palette.places, np.zeros((1, 2))])
    return np.nan_to_num(known[numbers]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Values:
    """Values for the faces of one shell: of semantics, of materials, of textures; None: nothing for any of them."""

    surfaces: list[Any]
    semantics: Any
    material: Any
    texture: Any

    def at(self, number: int) -> tuple[str | None, Any, Any]:
        """What one face has."""
        surface = _item(self.surfaces, _item(self.semantics, number))
        name = str(surface["type"]) if isinstance(surface, dict) and "type" in surface else None
        whole = self.material if type(self.material) is int else _item(self.material, number)
        return name, whole, _item(self.texture, number)


def _shells(geometry: Json) -> Iterator[tuple[int, list[Any], _Values]]:
    """Lists of faces, each with the number of its solid and the values that stand at the same place of the nested lists.

    The shells of a solid have one number: those behind the first are voids, and stay so when the solid is turned outward.
    """
    semantics = geometry.get("semantics")
    semantics = semantics if isinstance(semantics, dict) else {}
    material, texture = _theme(geometry.get("material")), _theme(geometry.get("texture"))
    surfaces = _list(semantics.get("surfaces"))
    waiting = [
        (
            geometry.get("boundaries"),
            (semantics.get("values"), material.get("value", material.get("values")), texture.get("values")),
            _SHELL_DEPTH[geometry["type"]],
            0,
        )
    ]
    while waiting:
        boundaries, values, depth, solid = waiting.pop(0)
        if not isinstance(boundaries, list):
            continue
        if depth == 0:
            yield solid, boundaries, _Values(surfaces, *values)
            continue
        waiting += [
            (part, _below(values, number), depth - 1, number if depth > 1 else solid)
            for number, part in enumerate(boundaries)
        ]


def _below(values: tuple[Any, Any, Any], number: int) -> tuple[Any, Any, Any]:
    """Values one level down; a single number holds for all that is below it."""
    semantics, material, texture = (value if type(value) is int else _item(value, number) for value in values)
    return semantics, material, texture


def _theme(themes: Any) -> Json:
    """The first theme: files with several show the same objects in different lights, and none is marked as the default."""
    if not isinstance(themes, dict) or not themes:
        return {}
    first = next(iter(themes.values()))
    return first if isinstance(first, dict) else {}
