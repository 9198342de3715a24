"""Alarms for people: found, acknowledged, cleared by hand."""

from functools import lru_cache
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, select

from twin.alarms import AlarmRecord, Kind, Severity, Status, Step, advance
from twin.errors import Conflict, NotFound
from twin.events import ChangeKind
from twin.ports.alarms import AlarmQuery, AlarmView
from twin.queries import Page, checked_limit, split_object_id
from twin.state import Quality
from twin.store import alarm_rows, live_changes, objects, visibility
from twin.store.codec import decode_cursor, encode_cursor
from twin.store.database import Database
from twin.store.ids import SPAN
from twin.store.schema import class_name, model, object_version, twin_object
from twin.store.schema_alarms import alarm, alarm_watch
from twin.store.schema_live import signal
from twin.store.signals import signal_columns, signal_record
from twin.store.states import split_signal_id, state_columns, state_record
from twin.watching import Phase

_SIGNAL_COLUMNS = 9
"""Columns of `signal_columns`."""


@lru_cache(maxsize=1)
def _views() -> Select[Any]:
    """Alarms with their signals and objects."""
    current = and_(
        object_version.c.state_index == signal.c.state_index,
        object_version.c.id >= model.c.current_revision_id * SPAN,
        object_version.c.id < (model.c.current_revision_id + 1) * SPAN,
    )
    return (
        signal_columns(alarm.join(signal, signal.c.number == alarm.c.signal))
        .add_columns(*alarm_rows.COLUMNS, class_name.c.name, object_version.c.name)
        .join(object_version, current, isouter=True)
        .join(class_name, class_name.c.id == object_version.c.class_id, isouter=True)
    )


def _view(row: Any) -> AlarmView:
    *columns, class_, object_name = row
    return AlarmView(
        record=alarm_rows.record_of(columns[_SIGNAL_COLUMNS:]),
        signal=signal_record(tuple(columns[:_SIGNAL_COLUMNS])),
        class_=class_ or "",
        object_name=object_name or "",
    )


def alarms(database: Database, query: AlarmQuery) -> Page[AlarmView]:
    """See `twin.ports.AlarmKeeper.alarms`."""
    limit = checked_limit(query.limit)
    with database.read() as connection:
        statement = _views().where(*_own(query), *_of_signals(connection, query))
        if not query.reach.is_everything:
            statement = statement.where(visibility.of_signals(database, connection, query.reach))
        rows = connection.execute(statement.order_by(alarm.c.id.desc()).limit(limit + 1)).all()
    items = [_view(row) for row in rows[:limit]]
    return Page(items=items, next=encode_cursor(items[-1].record.id) if len(rows) > limit else None)


def _own(query: AlarmQuery) -> list[ColumnElement[bool]]:
    """Conditions on alarms alone. Raises InvalidQuery."""
    conditions: list[ColumnElement[bool]] = [
        column.in_([word.value for word in wanted])
        for column, wanted in (
            (alarm.c.status, query.statuses),
            (alarm.c.severity, query.severities),
            (alarm.c.kind, query.kinds),
        )
        if wanted
    ]
    if query.acknowledged is not None:
        seen = alarm.c.acknowledged_at.is_not(None)
        conditions.append(seen if query.acknowledged else ~seen)
    if query.start is not None:
        conditions.append(alarm.c.raised_at >= query.start)
    if query.end is not None:
        conditions.append(alarm.c.raised_at < query.end)
    if query.cursor is not None:
        (last,) = decode_cursor(query.cursor, tuple[int])
        conditions.append(alarm.c.id < last)
    return conditions


def _of_signals(connection: Connection, query: AlarmQuery) -> list[ColumnElement[bool]]:
    """Conditions on signals and objects. Raises InvalidQuery, NotFound."""
    conditions: list[ColumnElement[bool]] = []
    if query.models:
        conditions.append(model.c.key.in_(query.models))
    if query.classes:
        conditions.append(class_name.c.name.in_(query.classes))
    if query.signals:
        wanted = [split_signal_id(identifier) for identifier in query.signals]
        numbers = [_number(connection, *parts) for parts in wanted]
        conditions.append(alarm.c.signal.in_([number for number in numbers if number is not None]))
    if query.place is not None:
        place = objects.find(connection, *split_object_id(query.place))
        conditions.append(signal.c.state_index.in_(_below(place)))
    return conditions


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


def _number(connection: Connection, key: str, global_id: str, name: str) -> int | None:
    found = connection.execute(_numbered, {"key": key, "global_id": global_id, "name": name}).scalar()
    return None if found is None else int(found)


def _below(place: int) -> Select[Any]:
    """State indexes of an object version and of all below it."""
    down = select(object_version.c.id).where(object_version.c.id == place).cte("down", recursive=True)
    child = object_version.alias("child")
    tree = down.union(select(child.c.id).join(down, child.c.parent_id == down.c.id))
    return select(object_version.c.state_index).where(object_version.c.id.in_(select(tree.c.id)))


def alarm_view(database: Database, identifier: int) -> AlarmView:
    """See `twin.ports.AlarmKeeper.alarm`."""
    with database.read() as connection:
        row = connection.execute(_views().where(alarm.c.id == identifier)).one_or_none()
    if row is None:
        raise NotFound("alarm", str(identifier))
    return _view(row)


def acknowledge(database: Database, identifier: int, *, by: str, note: str | None) -> AlarmView:
    """See `twin.ports.AlarmKeeper.acknowledge_alarm`."""
    now = database.now()
    with database.write(durable=True, lane="live") as connection:
        before = _found(connection, identifier)
        status = advance(before, Step.ACKNOWLEDGE)
        after = replace(before, status=status, acknowledged_at=now, acknowledged_by=by, note=note)
        _tell(connection, after, now)
    return alarm_view(database, identifier)


def clear(database: Database, identifier: int, *, by: str, note: str | None) -> AlarmView:
    """See `twin.ports.AlarmKeeper.clear_alarm`."""
    now = database.now()
    with database.write(durable=True, lane="live") as connection:
        before = _found(connection, identifier)
        status = advance(before, Step.CLEAR)
        _check_over(connection, before, now)
        after = replace(before, status=status, cleared_at=now, cleared_by=by, clear_note=note)
        _tell(connection, after, now)
    return alarm_view(database, identifier)


def _found(connection: Connection, identifier: int) -> AlarmRecord:
    record = alarm_rows.find(connection, identifier)
    if record is None:
        raise NotFound("alarm", str(identifier))
    return record


def _tell(connection: Connection, record: AlarmRecord, now: int) -> None:
    alarm_rows.change(connection, [record])
    live_changes.write(connection, ChangeKind.ALARMS_CHANGED, live_changes.encoded([record]), now=now)


def _check_over(connection: Connection, record: AlarmRecord, now: int) -> None:
    """Raises Conflict while what an alarm is about is known to hold: it would be raised again at once."""
    phase = connection.execute(
        select(alarm_watch.c.phase).where(
            alarm_watch.c.signal == record.signal, alarm_watch.c.kind == record.kind.value
        )
    ).scalar()
    if phase != Phase.ACTIVE:
        return
    row = connection.execute(state_columns().where(signal.c.number == record.signal)).one()
    quality = state_record(row, now).quality
    unknown = {Kind.STALE: set[Quality](), Kind.BAD: {Quality.STALE}}
    if quality not in unknown.get(record.kind, {Quality.STALE, Quality.BAD}):
        raise Conflict(
            f"Alarm {record.id} still holds: acknowledge it. It clears by itself when it is over; to be rid of it for good, change its rule."
        )


def totals(database: Database) -> dict[tuple[Severity, Status], int]:
    """See `twin.ports.AlarmKeeper.alarm_totals`."""
    counted = (
        select(alarm.c.severity, alarm.c.status, func.count())
        .where(alarm.c.status.in_([Status.RAISED.value, Status.ACKNOWLEDGED.value]))
        .group_by(alarm.c.severity, alarm.c.status)
    )
    with database.read() as connection:
        return {(Severity(row[0]), Status(row[1])): row[2] for row in connection.execute(counted)}
