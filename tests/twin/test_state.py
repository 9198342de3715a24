"""Which reading of a signal is the current one."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from twin.state import Outcome, Quality, Reading, SignalState, Value, apply

values = st.one_of(
    st.booleans(), st.integers(-3, 3), st.sampled_from([0.0, 1.0, 2.5]), st.sampled_from(["", "on"])
)
readings = st.builds(
    Reading,
    st.just(7),
    values,
    st.integers(0, 3),
    st.integers(0, 9),
    st.sampled_from([Quality.GOOD, Quality.UNCERTAIN, Quality.BAD]),
)


def _after(*given_readings: Reading) -> tuple[SignalState, list[Outcome]]:
    state, outcomes = None, []
    for reading in given_readings:
        state, outcome = apply(state, reading)
        outcomes.append(outcome)
    assert state is not None
    return state, outcomes


def _reading(value: Value, observed_at: int, quality: Quality = Quality.GOOD) -> Reading:
    return Reading(1, value, observed_at, 1000 + observed_at, quality)


@given(st.lists(readings, min_size=1, max_size=4))
def test_value_quality_and_observation_do_not_depend_on_the_order_of_arrival(batch: list[Reading]) -> None:
    ends = set()
    for arrival in permutations(batch):
        state, _ = _after(*arrival)
        ends.add((type(state.value), state.value, state.quality, state.observed_at))
    assert len(ends) == 1


def test_an_older_reading_changes_nothing() -> None:
    newest, _ = _after(_reading(21.0, 10))
    state, outcome = apply(newest, _reading(5.0, 9))
    assert (state, outcome) == (newest, Outcome.LATE)


def test_the_same_reading_again_is_a_duplicate_and_does_not_refresh() -> None:
    first, _ = _after(_reading(21.0, 10))
    state, outcome = apply(first, Reading(1, 21.0, 10, 9999))
    assert (state, outcome) == (first, Outcome.DUPLICATE)


def test_the_same_value_later_is_a_report_and_keeps_the_time_of_the_change() -> None:
    state, outcomes = _after(_reading(21.0, 10), _reading(21.0, 20))
    assert outcomes[-1] is Outcome.REPEATED
    assert (state.changed_at, state.observed_at) == (10, 20)


def test_a_report_after_silence_is_a_change_because_the_quality_shown_is_another() -> None:
    silent = SignalState(
        value=1.0, quality=Quality.GOOD, observed_at=1, received_at=1, changed_at=1, stale=True
    )
    state, outcome = apply(silent, _reading(1.0, 2))
    assert (outcome, state.stale) == (Outcome.CHANGED, False)


def test_a_duplicate_does_not_wake_a_silent_signal() -> None:
    silent = SignalState(
        value=1.0, quality=Quality.GOOD, observed_at=1, received_at=1, changed_at=1, stale=True
    )
    state, outcome = apply(silent, _reading(1.0, 1))
    assert (outcome, state.effective_quality) == (Outcome.DUPLICATE, Quality.STALE)


def test_of_two_values_for_one_time_the_more_trusted_stands() -> None:
    state, outcomes = _after(_reading(9.0, 5, Quality.UNCERTAIN), _reading(1.0, 5))
    assert (state.value, outcomes[-1]) == (1.0, Outcome.CONFLICT_WON)


def test_bad_is_not_hidden_by_silence() -> None:
    state = SignalState(
        value=1.0, quality=Quality.BAD, observed_at=1, received_at=1, changed_at=1, stale=True
    )
    assert state.effective_quality is Quality.BAD


def test_a_change_of_type_is_a_change_of_value() -> None:
    state, outcomes = _after(_reading(True, 1), _reading(1, 2))
    assert (outcomes[-1], state.changed_at) == (Outcome.CHANGED, 2)
