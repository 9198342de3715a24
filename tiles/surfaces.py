"""From a triangle soup to few primitives: one per way of drawing, colours and features in the vertices."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiles.geometry import Soup
from tiles.materials import Palette


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """Triangles that one draw call can show.

    source: (n,) vertex of the soup that each vertex copies; entry: (n,) its palette entry; triangles: (m, 3) into those.
    `look` is a palette entry that stands for the whole: texture, translucency and sides are the same for all of it.
    """

    look: int
    source: NDArray[np.int64]
    entry: NDArray[np.int64]
    triangles: NDArray[np.uint32]


def surfaces(soup: Soup, palette: Palette) -> list[Surface]:
    """Group the triangles of `soup` by texture, translucency and sides, in palette order."""
    of_triangle = palette.drawing[soup.material]
    if (of_triangle == of_triangle[:1]).all():  # a tile of a layer: nothing is copied
        return [_surface(soup.triangles, soup.material, len(soup.positions))]
    result = []
    for kind in np.unique(of_triangle):
        chosen = of_triangle == kind
        result.append(_surface(soup.triangles[chosen], soup.material[chosen], len(soup.positions)))
    return result


def _surface(triangles: NDArray[np.uint32], material: NDArray[np.int64], vertices: int) -> Surface:
    """Give every vertex one palette entry; a vertex that triangles of two colours share is doubled."""
    corners = triangles.reshape(-1).astype(np.intp)
    wanted = np.repeat(material, 3)
    owner = np.full(vertices, -1, dtype=np.int64)
    owner[corners] = wanted
    source, entry = np.arange(vertices), owner
    torn = np.flatnonzero(owner[corners] != wanted)
    if len(torn):
        pairs, inverse = np.unique(
            np.stack([corners[torn], wanted[torn]], axis=1), axis=0, return_inverse=True
        )
        corners[torn] = vertices + inverse.reshape(-1)
        source = np.concatenate([source, pairs[:, 0]])
        entry = np.concatenate([owner, pairs[:, 1]])
    used = np.zeros(len(source), dtype=bool)
    used[corners] = True
    if not len(torn) and used.all():
        return Surface(look=int(material[0]), source=source, entry=entry, triangles=triangles)
    renamed = np.cumsum(used, dtype=np.uint32) - np.uint32(1)
    return Surface(
        look=int(material[0]),
        source=source[used],
        entry=entry[used],
        triangles=renamed[corners].reshape(-1, 3).astype(np.uint32),
    )
