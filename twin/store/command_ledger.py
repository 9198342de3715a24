"""One transaction on commands: what is changed is collected, and written at its end with its log, its alarms and its rows for feeds."""

import secrets
from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy import Connection

from twin.alarms import AlarmRecord, Kind, Severity
from twin.commands import Command, Decision, Status, Step, agrees, arbitrate, tolerance_of, walked
from twin.commands import Holder as OpenCommand
from twin.controls import Control
from twin.events import ChangeKind
from twin.ports import ClearedAlarm, Happening, NewAlarm, SignalRecord
from twin.store import alarm_steps, command_rows, counters, live_changes
from twin.store.command_rows import Change, Loaded, Logged, control_of
from twin.store.database import Database
from twin.store.pace import lists
from twin.store.schema_commands import command, command_request

_wake = command_rows.waking(command.c.signal)

REVERTER = "revert"
"""Who asks for the value before."""


def new_id() -> str:
    """An id that no other database gives: devices remember ids."""
    return secrets.token_hex(8)


class Ledger:
    """Collects; `write` is the last thing that its transaction does. `now`: our clock."""

    def __init__(self, database: Database, connection: Connection, now: int) -> None:
        self.now = now
        self._database = database
        self._connection = connection
        self._changed: dict[int, Change] = {}
        self._new: list[Change] = []
        self._steps: list[Logged] = []
        self._names: dict[int, str] = {}
        self._happened: list[Happening] = []
        self._ended: list[Loaded] = []

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self._changed or self._new or self._steps)

    def current(self, of: Loaded) -> Command:
        """The command as this transaction has left it so far."""
        change = self._changed.get(of.command.number)
        return of.command if change is None else change.command

    def keep(
        self, one: Command, control: Control, *, due: int | None = None, worker: str | None = None
    ) -> None:
        """The command as it is now, without a step."""
        self._changed[one.number] = Change(one, control, due, worker)

    def decide(self, of: Loaded, decision: Decision, *, by: str, worker: str | None = None) -> Command:
        """Take the steps of a decision, or only note it."""
        one = self.current(of)
        self._names[one.signal] = of.signal.signal.id
        for after in walked(one, decision, self.now):
            self._log(after, by, decision.detail)
            one = after
        if decision.path:
            self.keep(one, of.control, worker=worker)
            if one.ended_at is not None:
                self._ended.append(of._replace(command=one))
        if decision.note is not None:
            self.note(one, decision.note, by=by)
        return one

    def note(self, one: Command, text: str, *, by: str) -> None:
        """Write something down that changes nothing."""
        if command_rows.notes(self._connection, one.number) < command_rows.NOTES_KEPT:
            self._log(one, by, text, told=True)

    def add(self, one: Command, record: SignalRecord, *, by: str) -> None:
        """A new command."""
        self._new.append(Change(one, control_of(record)))
        self._names[one.signal] = record.signal.id
        self._log(one, by, one.detail)

    def _log(self, one: Command, by: str, detail: str | None, *, told: bool = False) -> None:
        step = Step(
            id=one.id,
            signal=one.signal,
            value=one.value,
            status=one.status,
            at=self.now,
            by=by,
            detail=detail,
            told=told,
        )
        self._steps.append(Logged(one.number, step, self._names.get(one.signal, str(one.signal))))

    def write(self) -> None:
        """Write everything."""
        for of in self._ended:
            self._finish(of)
        if self.is_empty:
            return
        command_rows.change(self._database, self._connection, self._changed.values())
        command_rows.insert(self._database, self._connection, self._new)
        self._wake()
        command_rows.write_steps(self._database, self._connection, self._steps)
        self._tell()

    def _finish(self, of: Loaded) -> None:
        """What the end of a command brings about."""
        one = of.command
        if one.status is Status.CONFIRMED:
            self._happened.append(ClearedAlarm(signal=one.signal, kind=Kind.UNCONFIRMED))
            if one.reverts is not None:
                self._reverted(one.reverts)
        elif one.status is Status.UNCONFIRMED:
            self._happened.append(_alarm(one))
            if of.control.revert:
                self._revert(of)

    def _reverted(self, number: int) -> None:
        of = command_rows.find(self._connection, [number]).get(number)
        if of is not None and self.current(of).status is Status.UNCONFIRMED:
            detail = "the value before is shown by a reading"
            for after in walked(self.current(of), Decision(path=(Status.REVERTED,), detail=detail), self.now):
                self.keep(after, of.control)
                self._log(after, REVERTER, detail)

    def _revert(self, of: Loaded) -> None:
        """Command the value before, as anybody would have to; where that is refused, it is noted."""
        one = of.command
        if one.reverts is not None:
            return
        why = self._irrevertible(of)
        if why is not None:
            self.note(one, f"not reverted: {why}", by=REVERTER)
            return
        assert one.previous is not None
        undoing = replace(
            one,
            number=counters.take(self._connection, "command") + 1,
            id=new_id(),
            request=0,
            position=0,
            value=one.previous,
            previous=None,
            by=REVERTER,
            reason=f"reverts {one.id}: {one.reason}",
            created_at=self.now,
            start_at=self.now,
            expires_at=self.now + round(of.control.expires_s * 1e6),
            status=Status.QUEUED,
            sent_at=None,
            published_at=None,
            acknowledged_at=None,
            ended_at=None,
            doubtful=False,
            reverts=one.number,
            detail=None,
        )
        undoing = replace(undoing, request=self._request(undoing))
        self.add(undoing, of.signal, by=REVERTER)

    def _irrevertible(self, of: Loaded) -> str | None:
        one = of.command
        if one.previous is None:
            return "what the signal said before is not known"
        if agrees(one.value, one.previous, tolerance_of(of.signal.signal)):
            return "the value before is the same"
        others = command_rows.open_of(self._connection, [one.signal]).get(one.signal, [])
        waiting = [self.current(each) for each in others if self.current(each).ended_at is None]
        if waiting:
            return f"the command {waiting[0].id} follows"
        hold = command_rows.holds_of(self._connection, [one.signal]).get(one.signal)
        holder = arbitrate(one.priority, list[OpenCommand](), hold, now=self.now).refused_by
        return None if holder is None else f"{holder.by} holds {holder.priority}"

    def _request(self, one: Command) -> int:
        number = counters.take(self._connection, "command_request") + 1
        row = (
            number, one.id, one.by, one.reason, one.priority.rank, None, "", one.created_at, one.start_at, None, 1,
        )  # fmt: skip
        self._database.dialect.insert_rows(self._connection, command_request, [row])
        return number

    def _wake(self) -> None:
        """What waits behind a command that is over is looked at at once."""
        signals = {change.command.signal for change in self._changed.values() if change.due_at() is None}
        for some in lists(sorted(signals)):
            self._connection.execute(_wake, {"signals": some, "now": self.now})

    def _tell(self) -> None:
        if self._happened:
            told = alarm_steps.happen(self._database, self._connection, self._happened, self.now)
            self._change_row(ChangeKind.ALARMS_CHANGED, told)
        self._change_row(ChangeKind.COMMANDS_CHANGED, [each.step for each in self._steps])

    def _change_row(self, kind: ChangeKind, rows: Sequence[AlarmRecord] | Sequence[Step]) -> None:
        if rows:
            live_changes.write(self._connection, kind, live_changes.encoded(rows), now=self.now)


def _alarm(one: Command) -> NewAlarm:
    return NewAlarm(
        signal=one.signal,
        kind=Kind.UNCONFIRMED,
        severity=Severity.MAJOR,
        message=f"command {one.id} of {one.by}: {one.detail}",
        value=one.value,
        limit=None,
        since=one.sent_at or one.created_at,
    )
