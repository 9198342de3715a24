"""Content groups: which objects may share a tile, and what the group says of them."""

from collections import Counter

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tiles.catalogue import NO_STOREY, Catalogue
from tiles.partition import FULL_TILE
from twin.geometry import unique_rows

STOREY_VERTICES = 30_000
"""Vertices from which a storey has tiles of its own, in a discipline that does not fit into one tile anyway: half a tile."""

DISCIPLINE_VERTICES = 2_000
"""Vertices below which a discipline is joined with other small ones: a request costs more than its bytes."""

MIXED = "mixed"

_Key = tuple[str, str, int]
"""Kind, discipline, ordinal of the storey."""


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
    columns = [catalogue.hidden[ordinals], catalogue.disciplines.codes[ordinals], catalogue.storeys[ordinals]]
    distinct, of_object = unique_rows(np.stack([column.astype(np.int64) for column in columns], axis=1))
    keys = [
        ("space" if hidden else "element", catalogue.disciplines.vocabulary[code], storey)
        for hidden, code, storey in zip(*(column[distinct].tolist() for column in columns), strict=True)
    ]
    weight = np.bincount(of_object, weights=vertices, minlength=len(keys)).astype(np.float64)
    joined = _joined(keys, weight)
    own: Counter[tuple[str, str, int]] = Counter()
    whole: Counter[tuple[str, str]] = Counter()
    for key, count in zip(joined, weight.tolist(), strict=True):
        own[key] += count
        whole[key[:2]] += count
    group_of = {
        key: _group(catalogue, key, own_storey=count >= STOREY_VERTICES and whole[key[:2]] > FULL_TILE)
        for key, count in own.items()
    }
    groups = sorted(set(group_of.values()))
    place = np.array([groups.index(group_of[key]) for key in joined], dtype=np.intp)
    return groups, place[of_object]


def _joined(keys: list[_Key], weight: NDArray[np.float64]) -> list[_Key]:
    """Keys in which disciplines that draw little are joined into one, if there is more than one such."""
    whole: Counter[tuple[str, str]] = Counter()
    for key, count in zip(keys, weight.tolist(), strict=True):
        whole[key[:2]] += count
    small = {key for key, count in whole.items() if count < DISCIPLINE_VERTICES}
    several = {kind for kind, count in Counter(kind for kind, _ in small).items() if count > 1}
    return [
        (kind, MIXED if (kind, discipline) in small and kind in several else discipline, storey)
        for kind, discipline, storey in keys
    ]


def _group(catalogue: Catalogue, key: _Key, *, own_storey: bool) -> Group:
    kind, discipline, storey = key
    if not own_storey or storey == NO_STOREY:
        return Group(kind=kind, discipline=discipline)
    row = np.array([storey])
    (name,), (storey_id,) = catalogue.names.take(row).tolist(), catalogue.global_ids.take(row).tolist()
    return Group(kind=kind, discipline=discipline, storey=name, storey_id=storey_id)
