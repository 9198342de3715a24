"""Codes of themes: what readings become, and what a follower that has seen some of it still lacks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from state_sync.board import Codes
from state_sync.scales import scales
from state_sync.themes import BAD, NONE, STALE, STEPS, TEXT, THEMES, Theme
from twin.ports import SceneAt
from twin.ports.live import StateDelta
from twin.state import Quality, Value

TEMPERATURE = THEMES[0]


def _scene(*objects: int) -> SceneAt:
    """Signals 1, 2, … of these objects, none of which has reported."""
    count = len(objects)
    return SceneAt(
        at=0,
        signals=np.arange(1, count + 1, dtype=np.uint32),
        state_indexes=np.array(objects, np.uint32),
        values=np.zeros(count),
        texts={},
        quality=np.full(count, 255, np.uint8),
        observed_at=np.zeros(count, np.int64),
    )


def _delta(number: int, value: Value, quality: Quality = Quality.GOOD) -> StateDelta:
    return StateDelta(number, value, quality, 0, 0, 0, changed=True)


def _applied(codes: Codes, seq: int, *states: StateDelta) -> None:
    codes.apply(seq, np.array([state.number for state in states], np.int64), codes.codes_of(states))


def _since(codes: Codes, seq: int | None) -> dict[int, int]:
    indexes, found = codes.since(seq, None)
    return dict(zip(indexes.tolist(), found.tolist(), strict=True))


@pytest.mark.parametrize("one", THEMES, ids=lambda one: str(one.key))
def test_a_theme_has_a_colour_for_each_code_and_a_rising_scale(one: Theme) -> None:
    colours = one.colours()
    assert len(colours) == 256
    assert (colours[0], colours[STEPS - 1]) == (one.ramp[0][1], one.ramp[-1][1])
    assert [value for value, _ in one.ramp] == sorted({value for value, _ in one.ramp})


def test_values_beyond_the_scale_have_the_code_of_its_end_and_others_their_own() -> None:
    states = [
        _delta(1, -99.0), _delta(2, 20), _delta(3, 99.0), _delta(4, True), _delta(5, "warm"),
        _delta(6, 20.0, Quality.STALE), _delta(7, 20.0, Quality.BAD), _delta(8, 20.0, Quality.UNCERTAIN),
    ]  # fmt: skip
    codes = Codes(TEMPERATURE, _scene(), 1)
    assert codes.codes_of(states).tolist() == [0, 124, 249, 6, TEXT, STALE, BAD, 124]


def test_values_in_other_units_have_their_place_on_the_scale_and_those_of_another_kind_have_none() -> None:
    power = next(one for one in THEMES if one.key == "power")
    values = np.array([2000.0, 2.0, 2.0])
    scene = replace(_scene(7, 8, 9), values=values, quality=np.zeros(3, np.uint8))
    codes = Codes(power, scene, 10, scales({2: "kW", 3: "m"}, "W"))
    two_kilowatts = round(2000 / 5000 * (STEPS - 1))
    assert _since(codes, None) == {7: two_kilowatts, 8: two_kilowatts, 9: TEXT}
    _applied(codes, 11, _delta(2, 4.0), _delta(3, 1.0))
    assert _since(codes, 10) == {8: round(4000 / 5000 * (STEPS - 1))}


def test_degrees_of_another_scale_are_not_only_multiplied() -> None:
    celsius = scales({4: "[degF]"}, "Cel").convert(np.array([4, 5]), np.array([68.0, 20.0]))
    assert celsius.tolist() == pytest.approx([20.0, 20.0])


def test_an_object_shows_the_largest_code_of_the_scale_and_a_special_one_only_without() -> None:
    codes = Codes(TEMPERATURE, _scene(7, 7, 9), 10)
    assert _since(codes, None) == {7: NONE, 9: NONE}
    _applied(codes, 11, _delta(1, 20.0, Quality.STALE))
    assert _since(codes, 10) == {7: STALE}
    _applied(codes, 12, _delta(2, 0.0))
    _applied(codes, 13, _delta(1, 40.0), _delta(99, 40.0))
    assert (_since(codes, 12), _since(codes, 11)) == ({7: 249}, {7: 249})
    assert _since(codes, 13) == {}


def test_the_same_code_again_is_no_change() -> None:
    codes = Codes(TEMPERATURE, _scene(7), 10)
    _applied(codes, 11, _delta(1, 20.1))
    _applied(codes, 12, _delta(1, 20.11))
    assert _since(codes, 11) == {}


def test_changes_before_it_was_loaded_are_learnt_from_the_log() -> None:
    codes = Codes(TEMPERATURE, _scene(7, 8, 9), 10)
    _applied(codes, 12, _delta(3, 1.0))
    codes.reach_back(5, [(6, np.array([1])), (8, np.array([1, 77]))])
    assert set(_since(codes, 5)) == {7, 9}
    assert set(_since(codes, 7)) == {7, 9}
    assert set(_since(codes, 8)) == {9}
    codes.reach_back(2, [(4, np.array([2, 1]))])
    assert set(_since(codes, 3)) == {7, 8, 9}
    assert set(_since(codes, 5)) == {7, 9}


_changes = st.lists(
    st.lists(
        st.tuples(
            st.integers(1, 6), st.sampled_from([0.0, 10.0, 22.0, 99.0]), st.sampled_from(list(Quality))
        ),
        unique_by=lambda change: change[0],
        max_size=4,
    ),
    max_size=12,
)


@given(_changes, st.data())
@settings(deadline=None)
def test_a_follower_that_takes_what_it_lacks_now_and_then_ends_with_all(
    changes: list[list[tuple[int, float, Quality]]], data: st.DataObject
) -> None:
    codes = Codes(TEMPERATURE, _scene(3, 5, 5, 8, 13, 13), 0)
    screen, seen = _since(codes, None), 0
    for seq, change in enumerate(changes, 1):
        _applied(codes, seq, *(_delta(*one) for one in change))
        if data.draw(st.booleans()):
            screen |= _since(codes, seen)
            seen = seq
    screen |= _since(codes, seen)
    assert screen == _since(codes, None)


def test_nothing_is_shown_where_nothing_is_measured() -> None:
    codes = Codes(TEMPERATURE, _scene(), 3)
    _applied(codes, 4, _delta(1, 2.0))
    assert _since(codes, None) == {}
