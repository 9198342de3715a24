"""What the evaluation of rules writes: alarms, watches and the place in the change log, in one transaction."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from twin.alarms import AlarmRecord, Kind, Status, Step, advance
from twin.errors import Conflict
from twin.events import ChangeKind
from twin.ports.alarms import AlarmProgress, AlarmStep, ClearedAlarm, Happening, NewAlarm, WatchKey
from twin.state import Quality
from twin.store import alarm_rows, counters, live_changes
from twin.store.database import Database
from twin.store.schema import counter
from twin.store.schema_alarms import alarm_watch
from twin.store.values import decode, encode
from twin.watching import Phase, Watch

_GENERATION = "alarm_generation"
"""Counter: grows with each step, so that of two processes that go on from the same place one is refused."""

_CURSOR = "alarm_cursor"
_VERSIONS = ("alarm_rules_applied", "alarm_models_applied")

_forget = delete(alarm_watch).where(
    alarm_watch.c.signal == bindparam("of"), alarm_watch.c.kind == bindparam("about")
)


def progress(database: Database) -> AlarmProgress:
    """See `twin.ports.AlarmEvaluation.alarm_progress`."""
    with database.read() as connection:
        rules, models = (counters.peek(connection, name) for name in _VERSIONS)
        rows = connection.execute(select(alarm_watch)).all()
        return AlarmProgress(
            generation=counters.peek(connection, _GENERATION),
            cursor=counters.peek(connection, _CURSOR),
            version=(rules, models),
            watches={
                (row.signal, Kind(row.kind)): Watch(
                    Phase(row.phase), row.since, row.due, decode(row.value, row.text, row.code)
                )
                for row in rows
            },
        )


def record(database: Database, step: AlarmStep, *, known: int) -> list[AlarmRecord]:
    """See `twin.ports.AlarmEvaluation.record_alarms`."""
    now = database.now()
    with database.write(durable=bool(step.happened), lane="live") as connection:
        if counters.take(connection, _GENERATION) != known:
            raise Conflict("Another process evaluates the rules for alarms; read again how far it has come.")
        for name, value in zip((_CURSOR, *_VERSIONS), (step.cursor, *step.version), strict=True):
            _set(connection, name, value)
        _write_watches(database, connection, step.watches)
        records = happen(database, connection, step.happened, now)
        if records:
            live_changes.write(connection, ChangeKind.ALARMS_CHANGED, live_changes.encoded(records), now=now)
    return records


def _set(connection: Connection, name: str, value: int) -> None:
    changed = connection.execute(update(counter).where(counter.c.name == name).values(value=value))
    if not changed.rowcount:
        connection.execute(insert(counter).values(name=name, value=value))


def _write_watches(
    database: Database, connection: Connection, watches: Mapping[WatchKey, Watch | None]
) -> None:
    if not watches:
        return
    connection.execute(_forget, [{"of": signal, "about": kind.value} for signal, kind in watches])
    rows = [
        (signal, kind.value, int(watch.phase), watch.since, watch.due, *encode(watch.value, Quality.GOOD))
        for (signal, kind), watch in watches.items()
        if watch is not None
    ]
    if rows:
        database.dialect.insert_rows(connection, alarm_watch, rows)


def happen(
    database: Database, connection: Connection, happened: Sequence[Happening], now: int
) -> list[AlarmRecord]:
    """Write steps of alarms, in their order. An alarm that is open is not raised again, one that is not is not cleared."""
    if not happened:
        return []
    opened = alarm_rows.find_open(connection, (each.signal for each in happened))
    first = counters.take(connection, "alarm", len(happened)) + 1
    new: dict[int, AlarmRecord] = {}
    old: dict[int, AlarmRecord] = {}
    steps: list[AlarmRecord] = []
    for place, each in enumerate(happened):
        key = each.signal, each.kind
        before = opened.get(key)
        if isinstance(each, NewAlarm):
            if before is not None:
                continue
            after = opened[key] = new[first + place] = _raised(each, first + place, now)
        else:
            if before is None:
                continue
            after = _cleared(each, before, now)
            del opened[key]
            (new if after.id in new else old)[after.id] = after
        steps.append(after)
    # In this order: what was open is cleared before the next one of its kind is opened.
    alarm_rows.change(connection, old.values())
    alarm_rows.insert(database, connection, new.values())
    return steps


def _raised(each: NewAlarm, identifier: int, now: int) -> AlarmRecord:
    return AlarmRecord(
        id=identifier,
        signal=each.signal,
        kind=each.kind,
        severity=each.severity,
        status=Status.RAISED,
        message=each.message,
        value=each.value,
        limit=each.limit,
        since=each.since,
        raised_at=now,
    )


def _cleared(each: ClearedAlarm, before: AlarmRecord, now: int) -> AlarmRecord:
    return replace(before, status=advance(before, Step.CLEAR), cleared_at=now, clear_note=each.note)
