"""Requests and commands for people: found, approved, taken back, held."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, bindparam, delete, false, func, insert, not_, or_, select

from twin.commands import (
    WAITING,
    ApprovalRefused,
    Command,
    Decision,
    Hold,
    Status,
    StepRefused,
    overdue,
)
from twin.controls import BY_RANK
from twin.errors import Conflict, NotFound
from twin.policy import Reach
from twin.ports import CommandQuery, CommandView, RequestView, SignalRecord, StepView
from twin.queries import Page, checked_limit
from twin.store import command_orders, command_rows, visibility
from twin.store.codec import decode_cursor, encode_cursor
from twin.store.command_ledger import Ledger
from twin.store.command_rows import Loaded
from twin.store.database import Database
from twin.store.ids import SPAN
from twin.store.schema import model, object_version, twin_object
from twin.store.schema_commands import command, command_hold, command_request, command_step
from twin.store.schema_live import signal
from twin.store.signals import signal_columns, signal_record
from twin.store.states import split_signal_id

_by_id = select(command_request).where(command_request.c.id == bindparam("identifier"))
_counted = (
    select(command.c.request, command.c.status, func.count())
    .where(command.c.request.in_(bindparam("requests", expanding=True)))
    .group_by(command.c.request, command.c.status)
)
_of_requests = command_rows.loaded().where(command.c.request.in_(bindparam("requests", expanding=True)))


def requests(database: Database, query: CommandQuery) -> Page[RequestView]:
    """See `twin.ports.CommandKeeper.commands`."""
    limit = checked_limit(query.limit)
    with database.read() as connection:
        statement = select(command_request).where(*_conditions(query))
        if query.reach is not None and not query.reach.is_everything:
            statement = statement.where(_reached(database, connection, query.reach))
        rows = connection.execute(statement.order_by(command_request.c.number.desc()).limit(limit + 1)).all()
        items = _views(connection, rows[:limit])
    return Page(items=items, next=encode_cursor(items[-1].number) if len(rows) > limit else None)


def _conditions(query: CommandQuery) -> list[ColumnElement[bool]]:
    request = command_request.c
    found: list[ColumnElement[bool]] = []
    if query.by is not None:
        found.append(request.by == query.by)
    if query.start is not None:
        found.append(request.created_at >= query.start)
    if query.end is not None:
        found.append(request.created_at < query.end)
    if query.cursor is not None:
        (last,) = decode_cursor(query.cursor, tuple[int])
        found.append(request.number < last)
    own = _of_commands(query)
    if own:
        start = (
            command.join(signal, signal.c.number == command.c.signal)
            .join(twin_object, twin_object.c.state_index == signal.c.state_index)
            .join(model, model.c.id == twin_object.c.model_id)
        )
        found.append(request.number.in_(select(command.c.request).select_from(start).where(*own)))
    return found


def _reached(database: Database, connection: Connection, reach: Reach) -> ColumnElement[bool]:
    """Whether all signals of a request are: one that reaches further tells nothing."""
    first = model.c.current_revision_id * SPAN
    current = (
        (object_version.c.state_index == signal.c.state_index)
        & (object_version.c.id >= first)
        & (object_version.c.id < first + SPAN)
    )
    start = (
        command.join(signal, signal.c.number == command.c.signal)
        .join(twin_object, twin_object.c.state_index == signal.c.state_index)
        .join(model, model.c.id == twin_object.c.model_id)
        .join(object_version, current, isouter=True)
    )
    within = visibility.of_signals(database, connection, reach)
    beyond = select(command.c.request).select_from(start).where(not_(func.coalesce(within, false())))
    return command_request.c.number.not_in(beyond)


def _of_commands(query: CommandQuery) -> list[ColumnElement[bool]]:
    """Conditions on the commands of a request; one command has to pass all of them."""
    found: list[ColumnElement[bool]] = []
    if query.statuses:
        found.append(command.c.status.in_([status.value for status in query.statuses]))
    if query.models:
        found.append(model.c.key.in_(query.models))
    if query.signals:
        found.append(or_(*map(_is_signal, query.signals)))
    return found


def _is_signal(identifier: str) -> ColumnElement[bool]:
    key, global_id, name = split_signal_id(identifier)
    return (model.c.key == key) & (twin_object.c.global_id == global_id) & (signal.c.name == name)


def _views(connection: Connection, rows: Sequence[Any]) -> list[RequestView]:
    numbers = [row.number for row in rows]
    counts: dict[int, dict[Status, int]] = {number: {} for number in numbers}
    for number, status, count in connection.execute(_counted, {"requests": numbers}):
        counts[number][Status(status)] = count
    single = [row.number for row in rows if row.targets == 1]
    found = connection.execute(_of_requests, {"requests": single}).all() if single else []
    only = {of.command.request: of for of in map(command_rows.load, found)}
    return [_view(row, counts[row.number], only.get(row.number)) for row in rows]


def _view(row: Any, counts: dict[Status, int], only: Loaded | None) -> RequestView:
    return RequestView(
        number=row.number,
        id=row.id,
        by=row.by,
        reason=row.reason,
        priority=BY_RANK[row.priority],
        created_at=row.created_at,
        start_at=row.start_at,
        rate=row.rate,
        targets=row.targets,
        counts=counts,
        only=only and CommandView(command=only.command, signal=only.signal),
    )


def request(database: Database, identifier: str) -> RequestView:
    """See `twin.ports.CommandKeeper.command`."""
    with database.read() as connection:
        return _views(connection, [_row(connection, identifier)])[0]


def _row(connection: Connection, identifier: str) -> Any:
    row = connection.execute(_by_id, {"identifier": identifier}).one_or_none()
    if row is None:
        raise NotFound("command", identifier)
    return row


def targets(
    database: Database, identifier: str, statuses: Sequence[Status], *, limit: int, cursor: str | None
) -> Page[CommandView]:
    """See `twin.ports.CommandKeeper.command_targets`."""
    limit = checked_limit(limit)
    with database.read() as connection:
        number = _row(connection, identifier).number
        statement = command_rows.loaded().where(command.c.request == number)
        if statuses:
            statement = statement.where(command.c.status.in_([status.value for status in statuses]))
        if cursor is not None:
            (last,) = decode_cursor(cursor, tuple[int])
            statement = statement.where(command.c.position > last)
        rows = connection.execute(statement.order_by(command.c.position).limit(limit + 1)).all()
    found = list(map(command_rows.load, rows[:limit]))
    more = len(rows) > limit
    items = [CommandView(command=of.command, signal=of.signal) for of in found]
    return Page(items=items, next=encode_cursor(items[-1].command.position) if more else None)


def steps(database: Database, identifier: str) -> list[StepView]:
    """See `twin.ports.CommandKeeper.command_steps`."""
    with database.read() as connection:
        number = connection.execute(select(command.c.number).where(command.c.id == identifier)).scalar()
        if number is None:
            raise NotFound("command", identifier)
        rows = connection.execute(
            select(command_step).where(command_step.c.command == number).order_by(command_step.c.number)
        ).all()
    return [
        StepView(status=Status(row.status), at=row.at, by=row.by, detail=row.detail, told=bool(row.told))
        for row in rows
    ]


def _commands(connection: Connection, identifier: str) -> list[Loaded]:
    """The commands of a request, in their order. Raises NotFound."""
    number = _row(connection, identifier).number
    statement = command_rows.loaded().where(command.c.request == number).order_by(command.c.position)
    return list(map(command_rows.load, connection.execute(statement).all()))


def approve(database: Database, identifier: str, *, by: str) -> RequestView:
    """See `twin.ports.CommandKeeper.approve_command`."""
    _record_all(database, identifier)
    with database.write(durable=True, lane="live") as connection:
        ledger = Ledger(database, connection, database.now())
        found = _commands(connection, identifier)
        waiting = [of for of in found if of.command.status is Status.AWAITING_APPROVAL]
        if not waiting:
            raise StepRefused(identifier, found[0].command.status, Status.QUEUED)
        for of in waiting:
            if of.command.by == by:
                raise ApprovalRefused(identifier, by)
            late = overdue(of.command, of.control, ledger.now)
            if late.path:
                ledger.decide(of, late, by="clock")
                continue
            ledger.keep(replace(of.command, approved_by=by), of.control)
            ledger.decide(of, Decision(path=(Status.QUEUED,)), by=by)
        ledger.write()
    return request(database, identifier)


def _record_all(database: Database, identifier: str) -> None:
    """All commands of a request, also those that are still to be recorded. Raises NotFound."""
    with database.read() as connection:
        number = _row(connection, identifier).number
    command_orders.finish(database, number)


def cancel(database: Database, identifier: str, *, by: str, note: str | None) -> RequestView:
    """See `twin.ports.CommandKeeper.cancel_command`."""
    _record_all(database, identifier)
    with database.write(durable=True, lane="live") as connection:
        ledger = Ledger(database, connection, database.now())
        found = _commands(connection, identifier)
        waiting = [of for of in found if of.command.status in WAITING]
        if not waiting:
            raise StepRefused(identifier, found[0].command.status, Status.CANCELLED)
        for of in waiting:
            ledger.decide(of, Decision(path=(Status.CANCELLED,), detail=note or f"by {by}"), by=by)
        ledger.write()
    return request(database, identifier)


def hold(
    database: Database, identifier: str, *, by: str, until: int | None, reason: str | None
) -> list[Hold]:
    """See `twin.ports.CommandKeeper.hold_command`."""
    _record_all(database, identifier)
    with database.write(durable=True, lane="live") as connection:
        ledger = Ledger(database, connection, database.now())
        found = _commands(connection, identifier)
        before = command_rows.holds_of(connection, [of.command.signal for of in found])
        holds = [_held(of.command, ledger.now, by=by, until=until, reason=reason) for of in found]
        for each in holds:
            other = before.get(each.signal)
            if other is not None and other.holds(ledger.now) and other.priority.rank > each.priority.rank:
                raise Conflict(f"{other.by} holds {other.priority} there: ask for its release.")
        connection.execute(
            delete(command_hold).where(command_hold.c.signal.in_([each.signal for each in holds]))
        )
        rows = [{**_columns(each), "priority": each.priority.rank} for each in holds]
        connection.execute(insert(command_hold), rows)
        for of in found:
            ledger.note(of.command, f"{of.command.priority} is held", by=by)
        ledger.write()
    return holds


def _held(one: Command, now: int, *, by: str, until: int | None, reason: str | None) -> Hold:
    return Hold(
        signal=one.signal,
        priority=one.priority,
        by=by,
        reason=reason or one.reason,
        since=now,
        until=until,
        request=one.request,
    )


def _columns(each: Hold) -> dict[str, Any]:
    return {name: getattr(each, name) for name in Hold.__struct_fields__}


def release(database: Database, identifier: str, *, by: str) -> int:
    """See `twin.ports.CommandKeeper.release_command`."""
    with database.write(durable=True, lane="live") as connection:
        ledger = Ledger(database, connection, database.now())
        found = _commands(connection, identifier)
        number = found[0].command.request
        gone = connection.execute(delete(command_hold).where(command_hold.c.request == number)).rowcount
        if not gone:
            raise Conflict(f"Command {identifier} holds nothing: there is nothing to release.")
        for of in found:
            ledger.note(of.command, f"{of.command.priority} is released", by=by)
        ledger.write()
    return gone


def holds(database: Database) -> list[tuple[SignalRecord, Hold]]:
    """See `twin.ports.CommandKeeper.command_holds`."""
    now = database.now()
    start = command_hold.join(signal, signal.c.number == command_hold.c.signal)
    statement = signal_columns(start).add_columns(*command_hold.c).order_by(command_hold.c.signal)
    with database.read() as connection:
        rows = connection.execute(statement).all()
    found = [(signal_record(tuple(row[:9])), _hold(row[9:])) for row in rows]
    return [(record, each) for record, each in found if each.holds(now)]


def _hold(columns: Sequence[Any]) -> Hold:
    of, priority, by, reason, since, until, number = columns
    return Hold(
        signal=of,
        priority=BY_RANK[priority],
        by=by,
        reason=reason,
        since=since,
        until=until,
        request=number,
    )
