"""Rules for alarms: those for many signals, those that signals declare, and which govern whom."""

from collections.abc import Iterator

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, insert, select

from twin.alarms import AlarmPattern, AlarmRule, governing
from twin.errors import NotFound
from twin.store import counters
from twin.store.database import Database
from twin.store.ids import SPAN
from twin.store.pace import lists
from twin.store.schema import change, class_name, model, object_version, twin_object
from twin.store.schema_alarms import alarm_rule
from twin.store.schema_live import signal
from twin.store.signals import declared_alarms
from twin.store.states import split_signal_id

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AlarmPattern)


def patterns(database: Database) -> list[AlarmPattern]:
    """See `twin.ports.AlarmKeeper.alarm_patterns`."""
    with database.read() as connection:
        return _patterns(connection)


def _patterns(connection: Connection) -> list[AlarmPattern]:
    rows = connection.execute(select(alarm_rule.c.document).order_by(alarm_rule.c.id)).scalars()
    return list(map(_decoder.decode, rows))


def put(database: Database, pattern: AlarmPattern) -> bool:
    """See `twin.ports.AlarmKeeper.put_alarm_pattern`."""
    row = {"id": pattern.id, "document": _encoder.encode(pattern).decode()}
    with database.write(durable=True, lane="live") as connection:
        gone = connection.execute(delete(alarm_rule).where(alarm_rule.c.id == pattern.id))
        connection.execute(insert(alarm_rule), row)
        counters.take(connection, counters.RULES_VERSION)
    return gone.rowcount == 0


def remove(database: Database, identifier: str) -> None:
    """See `twin.ports.AlarmKeeper.remove_alarm_pattern`."""
    with database.write(durable=True, lane="live") as connection:
        gone = connection.execute(delete(alarm_rule).where(alarm_rule.c.id == identifier))
        if gone.rowcount == 0:
            raise NotFound("rule for alarms", identifier)
        counters.take(connection, counters.RULES_VERSION)


def version(database: Database) -> tuple[int, int]:
    """See `twin.ports.AlarmEvaluation.rules_version`."""
    with database.read() as connection:
        models = connection.execute(select(func.max(change.c.seq))).scalar() or 0
        return counters.peek(connection, counters.RULES_VERSION), models


def ruled(database: Database) -> dict[int, tuple[AlarmRule, ...]]:
    """See `twin.ports.AlarmEvaluation.ruled_signals`. Equal rules are one object: a million signals of a city have a few dozen."""
    general: dict[int, tuple[AlarmRule, ...]] = {}
    shared: dict[tuple[AlarmRule, ...], tuple[AlarmRule, ...]] = {}
    with database.read() as connection:
        for pattern in sorted(_patterns(connection), key=lambda each: each.rank):
            for number in _matching(connection, pattern):
                longer = (*general.get(number, ()), pattern.rule)
                general[number] = shared.setdefault(longer, longer)
        own = dict(declared_alarms(connection))
    governed: dict[tuple[tuple[AlarmRule, ...], tuple[AlarmRule, ...]], tuple[AlarmRule, ...]] = {}
    found: dict[int, tuple[AlarmRule, ...]] = {}
    for number in general.keys() | own.keys():
        key = general.get(number, ()), own.get(number, ())
        if key not in governed:
            governed[key] = governing(*key)
        if governed[key]:
            found[number] = governed[key]
    return found


_current = and_(
    object_version.c.state_index == signal.c.state_index,
    object_version.c.id >= model.c.current_revision_id * SPAN,
    object_version.c.id < (model.c.current_revision_id + 1) * SPAN,
)


def _matching(connection: Connection, pattern: AlarmPattern) -> Iterator[int]:
    """Numbers of the signals that a pattern lets pass."""
    conditions: list[ColumnElement[bool]] = [
        column.in_(wanted)
        for column, wanted in (
            (model.c.key, pattern.models),
            (signal.c.name, pattern.names),
            (signal.c.kind, pattern.kinds),
        )
        if wanted
    ]
    statement = (
        select(signal.c.number)
        .join(twin_object, twin_object.c.state_index == signal.c.state_index)
        .join(model, model.c.id == twin_object.c.model_id)
        .where(*conditions)
    )
    if pattern.classes:
        statement = (
            statement.join(object_version, _current)
            .join(class_name, class_name.c.id == object_version.c.class_id)
            .where(class_name.c.name.in_(pattern.classes))
        )
    if not pattern.signals:
        yield from connection.execute(statement).scalars()
        return
    wanted = {split_signal_id(identifier) for identifier in pattern.signals}
    named = statement.add_columns(model.c.key, twin_object.c.global_id, signal.c.name).where(
        twin_object.c.global_id.in_(bindparam("global_ids", expanding=True))
    )
    for some in lists(sorted({global_id for _, global_id, _ in wanted})):
        for number, *identity in connection.execute(named, {"global_ids": some}):
            if tuple(identity) in wanted:
                yield number
