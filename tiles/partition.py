"""Which object goes into which tile. Pure: arrays in, a tree of ordinals out.

Refinement is ADD: a tile shows its largest objects and leaves the rest to its children. Splits run along dyadic planes
of the source's own frame (multiples of a power of two), and what a tile keeps is cut at a fixed ladder of sizes, so that
an edit of one object moves few others.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FULL_TILE = 60_000
"""Vertices that one tile holds at most; UINT16 indices reach 65,535."""

KEPT_BY_PARENT = 50_000
"""Vertices of large objects that a tile with children keeps for itself."""

MAX_EXTENT_M = 768.0
"""Spread of the centres in one tile. Its affine transform leaves out the curvature of the Earth: 23 mm at the corners of
such a square."""

LAYER_EXTENT_M = 504.0
"""The same for city layers that stand on a map projection: 1 cm at the corners."""

WIDEST_EMPTY = 16
"""Children of a tile without content: halves of halves, four times."""

_LARGER = 1.01
"""Ratio of the errors of a tile and its child where what both lack is of one size: errors must decrease."""

_BINS = 1024
"""Parts of an axis in which weight is counted."""

_LADDER_STEPS = 4
"""Size classes per doubling of the diagonal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extents:
    """What partitioning needs to know of n objects: `lower`, `upper` (n, 3) metres; `weight` (n,) vertices as drawn.

    Boxes are kept axis by axis: numpy takes the extremes of a column ten times faster than those across rows of three.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    weight: NDArray[np.float64]
    centre: NDArray[np.float64] = field(init=False)
    """(n, 3) metres."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "lower", np.asfortranarray(self.lower))
        object.__setattr__(self, "upper", np.asfortranarray(self.upper))
        object.__setattr__(self, "centre", (self.lower + self.upper) / 2.0)

    def lower_of(self, members: NDArray[np.intp]) -> NDArray[np.float64]:
        """(k, 3) metres."""
        return _rows(self.lower, members)

    def upper_of(self, members: NDArray[np.intp]) -> NDArray[np.float64]:
        """(k, 3) metres."""
        return _rows(self.upper, members)

    def centre_of(self, members: NDArray[np.intp]) -> NDArray[np.float64]:
        """(k, 3) metres."""
        return _rows(self.centre, members)

    def diagonal_of(self, members: NDArray[np.intp]) -> NDArray[np.float64]:
        """(k,) metres."""
        return diagonal_m(self.lower_of(members), self.upper_of(members))

    def spread_of(self, members: NDArray[np.intp]) -> NDArray[np.float64]:
        """(3,) metres between the outermost centres along each axis."""
        spread: NDArray[np.float64] = np.ptp(self.centre_of(members), axis=0)
        return spread


def _rows(by_axis: NDArray[np.float64], members: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.take(by_axis.T, members, axis=1).T


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`widest_m`: spread of the centres in one tile. `sampled`: where the largest class of size is too much for one tile, it
    shows an even share of that class instead of nothing, so that a layer of a hundred thousand like objects is seen from
    afar without loading all of it. `leaves`: only tiles without children show anything.
    """

    widest_m: float = MAX_EXTENT_M
    sampled: bool = False
    leaves: bool = False


@dataclass(slots=True, kw_only=True)
class Node:
    """One tile: `members` are rows of Extents in ascending order; empty where the tile only leads to its children.

    `stands_for`, where it is not None, are the rows that the tile shows simplified, and that its children replace.

    `error_m` is the geometric error: the largest diagonal of what the tile leaves to its children, or, where it shows
    nothing itself, the diagonal of all that is missing.
    """

    members: NDArray[np.intp]
    group: int
    error_m: float = 0.0
    children: list["Node"] = field(default_factory=list)
    stands_for: NDArray[np.intp] | None = None

    @property
    def has_content(self) -> bool:
        """Whether there is something to draw in the tile itself."""
        return len(self.members) > 0 or self.stands_for is not None

    def walk(self) -> Iterator["Node"]:
        """This node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


def diagonal_m(lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.float64]:
    """Length of the diagonal of each box, metres."""
    length: NDArray[np.float64] = np.sqrt(np.sum((upper - lower) ** 2, axis=-1))
    return length


def partition(extents: Extents, groups: NDArray[np.intp]) -> Node:
    """The tree of tiles of one model. `groups` (n,) names the group of each object; a tile never mixes groups."""
    everything = np.arange(len(groups))
    roots = [
        node
        for group in np.unique(groups)
        for node in subtrees(extents, everything[groups == group], int(group), Limits())
    ]
    return joined(extents, roots)


def joined(extents: Extents, roots: list[Node]) -> Node:
    """One tree of the subtrees `roots`, which hold all objects."""
    if len(roots) == 1:
        return roots[0]
    everything = np.arange(len(extents.weight))
    root = Node(members=everything[:0], group=-1)
    root.error_m = span_m(extents, everything)
    attach(root, _widened(roots))
    return root


def subtrees(extents: Extents, members: NDArray[np.intp], group: int, limits: Limits) -> list[Node]:
    """Tiles that together hold `members`, all of one group."""
    return _subtrees(extents, members, Node(members=members[:0], group=group), limits)


def _subtrees(extents: Extents, members: NDArray[np.intp], above: Node, limits: Limits) -> list[Node]:
    """Tiles that together hold `members`. More than one where nothing can be shown in common below a tile that shows
    something: an empty tile in between would have a larger error than its parent.
    """
    kept = _kept(extents, members, limits)
    rest = np.setdiff1d(members, kept, assume_unique=True)
    shown_above = len(above.members) > 0
    node = Node(members=kept, group=above.group)
    upper = above if shown_above and not len(kept) else node
    children = [
        each for part in _parts(extents, rest, limits) for each in _subtrees(extents, part, upper, limits)
    ]
    if len(kept) == 0 and shown_above:
        return children
    if len(kept) == 0:
        node.error_m = span_m(extents, rest)
        children = _widened(children)
    elif len(rest):
        node.error_m = _error_m(extents, kept, rest, children)
    attach(node, children)
    return [node]


def _error_m(extents: Extents, kept: NDArray[np.intp], rest: NDArray[np.intp], children: list[Node]) -> float:
    """The largest diagonal of `rest`. Where `kept` is a sample, so that children lack objects as large, it is the mean distance
    of what is shown, and a little more than the errors of the children.
    """
    largest = float(extents.diagonal_of(rest).max())
    below = max((child.error_m for child in children), default=0.0)
    if largest > below:
        return largest
    spacing = span_m(extents, np.concatenate([kept, rest])) / float(np.sqrt(len(kept)))
    return max(spacing, below * _LARGER)


def _widened(children: list[Node]) -> list[Node]:
    """Children that show nothing are replaced by their own, as long as there are few of them."""
    for at, child in enumerate(children):
        if not child.has_content and len(children) - 1 + len(child.children) <= WIDEST_EMPTY:
            return _widened(children[:at] + child.children + children[at + 1 :])
    return children


def attach(node: Node, children: list[Node]) -> None:
    """Give `node` its children; one that shows nothing and is no smaller than `node` gives way to its own children."""
    for child in children:
        if not child.has_content and child.error_m >= node.error_m:
            attach(node, child.children)
        else:
            node.children.append(child)


def span_m(extents: Extents, members: NDArray[np.intp]) -> float:
    """Diagonal of the box around all of `members`, metres."""
    if len(members) == 0:
        return 0.0
    return float(diagonal_m(extents.lower_of(members).min(axis=0), extents.upper_of(members).max(axis=0)))


def _kept(extents: Extents, members: NDArray[np.intp], limits: Limits) -> NDArray[np.intp]:
    """Those of `members` that a tile shows itself: all if they fit, else whole size classes from the largest down."""
    if len(members) > 1 and _is_wide(extents, members, limits):
        return members[:0]
    weight = extents.weight[members]
    if len(members) <= 1 or weight.sum() <= FULL_TILE:
        return members
    if limits.leaves:
        return members[:0]
    diagonal = extents.diagonal_of(members)
    classes = np.floor(np.log2(np.maximum(diagonal, 1e-6)) * _LADDER_STEPS).astype(np.int64)
    order = np.argsort(-classes, kind="stable")
    filled = np.cumsum(weight[order])
    last_of_class = np.append(np.diff(classes[order]) != 0, True)
    fitting = np.flatnonzero(last_of_class & (filled <= KEPT_BY_PARENT))
    count = int(fitting[-1]) + 1 if len(fitting) else 0
    if count == 0 and not last_of_class[0]:
        return _evenly(members[classes == classes.max()], extents) if limits.sampled else members[:0]
    # A single object above the budget, larger than all others: it gets the tile for itself.
    return np.sort(members[order[: max(count, 1)]])


def _is_wide(extents: Extents, members: NDArray[np.intp], limits: Limits) -> bool:
    return np.isfinite(limits.widest_m) and float(extents.spread_of(members).max()) > limits.widest_m


def _evenly(members: NDArray[np.intp], extents: Extents) -> NDArray[np.intp]:
    """Every k-th of `members`, as many as a tile with children keeps."""
    stride = int(np.ceil(extents.weight[members].sum() / KEPT_BY_PARENT))
    chosen = members[::stride]
    return chosen if extents.weight[chosen].sum() <= FULL_TILE else members[:0]


def _parts(extents: Extents, members: NDArray[np.intp], limits: Limits) -> list[NDArray[np.intp]]:
    """`members` in one or two parts."""
    if len(members) <= 1:
        return [members] if len(members) else []
    wide = _is_wide(extents, members, limits)
    if extents.weight[members].sum() <= FULL_TILE and not wide:
        return [members]
    return halves(extents, members, by_extent=wide)


def halves(extents: Extents, members: NDArray[np.intp], *, by_extent: bool) -> list[NDArray[np.intp]]:
    """Two or more `members` cut along their longest axis at the coarsest dyadic plane near the middle: of their weight, or
    of their extent.
    """
    along = extents.centre[members, int(np.argmax(extents.spread_of(members)))]
    if by_extent:
        low, high = (float(along.min() + np.ptp(along) * at) for at in (0.3, 0.7))
    else:
        low, high = _quantiles(along, extents.weight[members])
    plane = coarsest_dyadic(low, high)
    below = along < plane
    if not below.any() or below.all():
        half = len(members) // 2
        below = np.zeros(len(members), dtype=bool)
        below[np.argsort(along, kind="stable")[:half]] = True
    return [members[below], members[~below]]


def _quantiles(along: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    """Where three and seven tenths of the weight are passed. Counted in bins, so that only what lies in two of them is sorted:
    sorting all was half of the time in which a city is cut.
    """
    lowest, step = float(along.min()), float(np.ptp(along)) / _BINS
    if not step > 0.0:
        return lowest, lowest
    bin_of = np.minimum((along - lowest) / step, _BINS - 1).astype(np.int32)
    filled = np.cumsum(np.bincount(bin_of, weights=weight, minlength=_BINS), dtype=np.float64)
    low, high = (_passed(along, weight, bin_of, filled, float(filled[-1]) * at) for at in (0.3, 0.7))
    return low, high


def _passed(
    along: NDArray[np.float64],
    weight: NDArray[np.float64],
    bin_of: NDArray[np.int32],
    filled: NDArray[np.float64],
    wanted: float,
) -> float:
    """Coordinate at which the weight up to there is `wanted`; `filled` is that up to the end of each bin."""
    bin_ = min(int(np.searchsorted(filled, wanted)), _BINS - 1)
    here = np.flatnonzero(bin_of == bin_)
    here = here[np.argsort(along[here], kind="stable")]
    before = float(filled[bin_ - 1]) if bin_ else 0.0
    place = int(np.searchsorted(np.cumsum(weight[here]), wanted - before))
    return float(along[here[min(place, len(here) - 1)]])


def coarsest_dyadic(low: float, high: float) -> float:
    """The number in (low, high] that is a multiple of the largest power of two; `high` where they are equal."""
    if not high > low:
        return high
    step = 2.0 ** np.ceil(np.log2(max(abs(low), abs(high), high - low)) + 1)
    while True:
        candidate = np.floor(high / step) * step
        if candidate > low:
            return float(candidate)
        step /= 2.0
