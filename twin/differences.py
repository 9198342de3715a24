"""What has changed between two revisions of a model. Pure: arrays in, arrays out; `twin.store` fills them and tells of them.

Objects are the same if their identity (state index) is. Geometry is compared in the local frame of the source, so that placing a
model anew changes nothing, by boxes and by the numbers of `twin.shapes`, with a tolerance in metres.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from twin.errors import InvalidQuery
from twin.objects import PropertyType
from twin.queries import DEFAULT_LIMIT, checked_limit
from twin.shapes import Shapes

TOLERANCE_M = 0.01
"""What surveys and models agree to. Repeated imports of the same file differ by some micrometres at most."""

_RELATIVE = 1e-4
"""Part of area or volume that counts as a change: float32 vertices leave 1e-6, a storey of a tower is 1e-2."""

Kind = Literal["added", "removed", "moved", "reshaped", "renamed", "reclassified", "regrouped", "properties"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_BIT: dict[Kind, int] = {kind: 1 << place for place, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All objects of a revision as columns; row i is the object with ordinal i.

    state_indexes, classes: (n,) int64. names, attributes: (n,) int64 hashes that are equal where the content is, in one process.
    parents: (n,) int64 state index of the parent, -1 without. boxes: (n, 6) of what is drawn, local metres, NaN: not drawn.
    shapes: (n,) SHAPE_ROW; None: the revision was imported before shapes were kept.
    """

    state_indexes: NDArray[np.int64]
    classes: NDArray[np.int64]
    names: NDArray[np.int64]
    attributes: NDArray[np.int64]
    parents: NDArray[np.int64]
    boxes: NDArray[np.float64]
    shapes: Shapes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Rows of changed objects in two snapshots, in the order of the state index; -1: not in that one.

    kinds: (n,) bits, see `has`. shifts: (n, 3) metres in the local frame of the older revision, 0 where not moved.
    """

    before: NDArray[np.int64]
    after: NDArray[np.int64]
    kinds: NDArray[np.int64]
    shifts: NDArray[np.float64]
    compared: int
    """Objects that both have."""

    def has(self, kind: Kind) -> NDArray[np.bool_]:
        """(n,) which have changed in this way."""
        return np.asarray(self.kinds & _BIT[kind] != 0)

    def counts(self) -> dict[str, int]:
        """Objects by kind of change (one may have several), and how many have none."""
        found = {str(kind): int(self.has(kind).sum()) for kind in KINDS}
        both = int(((self.before >= 0) & (self.after >= 0)).sum())
        return {**found, "unchanged": self.compared - both}

    def kinds_of(self, row: int) -> list[Kind]:
        """The kinds of one row."""
        return [kind for kind in KINDS if self.kinds[row] & _BIT[kind]]


def differences(
    before: Snapshot,
    after: Snapshot,
    alignments: Sequence[NDArray[np.float64]] = (),
    tolerance_m: float = TOLERANCE_M,
) -> Differences:
    """Compare two revisions.

    `alignments`: (4, 4) maps from the newer to the older local frame that may be true beside the identity (layers whose local
    origin follows their data). The one that leaves most objects where they were is taken.
    """
    _, old, new = np.intersect1d(before.state_indexes, after.state_indexes, return_indices=True)
    there, gone = _alone(after.state_indexes, new), _alone(before.state_indexes, old)
    kinds = np.zeros(len(old), np.int64)
    for kind, name in (
        ("renamed", "names"),
        ("reclassified", "classes"),
        ("regrouped", "parents"),
        ("properties", "attributes"),
    ):
        kinds |= np.where(getattr(before, name)[old] != getattr(after, name)[new], _BIT[kind], 0)  # type: ignore[index]
    moved, reshaped, shifts = _best(_Pair(before, after, old, new), alignments, tolerance_m)
    kinds |= np.where(moved, _BIT["moved"], 0) | np.where(reshaped, _BIT["reshaped"], 0)
    changed = kinds != 0
    index = np.concatenate(
        [before.state_indexes[old[changed]], after.state_indexes[there], before.state_indexes[gone]]
    )
    order = np.argsort(index, kind="stable")
    none = np.full(len(there), -1), np.full(len(gone), -1)
    return Differences(
        before=np.concatenate([old[changed], none[0], gone])[order],
        after=np.concatenate([new[changed], there, none[1]])[order],
        kinds=np.concatenate([kinds[changed], none[0] * 0 + _BIT["added"], none[1] * 0 + _BIT["removed"]])[
            order
        ],
        shifts=np.concatenate([shifts[changed], np.zeros((len(there) + len(gone), 3))])[order],
        compared=len(old),
    )


def _alone(indexes: NDArray[np.int64], common: NDArray[np.int64]) -> NDArray[np.int64]:
    alone = np.ones(len(indexes), np.bool_)
    alone[common] = False
    return np.flatnonzero(alone)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two snapshots and the rows of the objects that both have."""

    before: Snapshot
    after: Snapshot
    old: NDArray[np.int64]
    new: NDArray[np.int64]


Outcome = tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]
"""Moved, reshaped, shift."""


def _best(pair: _Pair, alignments: Sequence[NDArray[np.float64]], tolerance_m: float) -> Outcome:
    found = [_geometry(pair, matrix, tolerance_m) for matrix in (np.eye(4), *alignments)]
    return min(found, key=lambda outcome: int((outcome[0] | outcome[1]).sum()))


def _geometry(pair: _Pair, matrix: NDArray[np.float64], tolerance_m: float) -> Outcome:
    old_box, new_box = pair.before.boxes[pair.old], _mapped(pair.after.boxes[pair.new], matrix)
    was, is_now = ~np.isnan(old_box[:, 0]), ~np.isnan(new_box[:, 0])
    both = was & is_now
    change = new_box - old_box
    reshaped = was != is_now
    turned = not np.allclose(matrix[:3, :3], np.eye(3), atol=1e-9)
    with np.errstate(invalid="ignore"):
        sizes = np.abs(change[:, 3:] - change[:, :3])
        shift = (change[:, 3:] + change[:, :3]) / 2
        if pair.before.shapes is not None and pair.after.shapes is not None:
            one, other = pair.before.shapes[pair.old], pair.after.shapes[pair.new]
            known = ~np.isnan(one["area"]) & ~np.isnan(other["area"])
            reshaped |= known & _differs(one, other, matrix[:3, :3], tolerance_m)
            drift = _moved(other["centroid"], matrix) - one["centroid"]
            shift = np.where(known[:, None], drift, shift)
        else:
            known = np.zeros(len(both), np.bool_)
        # Boxes of bodies turned by the change of frames are others although the bodies are not.
        boxed = both & (sizes > tolerance_m).any(axis=1)
        reshaped |= boxed & ~known if turned else boxed
    shift = np.where((both & reshaped)[:, None], _common_shift(change), shift)
    shift = np.where(both[:, None], shift, 0.0)
    moved = both & (np.linalg.norm(shift, axis=1) > tolerance_m)
    return moved, reshaped, np.where(moved[:, None], shift, 0.0)


def _mapped(boxes: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes in another frame: their centres carried over, their sizes kept (frames differ by a hundredth of a degree)."""
    centre, half = (boxes[:, 3:] + boxes[:, :3]) / 2, (boxes[:, 3:] - boxes[:, :3]) / 2
    centre = _moved(centre, matrix)
    return np.hstack([centre - half, centre + half])


def _moved(points: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def _differs(one: Any, other: Any, linear: NDArray[np.float64], tolerance_m: float) -> NDArray[np.bool_]:
    """Whether area or spread differ by more than the tolerance; volume follows from neither for open bodies, and is no sign."""
    extent = np.sqrt(np.maximum(one["area"].astype(np.float64), 1e-12))
    area = np.abs(one["area"].astype(np.float64) - other["area"])
    wide = area > np.maximum(_RELATIVE * one["area"], tolerance_m * extent)
    first, second = _tensor(one["spread"]), linear @ _tensor(other["spread"]) @ linear.T
    deviation = np.sqrt(np.maximum(np.einsum("nii->ni", first), 0))
    scale = deviation[:, :, None] + deviation[:, None, :]
    spread = np.abs(first - second) > tolerance_m * np.maximum(scale, tolerance_m)
    return np.asarray(wide | spread.any(axis=(1, 2)))


def _tensor(spread: Any) -> NDArray[np.float64]:
    xx, yy, zz, xy, xz, yz = spread.astype(np.float64).T
    return np.stack([np.stack(row, axis=1) for row in ((xx, xy, xz), (xy, yy, yz), (xz, yz, zz))], axis=1)


def _common_shift(change: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a body that was reshaped: how far both ends have gone the same way along each axis. One that grew has not moved."""
    low, high = change[:, :3], change[:, 3:]
    return np.where(np.sign(low) == np.sign(high), np.sign(low) * np.minimum(np.abs(low), np.abs(high)), 0.0)


class DifferenceQuery(Struct, frozen=True, kw_only=True):
    """Which revisions, and which of their changes."""

    before: int
    after: int
    changes: tuple[Kind, ...] = ()
    """Only objects that have changed in one of these ways; empty: any."""
    tolerance_m: float = TOLERANCE_M
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    def __post_init__(self) -> None:
        checked_limit(self.limit)
        if not 0 < self.tolerance_m < math.inf:
            raise InvalidQuery(f"tolerance={self.tolerance_m} is none; give metres above 0.")


class Moved(Struct, frozen=True, kw_only=True):
    """How far an object has moved: metres along the compass and up; `bearing_deg` clockwise from north, None straight up."""

    distance_m: float
    east_m: float
    north_m: float
    up_m: float
    bearing_deg: float | None


class Measure(Struct, frozen=True, kw_only=True):
    """A number before and after; None: not known, or not drawn."""

    before: float | None
    after: float | None
    difference: float | None


class Reshaped(Struct, frozen=True, kw_only=True):
    """What has become of a body: extent along the local axes and its height in metres, surface in m², volume in m³."""

    height_m: Measure
    length_m: Measure
    width_m: Measure
    area_m2: Measure
    volume_m3: Measure


class PropertyChange(Struct, frozen=True, kw_only=True):
    """A property that is another than before; `set` is empty for what is no property (`tag`, `materials` …)."""

    set: str
    name: str
    before: PropertyType
    after: PropertyType


class TextChange(Struct, frozen=True, kw_only=True):
    """A name, class or parent that is another than before."""

    before: str | None
    after: str | None


class ObjectDifference(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One object that has changed; what has not is left out."""

    id: str
    name: str
    class_: str
    changes: list[Kind]
    moved: Moved | None = None
    reshaped: Reshaped | None = None
    renamed: TextChange | None = None
    reclassified: TextChange | None = None
    regrouped: TextChange | None = None
    properties: list[PropertyChange] = []


class RevisionDifference(Struct, frozen=True, kw_only=True):
    """A page of what has changed between two revisions, in the order in which objects became known, and counts of all of it.

    `shapes` is false where a revision was imported before shapes were kept: then only boxes were compared.
    """

    model: str
    before: int
    after: int
    counts: dict[str, int]
    shapes: bool
    items: list[ObjectDifference]
    next: str | None = None
