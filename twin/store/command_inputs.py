"""What commands depend on: signals by name, and what they say now, read inside of the transaction that decides."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, select

from twin.commands import Seen
from twin.ports import SignalRecord
from twin.state import Quality
from twin.store.command_rows import control_of
from twin.store.database import Database
from twin.store.folding import state_of
from twin.store.pace import lists
from twin.store.schema import model, twin_object
from twin.store.schema_live import signal, signal_state

_numbered = (
    select(signal.c.number)
    .join(twin_object, twin_object.c.state_index == signal.c.state_index)
    .join(model, model.c.id == twin_object.c.model_id)
    .where(
        model.c.key == bindparam("key"),
        twin_object.c.global_id == bindparam("global_id"),
        signal.c.name == bindparam("name"),
    )
)
_beside = select(signal.c.number).where(
    signal.c.state_index == bindparam("state_index"), signal.c.name == bindparam("name")
)


def number_of(connection: Connection, record: SignalRecord, name: str) -> int | None:
    """The signal that a declaration names: a name alone is one of the same object, else it is an id. None: there is none."""
    if "/" not in name:
        return connection.execute(_beside, {"state_index": record.state_index, "name": name}).scalar()
    key, _, rest = name.partition("/")
    global_id, _, own = rest.rpartition("/")
    return connection.execute(_numbered, {"key": key, "global_id": global_id, "name": own}).scalar()


def seen(database: Database, connection: Connection, numbers: Iterable[int], now: int) -> dict[int, Seen]:
    """Present values with their effective quality, of those that have reported."""
    found: dict[int, Seen] = {}
    for some in lists(sorted(set(numbers))):
        for row in database.dialect.find_rows(connection, signal_state, [(number,) for number in some]):
            state = state_of(row)
            if state is not None:
                period_us = row[7]
                silent = state.stale or (period_us is not None and state.observed_at + period_us < now)
                stale = silent and state.quality is not Quality.BAD
                found[row[0]] = Seen(value=state.value, quality=Quality.STALE if stale else state.quality)
    return found


class Inputs:
    """Of several commands: signals by name, and what they say. Names are looked up once."""

    def __init__(self, database: Database, connection: Connection, now: int) -> None:
        self._database = database
        self._connection = connection
        self._now = now
        self._numbers: dict[tuple[int, str], int | None] = {}
        self._seen: dict[int, Seen] = {}

    def number(self, record: SignalRecord, name: str) -> int | None:
        """As `number_of`."""
        key = (record.state_index, name) if "/" not in name else (-1, name)
        if key not in self._numbers:
            self._numbers[key] = number_of(self._connection, record, name)
        return self._numbers[key]

    def read(self, records: Sequence[SignalRecord], others: Iterable[int] = ()) -> None:
        """Read what these signals and their interlocks say, all at once."""
        wanted = {record.number for record in records} | set(others)
        for record in records:
            locks = control_of(record).interlocks
            wanted.update(n for lock in locks if (n := self.number(record, lock.signal)) is not None)
        missing = wanted - self._seen.keys()
        self._seen.update(dict.fromkeys(missing, Seen()))
        self._seen.update(seen(self._database, self._connection, missing, self._now))

    def of(self, number: int) -> Seen:
        """What a signal says, that has been read."""
        return self._seen.get(number, Seen())

    def locks(self, record: SignalRecord) -> Mapping[str, Seen]:
        """What the interlocks of a signal look at, by the name in the condition."""
        return {
            lock.signal: Seen() if number is None else self.of(number)
            for lock in control_of(record).interlocks
            for number in (self.number(record, lock.signal),)
        }
