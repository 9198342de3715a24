"""Readings that are not simply newer: late, repeated, in conflict, or several of one signal in a batch.

History says what a late reading is: its time may be there already, with the same value (a duplicate) or another (a conflict,
which the fixed order of `twin.state` decides). So history, too, does not depend on the order of arrival.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from twin.ports import StateDelta
from twin.state import Outcome as Step
from twin.state import Quality, Reading, SignalState, apply, order
from twin.store.values import decode, quality_of

DAY_US = 86_400 * 1_000_000

STATE_COLUMNS = ("value", "text", "code", "observed_at", "received_at", "changed_at", "stale", "first_at")

NUMBER_COLUMNS = ("value", "code", "observed_at", "received_at", "changed_at")

StateRow = tuple[
    int, float | None, str | None, int, int | None, int | None, int | None, int | None, bool, int | None, int
]
"""A row of `signal_state`."""


Arrived = tuple[Reading, float | None, str | None, int]
"""A reading, and its value as columns."""

Key = tuple[int, int]
"""Signal and time of observation."""

Kept = tuple[int, int, int, int, float | None, str | None, int]
"""A row of `reading` or of `recent_reading`: day or batch, signal, observed_at, received_at, value, text, code."""


class Outcome(NamedTuple):
    """What a batch comes to, ready to be written."""

    counts: dict[str, int]
    states: list[StateRow]
    """Rows as they are to be."""
    numbers: list[StateRow]
    """Rows of which only `NUMBER_COLUMNS` are others than before: most of them."""
    history: list[tuple[int, int, int, float | None, str | None, int]]
    """New readings: signal, observed_at, received_at, value, text, code."""
    late: list[tuple[int, int, int, float | None, str | None, int]]
    """Those that came late. They go to their place at once: so batches of recent ones are of one time, and few of them have
    to be looked into for what comes late."""
    replaced: list[tuple[object, ...]]
    """Rows of `reading` that another value for the same time has won: received_at, value, text, code, and the key."""
    replaced_recent: list[tuple[object, ...]]
    """The same of `recent_reading`."""
    deltas: list[StateDelta]
    passed: list[StateDelta]
    """States that signals passed through on the way to those in `deltas`, in the order of time."""


class History:
    """History as far as a batch touches it: what was there, what has come."""

    def __init__(
        self, looked_up: Iterable[Key], settled: Iterable[Kept], recent: Iterable[Kept], filed: Iterable[Kept]
    ) -> None:
        self._looked_up = frozenset(looked_up)
        self._settled = {row[1:3]: row for row in settled}
        self._recent = {row[1:3]: row for row in recent}
        self._rows = {**self._settled, **self._recent}
        # A row of the table has won against the file.
        self._known = {**{row[1:3]: row for row in filed}, **self._rows}
        self._come: dict[Key, Arrived] = {}

    def take(self, arrived: Arrived) -> Step | None:
        """Enter a reading; returns None if it is new at its time, else what it is beside the one that is there."""
        one, value, text, code = arrived
        key = (one.signal, one.observed_at)
        there = self._come.get(key)
        if there is not None:
            columns = there[1:]
        elif (row := self._known.get(key)) is not None:
            columns = row[4:]
        else:
            self._come[key] = arrived
            return None
        if columns == (value, text, code):
            return Step.DUPLICATE
        other = order(decode(*columns), quality_of(columns[2]))
        if order(one.value, one.quality) < other:
            return Step.CONFLICT_LOST
        self._come[key] = arrived
        return Step.CONFLICT_WON

    def add_to(self, outcome: Outcome) -> None:
        """Enter what has come."""
        for key, (one, value, text, code) in self._come.items():
            if key not in self._rows:
                rows = outcome.late if key in self._looked_up else outcome.history
                rows.append((*key, one.received_at, value, text, code))
        outcome.replaced.extend(self._replaced(self._settled))
        outcome.replaced_recent.extend(self._replaced(self._recent))

    def _replaced(self, rows: Mapping[Key, Kept]) -> Iterator[tuple[object, ...]]:
        for key, (one, *columns) in self._come.items():
            if (row := rows.get(key)) is not None:
                yield (one.received_at, *columns, *row[:3])


def history_keys(rows: Iterable[StateRow], groups: dict[int, list[Arrived]]) -> list[Key]:
    """What to look up in history before folding: nothing can be there that is newer than the state."""
    keys: set[Key] = set()
    for row in rows:
        if (newest := row[4]) is not None:
            keys.update((row[0], one.observed_at) for one, *_ in groups[row[0]] if one.observed_at <= newest)
    return sorted(keys)


def fold(row: StateRow, arrived: Sequence[Arrived], history: History, outcome: Outcome, now: int) -> None:
    """Apply the readings of one signal in the order of arrival; adds to `outcome`."""
    before = state = state_of(row)
    taken: list[SignalState] = []
    for one in arrived:
        state, step = apply(state, one[0])
        if step is Step.CHANGED:
            taken.append(state)
        met = history.take(one)
        name = _named(step, met)
        outcome.counts[name] = outcome.counts.get(name, 0) + 1
    number, period_us = row[0], row[7]
    first_at = min(one.observed_at for one, *_ in arrived)
    if row[9] is not None:
        first_at = min(first_at, row[9])
    if state is None:
        return
    if state is before:
        if first_at != row[9]:
            outcome.states.append((*row[:9], first_at, row[10]))
        return
    newest = next(one for one in reversed(arrived) if _is_of(one[0], state))
    times = state.observed_at, state.received_at, state.changed_at
    outcome.states.append((number, *newest[1:], *times, period_us, False, first_at, row[10]))
    shown = shown_quality(newest[3], state.observed_at, period_us, now)
    changed = before is None or before.stale or _said(before) != _said(state)
    outcome.deltas.append(StateDelta(number, state.value, shown, *times, changed))
    outcome.passed.extend(_passed(number, one) for one in taken if one is not state)


def _passed(number: int, state: SignalState) -> StateDelta:
    """A state that was present between two readings of one batch."""
    times = state.observed_at, state.received_at, state.changed_at
    return StateDelta(number, state.value, state.quality, *times, changed=True)


def state_of(row: StateRow) -> SignalState | None:
    """The state in a row; None: it has never reported."""
    _, value, text, code, observed_at, received_at, changed_at, _, stale, *_ = row
    if observed_at is None or received_at is None or changed_at is None:
        return None
    return SignalState(
        value=decode(value, text, code),
        quality=quality_of(code),
        observed_at=observed_at,
        received_at=received_at,
        changed_at=changed_at,
        stale=bool(stale),
    )


def shown_quality(code: int, observed_at: int, period_us: int | None, now: int) -> Quality:
    """The effective quality of a reading that has just been taken over: an old one may be stale already."""
    quality = quality_of(code)
    late = period_us is not None and observed_at + period_us < now
    return Quality.STALE if late and quality is not Quality.BAD else quality


def _said(state: SignalState) -> tuple[object, ...]:
    return type(state.value), state.value, state.quality


def _is_of(one: Reading, state: SignalState) -> bool:
    return (
        one.observed_at == state.observed_at
        and one.quality is state.quality
        and type(one.value) is type(state.value)
        and one.value == state.value
    )


def _named(step: Step, met: Step | None) -> str:
    """The counter of a reading: what it was to the state or, where it came late, to history."""
    if step is Step.LATE and met is not None:
        step = met
    return "conflict" if step in {Step.CONFLICT_WON, Step.CONFLICT_LOST} else step.value
