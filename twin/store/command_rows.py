"""Commands as rows."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Update, bindparam, select, update

from twin.access import Entry
from twin.commands import OPEN, Command, Hold, Status, Step, due_at
from twin.controls import BY_RANK, USUAL, Confirm, Control
from twin.ports import SignalRecord
from twin.state import Quality, Value
from twin.store import audit, counters, direct
from twin.store.database import Database
from twin.store.pace import lists
from twin.store.schema_commands import command, command_hold, command_request, command_step
from twin.store.schema_live import signal
from twin.store.signals import signal_columns, signal_record
from twin.store.values import decode, encode

_SIGNAL_COLUMNS = 9
"""Columns of `signal_columns`."""

_CHANGING = (
    "status", "previous_value", "previous_text", "previous_code", "approved_by", "sent_at", "published_at",
    "acknowledged_at", "ended_at", "doubtful", "detail", "due_at", "awaits", "worker",
)  # fmt: skip
"""What steps change of a command."""

NOTES_KEPT = 20
"""Of what is only noted for one command: a device that replies for ever must not fill the table."""

_notes = direct.text("SELECT count(*) FROM command_step WHERE command = {} AND told")
_have_open = direct.text("SELECT DISTINCT signal FROM command WHERE signal {among} AND ended_at IS NULL")
_have_hold = direct.text("SELECT signal FROM command_hold WHERE signal {among}")
_holds = select(command_hold).where(command_hold.c.signal.in_(bindparam("signals", expanding=True)))

IN_FLIGHT = (Status.SENT, Status.ACKNOWLEDGED)


def waking(signals: ColumnElement[int]) -> Update:
    """Makes what waits to be sent due at `now`, where the signal of this column of commands is one of `signals`."""
    return (
        update(command)
        .where(
            signals.in_(bindparam("signals", expanding=True)),
            command.c.ended_at.is_(None),
            command.c.status == Status.QUEUED.value,
            command.c.start_at <= bindparam("now"),
        )
        .values(due_at=bindparam("now"))
    )


class Loaded(NamedTuple):
    """A command with its signal, and when it is due."""

    command: Command
    signal: SignalRecord
    due_at: int | None
    worker: str | None

    @property
    def control(self) -> Control:
        """How the signal is commanded."""
        return control_of(self.signal)


def control_of(record: SignalRecord) -> Control:
    """How a signal is commanded."""
    return record.signal.control or USUAL


@cache
def loaded() -> Select[Any]:
    """Commands with their signals: what `load` reads."""
    start = command.join(signal, signal.c.number == command.c.signal).join(
        command_request, command_request.c.number == command.c.request
    )
    return signal_columns(start).add_columns(*command.c, command_request.c.by, command_request.c.reason)


def load(row: Any) -> Loaded:
    """The command in a row of `loaded`."""
    columns = row[_SIGNAL_COLUMNS:]
    (
        number, identifier, request, position, of, confirm_signal, value, text, code, priority, created_at, start_at,
        expires_at, status, previous_value, previous_text, previous_code, approved_by, sent_at, published_at,
        acknowledged_at, ended_at, doubtful, reverts, detail, due, _, worker, by, reason,
    ) = columns  # fmt: skip
    found = Command(
        number=number,
        id=identifier,
        request=request,
        position=position,
        signal=of,
        confirm_signal=confirm_signal,
        value=decode(value, text, code),
        priority=BY_RANK[priority],
        by=by,
        reason=reason,
        created_at=created_at,
        start_at=start_at,
        expires_at=expires_at,
        status=Status(status),
        previous=None if previous_code is None else decode(previous_value, previous_text, previous_code),
        approved_by=approved_by,
        sent_at=sent_at,
        published_at=published_at,
        acknowledged_at=acknowledged_at,
        ended_at=ended_at,
        doubtful=bool(doubtful),
        reverts=reverts,
        detail=detail,
    )
    return Loaded(found, signal_record(tuple(row[:_SIGNAL_COLUMNS])), due, worker)


def find(connection: Connection, numbers: Iterable[int]) -> dict[int, Loaded]:
    """Commands by number, those that are there."""
    return {each.command.number: each for each in loaded_by(connection, command.c.number, numbers)}


@cache
def _of(column: ColumnElement[Any]) -> Select[Any]:
    wanted = column.in_(bindparam("values", expanding=True))
    return loaded().where(wanted).order_by(command.c.number)


def loaded_by(connection: Connection, column: ColumnElement[Any], values: Iterable[Any]) -> list[Loaded]:
    """Commands that have one of these values in a column, in their order."""
    found: list[Loaded] = []
    for some in lists(sorted(set(values))):
        found += map(load, connection.execute(_of(column), {"values": some}).all())
    return found


def _having(connection: Connection, statement: direct.Text, signals: Iterable[int]) -> list[int]:
    """Of these signals the few that something is the matter with."""
    wanted = direct.ids(connection, sorted(set(signals)))
    return [row[0] for row in direct.run(connection, statement, (wanted,)).fetchall()]


@cache
def _open() -> Select[Any]:
    wanted = command.c.signal.in_(bindparam("signals", expanding=True))
    return loaded().where(wanted, command.c.ended_at.is_(None)).order_by(command.c.number)


def open_of(connection: Connection, signals: Iterable[int]) -> dict[int, list[Loaded]]:
    """Open commands of signals, in their order."""
    found: dict[int, list[Loaded]] = {}
    for some in lists(_having(connection, _have_open, signals)):
        for each in map(load, connection.execute(_open(), {"signals": some}).all()):
            found.setdefault(each.command.signal, []).append(each)
    return found


def holds_of(connection: Connection, signals: Iterable[int]) -> dict[int, Hold]:
    """Holds of signals, over or not."""
    found: dict[int, Hold] = {}
    for some in lists(_having(connection, _have_hold, signals)):
        rows = connection.execute(_holds, {"signals": some}).all()
        found.update((row.signal, hold_of(row)) for row in rows)
    return found


def hold_of(row: Any) -> Hold:
    """The hold in a row."""
    return Hold(
        signal=row.signal,
        priority=BY_RANK[row.priority],
        by=row.by,
        reason=row.reason,
        since=row.since,
        until=row.until,
        request=row.request,
    )


def awaits(one: Command, control: Control) -> int | None:
    """The signal whose readings may confirm the command now."""
    waiting = one.status in IN_FLIGHT and control.confirm is not Confirm.ACK
    return one.confirm_signal if waiting else None


def _previous(value: Value | None) -> tuple[float | None, str | None, int | None]:
    return (None, None, None) if value is None else encode(value, Quality.GOOD)


class Change(NamedTuple):
    """A command after steps. `due`: when to look at it; None: as the table of deadlines says."""

    command: Command
    control: Control
    due: int | None = None
    worker: str | None = None

    def due_at(self) -> int | None:
        """When it has to be looked at next."""
        if self.command.status not in OPEN:
            return None
        return self.due if self.due is not None else due_at(self.command, self.control)


def insert(database: Database, connection: Connection, changes: Sequence[Change]) -> None:
    """Write new commands."""
    rows = [
        (
            one.number, one.id, one.request, one.position, one.signal, one.confirm_signal,
            *encode(one.value, Quality.GOOD), one.priority.rank, one.created_at, one.start_at, one.expires_at,
            one.status.value, *_previous(one.previous), one.approved_by, one.sent_at, one.published_at,
            one.acknowledged_at, one.ended_at, one.doubtful, one.reverts, one.detail, change.due_at(),
            awaits(one, change.control), change.worker,
        )
        for change in changes
        for one in (change.command,)
    ]  # fmt: skip
    if rows:
        database.dialect.insert_rows(connection, command, rows)


def change(database: Database, connection: Connection, changes: Iterable[Change]) -> None:
    """Write what steps have changed."""
    rows = [
        (
            one.status.value, *_previous(one.previous), one.approved_by, one.sent_at, one.published_at,
            one.acknowledged_at, one.ended_at, one.doubtful, one.detail, each.due_at(),
            awaits(one, each.control), each.worker, one.number,
        )
        for each in changes
        for one in (each.command,)
    ]  # fmt: skip
    if rows:
        database.dialect.update_rows(connection, command, _CHANGING, rows)


class Logged(NamedTuple):
    """A step of a command, and the id of its signal."""

    command: int
    step: Step
    signal: str


def write_steps(database: Database, connection: Connection, logged: Sequence[Logged]) -> None:
    """The log of commands: every step of every command passes here, in the transaction that makes it, and into the audit."""
    if not logged:
        return
    first = counters.take(connection, "command_step", len(logged)) + 1
    rows = [
        (first + place, each.command, step.status.value, step.at, step.by, step.detail, step.told)
        for place, each in enumerate(logged)
        for step in (each.step,)
    ]
    database.dialect.insert_rows(connection, command_step, rows)
    audit.note(connection, *(_entry(each) for each in logged if not each.step.told))


def _entry(each: Logged) -> Entry:
    step = each.step
    words = f"{step.id}: {step.value!r}"
    return Entry(
        who=step.by,
        action=f"command.{step.status}",
        target=each.signal,
        detail=words if step.detail is None else f"{words}; {step.detail}",
    )


def notes(connection: Connection, number: int) -> int:
    """How much has only been noted for a command."""
    return int(direct.run(connection, _notes, (number,)).fetchone()[0])
