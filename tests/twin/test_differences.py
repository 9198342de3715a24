"""What counts as a change of an object between two revisions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.differences import Differences, Kind, Snapshot, differences
from twin.shapes import SHAPE_ROW

Box = tuple[float, float, float, float, float, float]


def body(box: Box) -> tuple[Any, ...]:
    """What a solid box is like."""
    low, high = np.array(box[:3]), np.array(box[3:])
    x, y, z = high - low
    faces = {"x": 2 * y * z, "y": 2 * x * z, "z": 2 * x * y}
    area = sum(faces.values())
    squares = {"x": x**2, "y": y**2, "z": z**2}
    spread = [
        sum(size * squares[axis] / (4 if face == axis else 12) for face, size in faces.items()) / area
        for axis in "xyz"
    ]
    return (tuple((low + high) / 2), area, x * y * z, (*spread, 0.0, 0.0, 0.0))


def snapshot(boxes: Mapping[int, Box | None], **columns: list[int]) -> Snapshot:
    indexes = np.array(sorted(boxes), np.int64)
    drawn = [boxes[i] for i in indexes.tolist()]
    nothing = (np.nan,) * 3, np.nan, np.nan, (np.nan,) * 6
    plain = {
        name: columns.get(name, [0] * len(boxes)) for name in ("classes", "names", "attributes", "parents")
    }
    return Snapshot(
        state_indexes=indexes,
        boxes=np.array([(np.nan,) * 6 if b is None else b for b in drawn], np.float64).reshape(-1, 6),
        shapes=np.array([nothing if b is None else body(b) for b in drawn], SHAPE_ROW),
        **{name: np.array(values, np.int64) for name, values in plain.items()},
    )


def told(found: Differences) -> list[list[Kind]]:
    return [found.kinds_of(row) for row in range(len(found.kinds))]


HOUSE: Box = (100.0, 200.0, 0.0, 110.0, 212.0, 9.6)


def grown(box: Box, *by: float) -> Box:
    low, high = box[:3], tuple(a + b for a, b in zip(box[3:], by, strict=True))
    return (*low, *high)  # type: ignore[return-value]


def shifted(box: Box, *by: float) -> Box:
    return tuple(a + b for a, b in zip(box, (*by, *by), strict=True))  # type: ignore[return-value]


def test_what_is_the_same_is_not_told() -> None:
    one = snapshot({1: HOUSE, 2: None})
    found = differences(one, one)
    assert told(found) == []
    assert found.counts()["unchanged"] == 2


def test_added_and_removed_objects_are_told_in_order() -> None:
    found = differences(snapshot({1: HOUSE, 3: HOUSE}), snapshot({2: HOUSE, 3: HOUSE}))
    assert told(found) == [["removed"], ["added"]]
    assert (found.before.tolist(), found.after.tolist()) == ([0, -1], [-1, 0])


def test_a_move_is_told_with_its_way() -> None:
    found = differences(snapshot({1: HOUSE}), snapshot({1: shifted(HOUSE, 3.0, -4.0, 0.5)}))
    assert told(found) == [["moved"]]
    np.testing.assert_allclose(found.shifts, [[3, -4, 0.5]], atol=1e-9)


def test_another_storey_reshapes_and_does_not_move() -> None:
    found = differences(snapshot({1: HOUSE}), snapshot({1: grown(HOUSE, 0, 0, 3.2)}))
    assert told(found) == [["reshaped"]]
    assert not found.shifts.any()


def test_what_grew_and_went_has_done_both() -> None:
    found = differences(snapshot({1: HOUSE}), snapshot({1: shifted(grown(HOUSE, 0, 0, 3.2), 5, 0, 0)}))
    assert told(found) == [["moved", "reshaped"]]
    np.testing.assert_allclose(found.shifts, [[5, 0, 0]])


def test_geometry_that_comes_or_goes_is_a_change_of_shape() -> None:
    found = differences(snapshot({1: HOUSE, 2: None}), snapshot({1: None, 2: HOUSE}))
    assert told(found) == [["reshaped"], ["reshaped"]]


def test_a_hole_in_the_middle_is_seen_although_the_box_is_the_same() -> None:
    one, other = snapshot({1: HOUSE}), snapshot({1: HOUSE})
    assert other.shapes is not None
    other.shapes["area"] += 20
    assert told(differences(one, other)) == [["reshaped"]]


def test_a_body_turned_inside_its_box_is_seen() -> None:
    one, other = snapshot({1: HOUSE}), snapshot({1: HOUSE})
    assert one.shapes is not None
    assert other.shapes is not None
    one.shapes["spread"][:, 3], other.shapes["spread"][:, 3] = 2.0, -2.0
    assert told(differences(one, other)) == [["reshaped"]]


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("names", "renamed"),
        ("classes", "reclassified"),
        ("parents", "regrouped"),
        ("attributes", "properties"),
    ],
)
def test_what_is_said_of_an_object_changes_alone(column: str, kind: Kind) -> None:
    found = differences(snapshot({1: HOUSE, 2: HOUSE}), snapshot({1: HOUSE, 2: HOUSE}, **{column: [0, 7]}))
    assert told(found) == [[kind]]
    assert found.before.tolist() == [1]


@given(st.lists(st.floats(-1e-6, 1e-6), min_size=6, max_size=6))
def test_micrometres_are_no_change(noise: list[float]) -> None:
    other: Box = tuple(a + b for a, b in zip(HOUSE, noise, strict=True))  # type: ignore[assignment]
    assert told(differences(snapshot({1: HOUSE}), snapshot({1: other}))) == []


def test_a_local_origin_that_followed_the_data_is_no_move() -> None:
    before = snapshot({i: shifted(HOUSE, 50.0 * i, 0, 0) for i in range(5)})
    boxes = {i: shifted(HOUSE, 50.0 * i - 9000.0, -700, 0) for i in range(5)}
    boxes[3] = shifted(boxes[3], 0, 2, 0)
    back = np.eye(4)
    back[:3, 3] = 9000, 700, 0
    found = differences(before, snapshot(boxes), [back])
    assert told(found) == [["moved"]]
    np.testing.assert_allclose(found.shifts, [[0, 2, 0]], atol=1e-6)


def test_a_model_placed_anew_has_not_changed() -> None:
    one = snapshot({1: HOUSE})
    elsewhere = np.eye(4)
    elsewhere[:3, 3] = 500, 0, 0
    assert told(differences(one, one, [elsewhere])) == []
