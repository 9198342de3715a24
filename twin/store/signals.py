"""Which signals there are."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, and_, bindparam, or_, select

from twin.alarms import AlarmRule
from twin.controls import Control
from twin.errors import InvalidQuery, NotFound
from twin.objects import object_id
from twin.ports import SignalRecord
from twin.state import Signal, SignalType
from twin.store import counters
from twin.store.database import Database
from twin.store.pace import Pace, lists
from twin.store.schema import model, revision, twin_object
from twin.store.schema_live import signal, signal_state
from twin.store.values import NUMBER

_FIRST_PIECE = 500
"""Signals written by the first transaction; the pace is learnt from there."""

NAME_LENGTH = 200

PART = 20_000
"""Rows that are read at once: a million at once would be a million objects for the garbage collector to look through."""


class Declaration(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A signal without what it is found by: the JSON in `signal.declaration`."""

    type: SignalType = "number"
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    period_s: float | None = None
    tolerance: float | None = None
    deadband: float | None = None
    keep_days: float | None = None
    keep_rollup_days: float | None = None
    alarms: tuple[AlarmRule, ...] = ()
    control: Control | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Declaration)

PlaceKey = tuple[str, str]
"""Model key and GlobalId."""


class _Known(NamedTuple):
    """A signal as it is stored: its number, and the columns that a declaration gives."""

    number: int
    columns: tuple[str | None, bool, str]


def declare(database: Database, signals: Sequence[Signal]) -> list[SignalRecord]:
    """See `twin.ports.SignalKeeper.declare_signals`. Objects are looked up before anything is written; writing takes short
    transactions, and what is declared already costs none.
    """
    for one in signals:
        _check_name(one)
    with database.read() as connection:
        indexes = _state_indexes(connection, {(one.model, one.global_id) for one in signals})
        known = _known(connection, indexes.values())
    wanted = {(indexes[one.model, one.global_id], one.name): one for one in signals}
    new = [
        (key, one) for key, one in wanted.items() if key not in known or known[key].columns != _columns(one)
    ]
    for piece in Pace(_FIRST_PIECE).pieces(new):
        with database.write(durable=True, lane="live") as connection:
            known.update(_write(database, connection, dict(piece)))
    return [
        SignalRecord(number=known[index, one.name].number, state_index=index, signal=wanted[index, one.name])
        for one in signals
        for index in (indexes[one.model, one.global_id],)
    ]


def _check_name(one: Signal) -> None:
    if not one.name or "/" in one.name or len(one.name) > NAME_LENGTH:
        raise InvalidQuery(
            f"{one.name!r} is no name of a signal; use 1 to {NAME_LENGTH} characters without a slash."
        )


def _columns(one: Signal) -> tuple[str | None, bool, str]:
    rest = Declaration(
        type=one.type,
        unit=one.unit,
        minimum=one.minimum,
        maximum=one.maximum,
        choices=one.choices,
        period_s=one.period_s,
        tolerance=one.tolerance,
        deadband=one.deadband,
        keep_days=one.keep_days,
        keep_rollup_days=one.keep_rollup_days,
        alarms=one.alarms,
        control=one.control,
    )
    return one.kind, one.settable, _encoder.encode(rest).decode()


def is_there() -> ColumnElement[bool]:
    """Whether `twin_object` is in the current revision of its `model`, joined to that `revision`: not retired, and not among
    those that only a staged import knows.
    """
    return and_(twin_object.c.retired_revision.is_(None), twin_object.c.first_revision <= revision.c.number)


_current = (
    select(twin_object.c.global_id, twin_object.c.state_index)
    .join(model, model.c.id == twin_object.c.model_id)
    .join(revision, revision.c.id == model.c.current_revision_id)
    .where(
        model.c.key == bindparam("key"),
        twin_object.c.global_id.in_(bindparam("global_ids", expanding=True)),
        is_there(),
    )
)


def _state_indexes(connection: Connection, places: set[PlaceKey]) -> dict[PlaceKey, int]:
    """State indexes of objects of current revisions. Raises NotFound for one that is not there."""
    by_model: dict[str, list[str]] = {}
    for key, global_id in sorted(places):
        by_model.setdefault(key, []).append(global_id)
    found: dict[PlaceKey, int] = {}
    for key, global_ids in by_model.items():
        for some in lists(global_ids):
            rows = connection.execute(_current, {"key": key, "global_ids": some})
            found.update(((key, row.global_id), row.state_index) for row in rows)
    if missing := places - found.keys():
        raise NotFound("object", object_id(*min(missing)))
    return found


_of_objects = select(
    signal.c.number,
    signal.c.state_index,
    signal.c.name,
    signal.c.kind,
    signal.c.settable,
    signal.c.declaration,
).where(signal.c.state_index.in_(bindparam("indexes", expanding=True)))


def _known(connection: Connection, state_indexes: Iterable[int]) -> dict[tuple[int, str], _Known]:
    """Signals of these objects by object and name."""
    found = {}
    for some in lists(sorted(set(state_indexes))):
        for row in connection.execute(_of_objects, {"indexes": some}):
            columns = (row.kind, row.settable, row.declaration)
            found[row.state_index, row.name] = _Known(row.number, columns)
    return found


def _write(
    database: Database, connection: Connection, wanted: dict[tuple[int, str], Signal]
) -> dict[tuple[int, str], _Known]:
    """Write declarations; another process may have declared some of them meanwhile."""
    known = _known(connection, (index for index, _ in wanted))
    new = [key for key in wanted if key not in known]
    first = counters.take(connection, "signal", len(new)) + 1 if new else 0
    numbers = dict(zip(new, range(first, first + len(new)), strict=True))
    given = {key: _Known(numbers.get(key) or known[key].number, _columns(one)) for key, one in wanted.items()}
    periods = {given[key].number: _period_us(one) for key, one in wanted.items()}
    dialect = database.dialect
    dialect.insert_rows(connection, signal, [(given[key].number, *key, *given[key].columns) for key in new])
    dialect.insert_rows(
        connection,
        signal_state,
        [
            (number, None, None, NUMBER, None, None, None, periods[number], False, None, state_index)
            for (state_index, _), number in numbers.items()
        ],
    )
    old = [given[key] for key in wanted if key in known]
    dialect.update_rows(
        connection, signal, ("kind", "settable", "declaration"), [(*one.columns, one.number) for one in old]
    )
    dialect.update_rows(
        connection, signal_state, ("period_us",), [(periods[one.number], one.number) for one in old]
    )
    counters.take(connection, counters.RULES_VERSION)
    return given


def _period_us(one: Signal) -> int | None:
    return None if one.period_s is None else round(one.period_s * 1_000_000)


def signal_columns(start: FromClause = signal) -> Select[Any]:
    """Select what `signal_record` needs; `start`: the table, or what it is joined to from the left."""
    return (
        select(
            signal.c.number,
            signal.c.state_index,
            signal.c.name,
            signal.c.kind,
            signal.c.settable,
            signal.c.declaration,
            model.c.key,
            twin_object.c.global_id,
            or_(
                revision.c.id.is_(None),
                twin_object.c.retired_revision.is_not(None),
                twin_object.c.first_revision.is_(None),
                twin_object.c.first_revision > revision.c.number,
            ).label("orphan"),
        )
        .select_from(start)
        .join(twin_object, twin_object.c.state_index == signal.c.state_index)
        .join(model, model.c.id == twin_object.c.model_id)
        .join(revision, revision.c.id == model.c.current_revision_id, isouter=True)
    )


@lru_cache(maxsize=10_000)
def declared(declaration: str) -> Declaration:
    """What the JSON of a declaration says. Signals of one type are declared alike: a few hundred texts in a city."""
    return _decoder.decode(declaration)


def signal_record(row: Row[Any] | tuple[Any, ...]) -> SignalRecord:
    """The signal in the first columns of a row, as `signal_columns` selects them."""
    number, state_index, name, kind, settable, declaration, key, global_id, orphan = row[:9]
    told = declared(declaration)
    return SignalRecord(
        number=number,
        state_index=state_index,
        signal=Signal(
            model=key,
            global_id=global_id,
            name=name,
            type=told.type,
            kind=kind,
            unit=told.unit,
            minimum=told.minimum,
            maximum=told.maximum,
            choices=told.choices,
            period_s=told.period_s,
            settable=bool(settable),
            tolerance=told.tolerance,
            deadband=told.deadband,
            keep_days=told.keep_days,
            keep_rollup_days=told.keep_rollup_days,
            alarms=told.alarms,
            control=told.control,
        ),
        orphan=bool(orphan),
    )


def declared_alarms(connection: Connection) -> Iterator[tuple[int, tuple[AlarmRule, ...]]]:
    """(number, rules) of the signals that declare some."""
    some = select(signal.c.number, signal.c.declaration).where(signal.c.declaration.like('%"alarms":%'))
    for number, declaration in connection.execute(some):
        yield number, declared(declaration).alarms


_named = signal_columns().where(
    model.c.key == bindparam("key"),
    twin_object.c.global_id == bindparam("global_id"),
    signal.c.name == bindparam("name"),
)
_all = signal_columns().order_by(signal.c.number)


def one_signal(database: Database, key: str, global_id: str, name: str) -> SignalRecord:
    """See `twin.ports.SignalKeeper.signal`."""
    this = {"key": key, "global_id": global_id, "name": name}
    with database.read() as connection:
        row = connection.execute(_named, this).one_or_none()
    if row is None:
        raise NotFound("signal", f"{object_id(key, global_id)}/{name}")
    return signal_record(row)


def signal_records(database: Database) -> list[SignalRecord]:
    """See `twin.ports.SignalKeeper.signal_records`."""
    with database.read() as connection:
        return [signal_record(row) for part in connection.execute(_all).partitions(PART) for row in part]


def other_units(database: Database, kinds: Sequence[str], unit: str) -> dict[int, str]:
    """See `twin.ports.StateReader.other_units`. Thousands of signals share a declaration: few are looked into."""
    of_kinds = signal.c.kind.in_(kinds)
    with database.read() as connection:
        texts = connection.execute(select(signal.c.declaration).where(of_kinds).distinct()).scalars()
        units = {text: found for text in texts if (found := declared(text).unit) not in {None, unit}}
        if not units:
            return {}
        mine = select(signal.c.number, signal.c.declaration).where(of_kinds)
        return {
            number: other
            for number, text in connection.execute(mine)
            if (other := units.get(text)) is not None
        }
