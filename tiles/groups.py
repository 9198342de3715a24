"""Content groups: which objects may share a tile, and what the group says of them."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tiles.catalogue import NO_STOREY, Catalogue
from tiles.partition import FULL_TILE

STOREY_VERTICES = 30_000
"""Vertices from which a storey has tiles of its own, in a discipline that does not fit into one tile anyway: half a tile."""

DISCIPLINE_VERTICES = 2_000
"""Vertices below which a discipline is joined with other small ones: a request costs more than its bytes."""

MIXED = "mixed"


class Group(Struct, frozen=True, kw_only=True, order=True):
    """Metadata of a group. Empty `storey` and `storey_id`: the group is of several storeys, or of none."""

    kind: str
    discipline: str
    storey: str = ""
    storey_id: str = ""


def group_objects(
    catalogue: Catalogue, ordinals: NDArray[np.intp], vertices: NDArray[np.float64]
) -> tuple[list[Group], NDArray[np.intp]]:
    """Groups in order of kind, discipline and storey, and for each of `ordinals` its place among them.

    `vertices` (n,) says how many vertices each of them draws.
    """
    kinds = ["space" if catalogue.hidden[at] else "element" for at in ordinals]
    disciplines = _disciplines(kinds, [catalogue.disciplines[at] for at in ordinals], vertices)
    storeys = catalogue.storeys[ordinals]
    weight: Counter[tuple[str, str, int]] = Counter()
    for key, count in zip(
        zip(kinds, disciplines, storeys.tolist(), strict=True), vertices.tolist(), strict=True
    ):
        weight[key] += count
    whole: Counter[tuple[str, str]] = Counter()
    for (kind, discipline, _), count in weight.items():
        whole[kind, discipline] += count
    group_of = {
        key: _group(catalogue, key, own_storey=count >= STOREY_VERTICES and whole[key[:2]] > FULL_TILE)
        for key, count in weight.items()
    }
    groups = sorted(set(group_of.values()))
    place = {key: groups.index(group) for key, group in group_of.items()}
    keys = zip(kinds, disciplines, storeys.tolist(), strict=True)
    return groups, np.fromiter((place[key] for key in keys), dtype=np.intp, count=len(ordinals))


def _disciplines(kinds: Sequence[str], disciplines: list[str], vertices: NDArray[np.float64]) -> list[str]:
    """Disciplines with those that draw little joined into one, if there is more than one such."""
    weight: Counter[tuple[str, str]] = Counter()
    for key, count in zip(zip(kinds, disciplines, strict=True), vertices.tolist(), strict=True):
        weight[key] += count
    small = {key for key, count in weight.items() if count < DISCIPLINE_VERTICES}
    several = {kind for kind, count in Counter(kind for kind, _ in small).items() if count > 1}
    return [
        MIXED if (kind, discipline) in small and kind in several else discipline
        for kind, discipline in zip(kinds, disciplines, strict=True)
    ]


def _group(catalogue: Catalogue, key: tuple[str, str, int], *, own_storey: bool) -> Group:
    kind, discipline, storey = key
    if not own_storey or storey == NO_STOREY:
        return Group(kind=kind, discipline=discipline)
    name, storey_id = catalogue.names[storey], catalogue.global_ids[storey]
    return Group(kind=kind, discipline=discipline, storey=name, storey_id=storey_id)
