"""Recording is folding: whatever comes, in whatever batches, `twin.state.apply` says what stands then."""

from collections import Counter
from itertools import count
from typing import NamedTuple
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from tests.twin.store.builders import imported, plain
from tests.twin.store.live_contract import NOW, temperature
from twin.errors import NotFound
from twin.ports import QUALITIES, SceneAt, StateDelta, TwinStore
from twin.state import Outcome, Quality, Reading, SignalState, Value, apply, order
from twin.store import scene

SIGNALS = 2
DAY = 86_400 * 1_000_000

values = st.one_of(
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([2**53, 2**53 + 1, -(2**63)]),
    st.sampled_from([0.0, 1.0, 2.5, float(2**53)]),
    st.sampled_from(["", "on", "开"]),
)
readings = st.builds(
    Reading,
    st.integers(0, SIGNALS - 1),
    values,
    st.sampled_from([0, 1, 2, DAY, DAY + 1]),
    st.integers(0, 9),
    st.sampled_from([Quality.GOOD, Quality.UNCERTAIN, Quality.BAD]),
)
batches = st.lists(st.lists(readings, max_size=6), max_size=6)

ONE_STORE = (HealthCheck.function_scoped_fixture, HealthCheck.differing_executors)
"""Examples share a store and use signals of their own; each engine runs them for itself."""

_names = count()

Told = tuple[type, Value, Quality]


class Plain(NamedTuple):
    """What should be there, by the specification alone."""

    states: dict[int, SignalState]
    history: dict[tuple[int, int], Reading]
    steps: "Counter[str]"


def expected(arrived: list[Reading]) -> Plain:
    told = Plain({}, {}, Counter())
    for one in arrived:
        state, outcome = apply(told.states.get(one.signal), one)
        told.states[one.signal] = state
        key = (one.signal, one.observed_at)
        there = told.history.get(key)
        step = outcome
        if there is None:
            told.history[key] = one
        else:
            mine, theirs = order(one.value, one.quality), order(there.value, there.quality)
            if mine == theirs:
                step = Outcome.DUPLICATE
            elif mine > theirs:
                step, told.history[key] = Outcome.CONFLICT_WON, one
            else:
                step = Outcome.CONFLICT_LOST
        told.steps["conflict" if "conflict" in step else step.value] += 1
    return told


def _told(value: Value, quality: Quality) -> Told:
    return type(value), value, quality


class FoldContract:
    @given(batches)
    @settings(max_examples=80, deadline=None, suppress_health_check=ONE_STORE)
    def test_recording_in_batches_is_folding_one_by_one(
        self, store: TwinStore, given_batches: list[list[Reading]]
    ) -> None:
        numbers = _fresh(store)
        arrived = [
            Reading(numbers[r.signal], r.value, NOW + r.observed_at, NOW + r.received_at, r.quality)
            for batch in given_batches
            for r in batch
        ]
        told = expected(arrived)
        start, steps, shown = store.last_change(), Counter[str](), dict[int, StateDelta]()
        rest = iter(arrived)
        for batch in given_batches:
            done = asdict(store.record([next(rest) for _ in batch]))
            done.pop("seq")
            steps.update(done)
        assert +steps == told.steps
        for change in store.state_changes(start, limit=100):
            shown.update((delta.number, delta) for delta in change.states)
        for number in numbers:
            _check(store, number, told, shown.get(number))

    @given(batches)
    @settings(max_examples=20, deadline=None, suppress_health_check=ONE_STORE)
    def test_a_scene_is_a_replay_up_to_its_instant(
        self, store: TwinStore, given_batches: list[list[Reading]]
    ) -> None:
        """Found both ways: for few signals, and for very many."""
        numbers = _fresh(store)
        arrived = [
            Reading(numbers[r.signal], r.value, NOW + r.observed_at, NOW + r.received_at, r.quality)
            for batch in given_batches
            for r in batch
        ]
        store.record(arrived)
        for at in (0, 1, 2, DAY - 1, DAY, 2 * DAY):
            replay = expected([one for one in arrived if one.observed_at <= NOW + at]).states
            for few, scanned in ((scene.FEW, scene.SCANNED), (0, -1)):
                with patch.multiple(scene, FEW=few, SCANNED=scanned):
                    _same_scene(store.scene_at(NOW + at), numbers, replay)


def _same_scene(found: SceneAt, numbers: list[int], replay: dict[int, SignalState]) -> None:
    rows = {number: row for row, number in enumerate(found.signals.tolist()) if number in numbers}
    assert rows.keys() == replay.keys()
    for number, row in rows.items():
        state = replay[number]
        value = found.texts.get(row, found.values[row])
        assert value == (state.value if isinstance(state.value, str) else float(state.value))
        assert QUALITIES[found.quality[row]] is state.quality
        assert found.observed_at[row] == state.observed_at


def _fresh(store: TwinStore) -> list[int]:
    """Numbers of signals that no example has used."""
    try:
        store.model("a")
    except NotFound:
        imported(store, "a", plain("x"))
    declared = [temperature("x", name=f"t{next(_names)}") for _ in range(SIGNALS)]
    return [record.number for record in store.declare_signals(declared)]


def _check(store: TwinStore, number: int, told: Plain, delta: StateDelta | None) -> None:
    (found,) = store.states_by_number([number])
    state = told.states.get(number)
    rows = store.history(number, start=0, end=1 << 62, limit=100).items
    expected_rows = sorted(
        (at, _told(one.value, one.quality), one.received_at)
        for (signal, at), one in told.history.items()
        if signal == number
    )
    assert [(r.observed_at, _told(r.value, r.quality), r.received_at) for r in rows] == expected_rows
    if state is None:
        assert (found.observed_at, delta) == (None, None)
        return
    assert found.value is not None
    assert found.quality is not None
    assert delta is not None
    times = (state.observed_at, state.received_at, state.changed_at)
    assert _told(found.value, found.quality) == _told(state.value, state.quality)
    assert (found.observed_at, found.received_at, found.changed_at) == times
    assert _told(delta.value, delta.quality) == _told(state.value, state.quality)
    assert (delta.observed_at, delta.received_at, delta.changed_at) == times
