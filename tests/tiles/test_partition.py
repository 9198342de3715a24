"""Which object goes into which tile."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tiles.partition import (
    FULL_TILE,
    KEPT_BY_PARENT,
    MAX_EXTENT_M,
    WIDEST_EMPTY,
    Extents,
    Node,
    coarsest_dyadic,
    diagonal_m,
    partition,
)


def scattered(count: int, *, seed: int = 0, spread_m: float = 100.0, weight: float = 500.0) -> Extents:
    """Boxes of very different sizes."""
    random = np.random.default_rng(seed)
    centre = random.uniform(-spread_m / 2, spread_m / 2, (count, 3)) * [1.0, 1.0, 0.2]
    half = np.exp(random.uniform(-3.0, 2.5, (count, 1))) * random.uniform(0.2, 1.0, (count, 3))
    weights = random.uniform(0.1, 2.0, count) * weight
    return Extents(lower=centre - half, upper=centre + half, weight=weights)


def one_group(extents: Extents) -> NDArray[np.intp]:
    return np.zeros(len(extents.weight), dtype=np.intp)


def check(extents: Extents, groups: NDArray[np.intp], root: Node) -> None:
    """What must hold of every tree."""
    members = [node.members for node in root.walk()]
    assert sorted(np.concatenate(members).tolist()) == list(range(len(groups)))
    for node in root.walk():
        assert all(groups[at] == node.group for at in node.members)
        assert len(node.members) == 1 or extents.weight[node.members].sum() <= FULL_TILE
        assert (node.error_m == 0.0) == (not node.children)
        assert all(child.error_m < node.error_m for child in node.children)
        below = np.concatenate(
            [child.members for each in node.children for child in each.walk()] or [node.members[:0]]
        )
        if len(node.members) and len(below):
            assert node.error_m == extents.diagonal_of(below).max()


@given(st.integers(1, 900), st.integers(0, 1000), st.sampled_from([10.0, 300.0, 5_000.0]))
@settings(deadline=None, max_examples=40)
def test_every_object_is_in_one_tile_and_errors_decrease(count: int, seed: int, spread_m: float) -> None:
    extents = scattered(count, seed=seed, spread_m=spread_m)
    groups = np.random.default_rng(seed).integers(0, 3, count).astype(np.intp)
    check(extents, groups, partition(extents, groups))


def test_identical_objects_too_many_for_a_tile_still_get_decreasing_errors() -> None:
    grid = np.stack(np.meshgrid(np.arange(30.0), np.arange(30.0), [0.0]), axis=-1).reshape(-1, 3) * 5
    extents = Extents(lower=grid, upper=grid + 1.0, weight=np.full(len(grid), 1_000.0))
    root = partition(extents, one_group(extents))
    check(extents, one_group(extents), root)
    filled = [node for node in root.walk() if len(node.members)]
    assert len(filled) <= 2 * 900_000 / FULL_TILE
    assert all(len(node.children) <= WIDEST_EMPTY for node in root.walk())


def test_objects_in_one_place_are_split_all_the_same() -> None:
    extents = Extents(lower=np.zeros((400, 3)), upper=np.ones((400, 3)), weight=np.full(400, 1_000.0))
    check(extents, one_group(extents), partition(extents, one_group(extents)))


def test_what_fits_into_one_tile_is_one_tile() -> None:
    extents = scattered(100)
    root = partition(extents, one_group(extents))
    assert (len(root.members), root.children, root.error_m) == (100, [], 0.0)


def test_parents_hold_larger_objects_than_their_children() -> None:
    extents = scattered(600, weight=800.0)
    for node in partition(extents, one_group(extents)).walk():
        if len(node.members):
            assert all(
                extents.diagonal_of(child.members).max() < extents.diagonal_of(node.members).min()
                for child in node.children
            )


def test_tiles_are_well_filled() -> None:
    extents = scattered(4_000, weight=600.0)
    weights = [
        float(extents.weight[node.members].sum()) for node in partition(extents, one_group(extents)).walk()
    ]
    assert np.median(weights) >= 0.4 * FULL_TILE
    assert sum(weight < 0.1 * FULL_TILE for weight in weights) <= len(weights) / 10


def test_a_single_object_larger_than_a_tile_has_one_of_its_own() -> None:
    extents = scattered(300, weight=700.0)
    extents.weight[17] = 10 * FULL_TILE
    root = partition(extents, one_group(extents))
    check(extents, one_group(extents), root)
    (own,) = [node for node in root.walk() if 17 in node.members]
    assert len(own.members) == 1


def test_content_never_spreads_over_more_than_a_kilometre() -> None:
    extents = scattered(500, spread_m=20_000.0, weight=10.0)
    root = partition(extents, one_group(extents))
    check(extents, one_group(extents), root)
    for node in root.walk():
        if len(node.members) > 1:
            assert np.ptp(extents.centre_of(node.members), axis=0).max() <= MAX_EXTENT_M


def test_an_edit_moves_few_tiles() -> None:
    before = scattered(3_000, weight=600.0)
    after = Extents(lower=before.lower.copy(), upper=before.upper.copy(), weight=before.weight.copy())
    after.lower[1_234] += 0.25
    after.upper[1_234] += 0.25
    contents = [
        {tuple(node.members.tolist()) for node in partition(each, one_group(each)).walk()}
        for each in (before, after)
    ]
    shorter = Extents(lower=before.lower[:-1], upper=before.upper[:-1], weight=before.weight[:-1])
    contents.append({tuple(node.members.tolist()) for node in partition(shorter, one_group(shorter)).walk()})
    assert len(contents[0] - contents[1]) <= 2
    assert len(contents[0] - contents[2]) <= 3


def test_the_error_of_an_empty_root_is_all_that_is_missing() -> None:
    extents = scattered(20)
    groups = np.arange(20, dtype=np.intp) % 2
    root = partition(extents, groups)
    span = float(diagonal_m(extents.lower.min(axis=0), extents.upper.max(axis=0)))
    assert (len(root.members), root.error_m, len(root.children)) == (0, span, 2)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e5))
def test_the_coarsest_dyadic_number_is_inside_and_no_coarser_one_is(low: float, width: float) -> None:
    high = low + width
    found = coarsest_dyadic(low, high)
    assert low < found <= high
    if found:
        step = 2.0 * 2.0 ** (math.frexp(found)[1] - 60)
        while (found / (step * 2)).is_integer():
            step *= 2
        assert math.floor(high / (2 * step)) * 2 * step <= low


def test_budgets_leave_room_for_short_indices() -> None:
    assert KEPT_BY_PARENT < FULL_TILE < 65_535


@pytest.mark.parametrize("seed", range(3))
def test_the_same_objects_give_the_same_tree(seed: int) -> None:
    extents = scattered(800, seed=seed)
    first, second = (partition(extents, one_group(extents)) for _ in range(2))
    assert [node.members.tolist() for node in first.walk()] == [
        node.members.tolist() for node in second.walk()
    ]
