"""The rows of `signal_state` as this process's writer left them, so that a batch need not read again what it wrote itself.

Whoever writes that table counts, in its transaction: `written` here, or `RULES_VERSION` where signals are declared. So one
statement tells whether another process, or another part of this one, has written since; then all is forgotten. What a
transaction left that was undone is forgotten, too (`Database.write`).
"""

from collections.abc import Sequence
from operator import itemgetter

from sqlalchemy import Connection, text

from twin.store.counters import RULES_VERSION
from twin.store.dialect import Dialect
from twin.store.folding import StateRow
from twin.store.schema_live import signal_state

MAX_SIGNALS = 200_000
"""Rows kept: some 70 MB. Of more signals those that are asked for are read each time."""

_WRITTEN = "states_written"
"""Counter: transactions that have written states."""

_count = text(
    "INSERT INTO counter (name, value) VALUES (:written, 1) "
    "ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 "
    "RETURNING value, (SELECT value FROM counter WHERE name = :rules)"
)

_NUMBER = itemgetter(0)


class KnownStates:
    """Used under the lock of the live lane, but for `forget`."""

    def __init__(self) -> None:
        self._rows: dict[int, StateRow] = {}
        self._left: tuple[int, int | None] | None = None
        """The counters as the transaction that last wrote here left them."""

    def forget(self) -> None:
        """Know nothing."""
        self._left = None

    def begin(self, connection: Connection) -> None:
        """A transaction that will write states: count it, and forget what others have changed."""
        written, rules = connection.execute(_count, {"written": _WRITTEN, "rules": RULES_VERSION}).one()
        if self._left != (written - 1, rules):
            self._rows = {}
        self._left = written, rules

    def find(self, connection: Connection, dialect: Dialect, numbers: Sequence[int]) -> list[StateRow]:
        """Rows of these signals, those that are there, in the order given. After `begin`."""
        rows = self._rows
        missing = [(number,) for number in numbers if number not in rows]
        if missing:
            found = dialect.find_rows(connection, signal_state, missing)
            if len(rows) + len(found) > MAX_SIGNALS:
                self._rows = rows = {number: rows[number] for number in numbers if number in rows}
            rows.update((row[0], row) for row in found)
        return [rows[number] for number in numbers if number in rows]

    def keep(self, rows: Sequence[StateRow]) -> None:
        """What the transaction leaves in rows that it found."""
        self._rows.update(zip(map(_NUMBER, rows), rows, strict=True))
