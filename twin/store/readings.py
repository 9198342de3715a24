"""Batches of readings: folded into states, kept as history, told to feeds, in one transaction.

`twin.state.apply` is the specification. Most batches hold one reading of a signal, newer than what is known: those are folded
here, as columns. Everything else goes to `twin.store.folding`, which calls `apply`.
"""

import math
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import Connection

from twin.events import ChangeKind
from twin.ports import Recorded, Rejected, StateDelta
from twin.state import Reading
from twin.store import archived, command_outcomes, dead_letters, live_changes, recent, rollups
from twin.store.database import Database
from twin.store.folding import (
    DAY_US,
    NUMBER_COLUMNS,
    STATE_COLUMNS,
    Arrived,
    History,
    Outcome,
    StateRow,
    fold,
    history_keys,
    shown_quality,
)
from twin.store.schema_live import reading, recent_reading, signal_state
from twin.store.values import Columns, encode

LONG_AGO_US = 1 << 62
"""Times on either side of 1970 that every engine can keep."""

_STATE = itemgetter(1, 2, 3, 4, 5, 6, 8, 9, 0)
_NUMBERS = itemgetter(1, 3, 4, 5, 6, 0)
"""From a row of `signal_state` to what `update_rows` takes: the columns, then the key."""


class Prepared(NamedTuple):
    """A batch by signal, values as columns, in the order of arrival."""

    groups: dict[int, list[Arrived]]
    refused: list[Rejected]


def record(database: Database, readings: Sequence[Reading], rejected: Sequence[Rejected]) -> Recorded:
    """See `twin.ports.ReadingWriter.record`."""
    prepared = prepare(readings)
    letters = dead_letters.rows([*rejected, *prepared.refused])
    if not prepared.groups and not letters:
        return Recorded()
    with database.write(durable=True, lane="live") as connection:
        outcome = _folded(database, connection, prepared.groups)
        dead_letters.write(database, connection, letters)
        _write(database, connection, outcome)
        rollups.mark(database, connection, outcome)
        seq = None
        if outcome.deltas:
            body = live_changes.encoded(outcome.deltas)
            passed = live_changes.encoded(outcome.passed) if outcome.passed else None
            seq = live_changes.write(
                connection, ChangeKind.STATES_CHANGED, body, now=database.now(), passed=passed
            )
        command_outcomes.confirm(database, connection, prepared.groups, database.now())
    return Recorded(**outcome.counts, refused=len(prepared.refused), seq=seq)


def prepare(readings: Iterable[Reading]) -> Prepared:
    """Group a batch by signal; values that cannot be kept are refused."""
    groups: dict[int, list[Arrived]] = {}
    refused = []
    for one in readings:
        try:
            columns: Columns = encode(one.value, one.quality)
            if not (
                -LONG_AGO_US < one.observed_at < LONG_AGO_US and -LONG_AGO_US < one.received_at < LONG_AGO_US
            ):
                raise ValueError("a time that is not within some 140,000 years of ours")  # noqa: TRY301
        except ValueError as error:
            refused.append(_refused(one, error))
            continue
        arrived = (one, *columns)
        if (group := groups.get(one.signal)) is None:
            groups[one.signal] = [arrived]
        else:
            group.append(arrived)
    return Prepared(groups, refused)


def _refused(one: Reading, error: ValueError) -> Rejected:
    odd = isinstance(one.value, float) and not math.isfinite(one.value)
    shown = ascii(one.value)[: dead_letters.PAYLOAD_BYTES]
    return Rejected(
        reason="not_finite" if odd else "malformed",
        detail=f"signal {one.signal}: {error}",
        topic="",
        payload=shown.encode(),
        received_at=one.received_at,
    )


def _folded(database: Database, connection: Connection, groups: dict[int, list[Arrived]]) -> Outcome:
    """Fold the batch into the states that are there."""
    database.states.begin(connection)
    rows = database.states.find(connection, database.dialect, sorted(groups))
    now = database.now()
    command_outcomes.wake(connection, _silent(rows, now), now)
    outcome, others = _newest(rows, groups, now)
    if len(rows) < len(groups):
        outcome.counts["unknown"] = sum(map(len, groups.values())) - sum(len(groups[row[0]]) for row in rows)
    if others:
        keys = history_keys(others, groups)
        settled = [(at // DAY_US, signal, at) for signal, at in keys]
        known = database.dialect.find_rows(connection, reading, settled)
        fresh = recent.find(connection, database.dialect, keys)
        history = History(keys, known, fresh, archived.find(database, connection, keys))
        for row in others:
            fold(row, groups[row[0]], history, outcome, now)
        history.add_to(outcome)
    return outcome


def _silent(rows: Sequence[StateRow], now: int) -> list[int]:
    """Signals that were silent for longer than they may be."""
    return [
        row[0]
        for row in rows
        if row[8] or (row[7] is not None and row[4] is not None and row[4] + row[7] < now)
    ]


def _newest(
    rows: Sequence[StateRow], groups: dict[int, list[Arrived]], now: int
) -> tuple[Outcome, list[StateRow]]:
    """Fold signals with one reading, newer than what is known; returns the other rows, too. This loop runs for each reading."""
    states: list[StateRow] = []
    numbers: list[StateRow] = []
    history: list[tuple[int, int, int, float | None, str | None, int]] = []
    deltas, others, repeated = [], [], 0
    for row in rows:
        (
            number,
            old_value,
            old_text,
            old_code,
            observed_at,
            _,
            changed_at,
            period_us,
            stale,
            first_at,
            index,
        ) = row
        group = groups[number]
        one, value, text, code = group[0]
        at = one.observed_at
        if len(group) > 1 or (observed_at is not None and at <= observed_at):
            others.append(row)
            continue
        changed = True
        if changed_at is None or value != old_value or text != old_text or code >> 2 != old_code >> 2:
            changed_at = at
        elif code == old_code and not stale:
            changed = False
            repeated += 1
        received_at = one.received_at
        if stale or text is not None or old_text is not None or first_at is None:
            first_at = at if first_at is None else first_at
            states.append(
                (number, value, text, code, at, received_at, changed_at, period_us, False, first_at, index)
            )
        else:
            numbers.append(
                (number, value, None, code, at, received_at, changed_at, period_us, stale, first_at, index)
            )
        history.append((number, at, received_at, value, text, code))
        shown = shown_quality(code, at, period_us, now)
        deltas.append(StateDelta(number, one.value, shown, at, received_at, changed_at, changed))
    counts = {"changed": len(history) - repeated, "repeated": repeated}
    return Outcome(counts, states, numbers, history, [], [], [], deltas, []), others


def _write(database: Database, connection: Connection, outcome: Outcome) -> None:
    """In the order of the tables: neighbours lie on one page."""
    columns = ("received_at", "value", "text", "code")
    dialect = database.dialect
    outcome.history.sort()
    dialect.update_rows(connection, reading, columns, outcome.replaced)
    dialect.update_rows(connection, recent_reading, columns, outcome.replaced_recent)
    dialect.insert_rows(connection, reading, sorted((row[1] // DAY_US, *row) for row in outcome.late))
    if dialect.buffers_readings:
        recent.append(database, connection, outcome.history)
    else:
        dialect.insert_rows(connection, reading, [(row[1] // DAY_US, *row) for row in outcome.history])
    dialect.update_rows(connection, signal_state, STATE_COLUMNS, list(map(_STATE, outcome.states)))
    dialect.update_rows(connection, signal_state, NUMBER_COLUMNS, list(map(_NUMBERS, outcome.numbers)))
    database.states.keep(outcome.states)
    database.states.keep(outcome.numbers)
