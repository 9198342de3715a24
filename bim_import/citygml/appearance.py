"""Appearances of CityGML: which polygons have which colour or image, gathered before any object is read."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bim_import.citygml.document import Element, children, local, text_of
from bim_import.citygml.geometry import Polygon, Ring
from twin.source import Material

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image by its name in the file."""

    uri: str
    repeats: bool


@dataclass(slots=True)
class Theme:
    """One look of a whole model. Keys are ids of polygons or of what is around them; for places, of rings."""

    colors: dict[str, Material] = field(default_factory=dict)
    images: dict[str, Image] = field(default_factory=dict)
    places: dict[str, Floats] = field(default_factory=dict)
    of_ring: dict[str, Image] = field(default_factory=dict)
    worlds: dict[str, Floats] = field(default_factory=dict)
    """Id of a polygon → (3, 4) matrix from world coordinates to the image."""

    def color(self, polygon: Polygon) -> Material | None:
        """The colour of a polygon: its own, else that of what is next around it."""
        return next((self.colors[each] for each in polygon.ids if each in self.colors), None)

    def image(self, polygon: Polygon) -> Image | None:
        """The image on a polygon."""
        for ring in polygon.rings[:1]:
            if ring.id in self.of_ring:
                return self.of_ring[ring.id]
        return next((self.images[each] for each in polygon.ids if each in self.worlds), None)

    def place(self, polygon: Polygon, ring: Ring) -> Floats | None:
        """(n, 2) places on the image of the corners of a ring, v upwards; None where they are not told for each."""
        if ring.id in self.places:
            found = self.places[ring.id]
            if len(found) == len(ring.points) + ring.closed:
                return found[: len(ring.points)]
            return found if len(found) == len(ring.points) else None
        matrix = next((self.worlds[each] for each in polygon.ids if each in self.worlds), None)
        if matrix is None:
            return None
        mapped = ring.points @ matrix[:, :3].T + matrix[:, 3]
        with np.errstate(divide="ignore", invalid="ignore"):
            flat: Floats = mapped[:, :2] / mapped[:, 2:]
        return flat if np.isfinite(flat).all() else None


@dataclass(slots=True)
class Appearances:
    """All themes of a file. `skipped` counts surface data that cannot be shown, by reason."""

    themes: dict[str, Theme] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    def chosen(self) -> Theme:
        """The theme that is shown: the one with most images, then most colours; the first of equals."""
        ranked = sorted(
            self.themes.values(),
            key=lambda theme: (-len(theme.of_ring) - len(theme.worlds), -len(theme.colors)),
        )
        return ranked[0] if ranked else Theme()

    def read(self, element: Element) -> None:
        """Take all Appearance elements at or below an element."""
        for appearance in element.iter("{*}Appearance"):
            name = next((text_of(child) for child in children(appearance) if local(child) == "theme"), "")
            theme = self.themes.setdefault(name, Theme())
            for member in children(appearance):
                if local(member) in ("surfaceDataMember", "surfaceData"):
                    for data in children(member):
                        self._read_data(theme, data)

    def _read_data(self, theme: Theme, data: Element) -> None:
        kind = local(data)
        if _text(data, "isFront").lower() in ("false", "0"):
            self.skipped["look of the back of a surface"] += 1
        elif kind == "X3DMaterial":
            _read_color(theme, data)
        elif kind == "ParameterizedTexture":
            self._read_texture(theme, data)
        else:
            self.skipped[f"appearance of type {kind}"] += 1

    def _read_texture(self, theme: Theme, data: Element) -> None:
        image = Image(
            uri=_text(data, "imageURI"), repeats=_text(data, "wrapMode") not in ("none", "clamp", "border")
        )
        for target in _targets(data):
            uri = target.get("uri", "").removeprefix("#") or _text(target, "target").removeprefix("#")
            for part in target.iter():
                name = local(part)
                if name == "textureCoordinates":
                    ring = part.get("ring", "").removeprefix("#")
                    places = _pairs(text_of(part))
                    if ring and places is not None:
                        theme.places[ring] = places
                        theme.of_ring[ring] = image
                    else:
                        self.skipped["texture coordinates that cannot be read"] += 1
                elif name == "worldToTexture":
                    matrix = _matrix(text_of(part))
                    if matrix is not None and uri:
                        theme.worlds[uri] = matrix
                        theme.images[uri] = image


def _targets(data: Element) -> list[Element]:
    return [child for child in children(data) if local(child) in ("target", "textureParameterization")]


def _read_color(theme: Theme, data: Element) -> None:
    color = _floats(_text(data, "diffuseColor"), 3)
    transparency = _floats(_text(data, "transparency"), 1)
    red, green, blue = np.clip(color if color is not None else [0.8, 0.8, 0.8], 0.0, 1.0).tolist()
    alpha = 1.0 - float(np.clip(transparency[0], 0.0, 1.0)) if transparency is not None else 1.0
    material = Material(name=_text(data, "name"), color=(red, green, blue, alpha))
    for target in _targets(data):
        uri = (text_of(target) or target.get("uri", "")).removeprefix("#")
        if uri:
            theme.colors[uri] = material


def _text(element: Element, name: str) -> str:
    return next((text_of(child) for child in children(element) if local(child) == name), "")


def _floats(text: str, count: int) -> Floats | None:
    try:
        values = np.array(text.split(), dtype=np.float64)
    except ValueError:
        return None
    return values if len(values) == count and np.isfinite(values).all() else None


def _pairs(text: str) -> Floats | None:
    try:
        values = np.array(text.split(), dtype=np.float64)
    except ValueError:
        return None
    return (
        values.reshape(-1, 2) if len(values) and len(values) % 2 == 0 and np.isfinite(values).all() else None
    )


def _matrix(text: str) -> Floats | None:
    values = _floats(text, 12)
    return None if values is None else values.reshape(3, 4)
