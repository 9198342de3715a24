"""Unions of boxes along a tree."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twin.ports import Boxes
from twin.store.boxes import union, unrolled, with_descendants

TREES = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(-1, n - 1), min_size=n, max_size=n),
        st.lists(
            st.none()
            | st.lists(st.integers(-9, 9), min_size=6, max_size=6).map(
                lambda v: [*map(min, v[:3], v[3:]), *map(max, v[:3], v[3:])]
            ),
            min_size=n,
            max_size=n,
        ),
    )
)


def array(rows: list[list[int] | None]) -> Boxes:
    return np.array([[np.nan] * 6 if row is None else row for row in rows], dtype=np.float64)


@given(TREES)
def test_every_object_has_the_box_of_itself_and_all_below(
    tree: tuple[list[int], list[list[int] | None]],
) -> None:
    parents, rows = tree
    parents = [p if p < i else -1 for i, p in enumerate(parents)]  # a forest: parents come before
    expected = [list(row) if row else [np.inf] * 3 + [-np.inf] * 3 for row in rows]
    for child in reversed(range(len(parents))):
        if parents[child] >= 0:
            above, below = expected[parents[child]], expected[child]
            expected[parents[child]] = [*map(min, above[:3], below[:3]), *map(max, above[3:], below[3:])]
    wanted = array([None if row[0] == np.inf else row for row in expected])  # type: ignore[misc]
    np.testing.assert_array_equal(with_descendants(array(rows), np.array(parents)), wanted)


@given(TREES)
def test_a_loop_among_parents_ends(tree: tuple[list[int], list[list[int] | None]]) -> None:
    parents, rows = tree
    around = with_descendants(array(rows), np.array(parents))
    own = array(rows)
    there = ~np.isnan(own).any(axis=1)
    assert (around[there, :3] <= own[there, :3]).all()
    assert (around[there, 3:] >= own[there, 3:]).all()


def test_the_union_of_nothing_is_none() -> None:
    assert union(np.full((3, 6), np.nan)) is None
    assert union(np.empty((0, 6))) is None


def test_a_box_across_the_antimeridian_goes_around() -> None:
    boxes = np.array([[179.0, 0, 0, -179, 1, 1], [1, 0, 0, 2, 1, 1]])
    np.testing.assert_array_equal(unrolled(boxes)[:, [0, 3]], [[-180, 180], [1, 2]])


def test_a_hundred_thousand_children_of_one_parent_are_fast_arrays() -> None:
    count = 100_000
    own = np.tile(np.arange(6, dtype=np.float64), (count, 1))
    own[0] = np.nan
    parents = np.zeros(count, np.int64)
    parents[0] = -1
    np.testing.assert_array_equal(with_descendants(own, parents)[0], np.arange(6))
