"""A writer remembers the states that it wrote; what others write, or undo, it must not miss."""

import random
from collections.abc import Iterator
from contextlib import suppress
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from tests.twin.store.clock import Clock
from tests.twin.store.live_contract import NOW, S, declared, read, temperature
from tests.twin.store.places import Place
from twin.state import Quality, SignalState, apply
from twin.store import SqlStore, command_outcomes, known_states
from twin.store.dialect import Dialect


@pytest.fixture
def pair(place: Place) -> Iterator[tuple[SqlStore, SqlStore]]:
    """Two that are open at once, as two processes have them."""
    with place.opened(clock=Clock()) as one, place.opened(clock=Clock()) as other:
        yield one, other


def test_two_writers_agree_with_the_specification(pair: tuple[SqlStore, SqlStore]) -> None:
    dice = random.Random(7)
    numbers = [record.number for record in declared(pair[0])]
    known: dict[int, SignalState] = {}
    for step in range(150):
        store = dice.choice(pair)
        if dice.random() < 0.2:
            silent = dice.sample(numbers, 2)
            store.mark_stale(silent)
            known.update((n, replace(known[n], stale=True)) for n in silent if n in known)
            continue
        batch = [
            read(dice.choice(numbers), float(dice.randrange(3)), step + dice.randint(-3, 3))
            for _ in range(dice.randint(1, 3))
        ]
        if dice.random() < 0.2:
            broken = patch.object(command_outcomes, "confirm", side_effect=RuntimeError)
            with broken, suppress(RuntimeError):
                store.record(batch)
            continue
        store.record(batch)
        for one in batch:
            known[one.signal] = apply(known.get(one.signal), one)[0]

        shown = {row.signal.number: row for row in dice.choice(pair).states_by_number(numbers)}
        for number, state in known.items():
            row = shown[number]
            assert (row.value, row.quality, row.observed_at) == (
                state.value,
                state.effective_quality,
                state.observed_at,
            )
            assert row.changed_at == state.changed_at


def test_a_period_that_another_process_declares_counts_at_once(pair: tuple[SqlStore, SqlStore]) -> None:
    ours, theirs = pair
    number = declared(ours)[0].number
    ours.record([read(number, 1.0, -100)])
    theirs.declare_signals([temperature("x", period_s=1)])
    told = ours.record([read(number, 2.0, -50)])

    assert told.seq is not None
    (change,) = ours.state_changes(told.seq - 1, limit=1)
    assert [delta.quality for delta in change.states] == [Quality.STALE]


def test_what_a_writer_wrote_it_does_not_read_again(pair: tuple[SqlStore, SqlStore], place: Place) -> None:
    ours = pair[0]
    number = declared(ours)[0].number
    ours.record([read(number, 1.0, 1)])
    dialect: Dialect = ours._database.dialect
    with patch.object(type(dialect), "find_rows", side_effect=AssertionError):
        ours.record([read(number, 2.0, 2)])

    assert place.rows("SELECT value, observed_at FROM signal_state WHERE observed_at IS NOT NULL") == [
        (2.0, NOW + 2 * S)
    ]


def test_more_signals_than_are_remembered_are_read_again(
    pair: tuple[SqlStore, SqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_states, "MAX_SIGNALS", 2)
    ours = pair[0]
    numbers = [record.number for record in declared(ours)]
    for at in range(4):
        ours.record([read(number, float(at), at) for number in numbers])

    assert [row.value for row in ours.states_by_number(numbers)] == [3.0, 3.0, 3.0]
    assert len(ours._database.states._rows) <= len(numbers)


def test_what_was_undone_is_forgotten_though_another_has_counted_since(
    pair: tuple[SqlStore, SqlStore],
) -> None:
    ours, theirs = pair
    first, second = (record.number for record in declared(ours)[:2])
    ours.record([read(first, 1.0, 1), read(second, 1.0, 1)])
    with patch.object(command_outcomes, "confirm", side_effect=RuntimeError), suppress(RuntimeError):
        ours.record([read(first, 9.0, 9)])
    theirs.record([read(second, 2.0, 2)])
    ours.record([read(first, 3.0, 3)])

    assert [row.value for row in ours.states_by_number([first, second])] == [3.0, 2.0]
