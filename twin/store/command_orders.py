"""Requests to command signals: checked and recorded in one transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, select

from twin.access import Entry
from twin.commands import (
    Ask,
    Command,
    Decision,
    Hold,
    Holder,
    KeyReused,
    Refusal,
    Status,
    arbitrate,
    check,
    checked_value,
    failed_interlocks,
)
from twin.controls import Confirm, Priority
from twin.ports import CommandView, Order, Placed, RequestView, SignalRecord, Target, TargetOutcome
from twin.state import Quality, Value
from twin.store import audit, calendars, command_bulk, command_rows, counters, states
from twin.store.command_inputs import Inputs
from twin.store.command_ledger import Ledger, new_id
from twin.store.command_order import MAX_KEY, check_order, digest_of
from twin.store.command_rows import Loaded, control_of
from twin.store.database import Database
from twin.store.schema_commands import command_request
from twin.store.values import encode

SHARED = 10
"""Targets up to which a request shares its commit with others: those that come together are to hold the lock for some 20 ms."""

NOT_FOUND = Refusal(code="not_found", detail="no such signal")

_of_key = select(command_request.c.id, command_request.c.digest).where(
    command_request.c.by == bindparam("by"), command_request.c.key == bindparam("key")
)


class _Draft(NamedTuple):
    """A target that has been looked at. `record` None: no such signal; `command` None: refused."""

    position: int
    target: Target
    outcome: TargetOutcome
    record: SignalRecord | None
    command: Command | None
    supersedes: tuple[int, ...] = ()


class _About(NamedTuple):
    """A target with what is known of its signal."""

    position: int
    target: Target
    record: SignalRecord
    others: Sequence[Loaded]
    hold: Hold | None


def place(database: Database, order: Order, *, dry_run: bool, known: Sequence[SignalRecord] = ()) -> Placed:
    """See `twin.ports.CommandKeeper.place_command`."""
    check_order(order)
    digest = digest_of(order)
    records = {record.signal.id: record for record in known} or _records(database, order)
    if dry_run:
        with database.read() as connection:
            drafts = _Placing(database, connection, order).drafts(records)
        return Placed(id=None, created=False, outcomes=[draft.outcome for draft in drafts])
    if len(order.targets) > command_bulk.CHUNK:
        return _place_many(database, order, digest, records)

    def record(connection: Connection) -> Placed:
        before = _before(connection, order, digest)
        return before or _Placing(database, connection, order).placed(records, digest)

    if len(order.targets) <= SHARED:
        return database.together.write(record)
    with database.write(durable=True, lane="live") as connection:
        return record(connection)


def _place_many(database: Database, order: Order, digest: str, records: Mapping[str, SignalRecord]) -> Placed:
    """The request first, then its commands in pieces, so that readings need not wait for all of them. What a crash leaves, the outbox goes on with."""
    outcomes = _refused_all(database, order, records)
    if outcomes is not None:
        return Placed(id=None, created=False, outcomes=outcomes)
    with database.write(durable=True, lane="live") as connection:
        known = _before(connection, order, digest)
        if known is not None:
            return known
        placing = _Placing(database, connection, order)
        request, identifier = placing.request(order.priority or _usual(records), digest)
        kept = command_bulk.begin(connection, request, order, placing.start_at, database.now())
    return Placed(id=identifier, created=True, outcomes=finish(database, request, records, kept))


def _refused_all(
    database: Database, order: Order, records: Mapping[str, SignalRecord]
) -> list[TargetOutcome] | None:
    """Outcomes, if every target would be refused; None as soon as one would be taken."""
    found: list[TargetOutcome] = []
    for start in range(0, len(order.targets), command_bulk.CHUNK):
        with database.read() as connection:
            drafts = _Placing(database, connection, order).drafts(records, start)
        if any(draft.command is not None for draft in drafts):
            return None
        found += [draft.outcome for draft in drafts]
    return found


def finish(
    database: Database,
    request: int,
    records: Mapping[str, SignalRecord] | None = None,
    order: Order | None = None,
) -> list[TargetOutcome]:
    """Record the commands of a request that are not there yet; returns the outcomes of those. `records`: of its signals, `order`: what was kept of it, where they are known."""
    found: list[TargetOutcome] = []
    while (outcomes := finish_some(database, request, records, order)) is not None:
        found += outcomes
    return found


def finish_some(
    database: Database,
    request: int,
    records: Mapping[str, SignalRecord] | None = None,
    order: Order | None = None,
) -> list[TargetOutcome] | None:
    """A piece of them, in one transaction; None: all are there."""
    with database.read() as connection:
        part = command_bulk.part(connection, request, order)
    if part is None:
        return None
    known = records if records is not None else _records(database, part.order, part.start)
    with database.write(durable=True, lane="live") as connection:
        if not command_bulk.advance(connection, part, database.now()):
            return []  # somebody else has done this piece
        placing = _Placing(database, connection, part.order)
        drafts = placing.drafts(known, part.start)
        placing.commands(drafts, request, part.identifier)
    return [draft.outcome for draft in drafts]


def _before(connection: Connection, order: Order, digest: str) -> Placed | None:
    """What came of the same order before. Raises KeyReused."""
    if order.run is not None and (run := calendars.of(connection, order.run)) is not None:
        return Placed(id=run.request, created=False, outcomes=())
    known = _known(connection, order, digest)
    return None if known is None else Placed(id=known, created=False, outcomes=())


def _usual(records: Mapping[str, SignalRecord]) -> Priority:
    return next((control_of(record).priority for record in records.values()), Priority.MANUAL)


def _known(connection: Connection, order: Order, digest: str) -> str | None:
    """The request that was made with the same key before. Raises KeyReused."""
    if order.key is None:
        return None
    row = connection.execute(_of_key, {"by": order.by, "key": order.key}).one_or_none()
    if row is None:
        return None
    if row.digest != digest:
        raise KeyReused(order.key, row.id)
    return str(row.id)


def _records(database: Database, order: Order, first: int | None = None) -> dict[str, SignalRecord]:
    """Signals by id: read before the lock is taken. `first`: of the piece that begins there only."""
    some = order.targets if first is None else order.targets[first : first + command_bulk.CHUNK]
    names = [target.signal for target in some if target.signal.count("/") >= 2]
    return {
        found.signal.signal.id: found.signal
        for start in range(0, len(names), states.MAX_SIGNALS)
        for found in states.states_of(database, names[start : start + states.MAX_SIGNALS])
    }


class _Placing:
    """One order in one transaction."""

    def __init__(self, database: Database, connection: Connection, order: Order) -> None:
        self._database = database
        self._connection = connection
        self._order = order
        self._now = database.now()
        self.start_at = max(order.start_at or self._now, self._now)
        self._inputs = Inputs(database, connection, self._now)

    def drafts(self, records: Mapping[str, SignalRecord], first: int | None = None) -> list[_Draft]:
        """Look at every target; `first`: at those of the piece that begins there."""
        begin, end = (0, None) if first is None else (first, first + command_bulk.CHUNK)
        targets = self._order.targets[begin:end]
        there = [record for target in targets if (record := records.get(target.signal)) is not None]
        numbers = [record.number for record in there]
        opened = command_rows.open_of(self._connection, numbers)
        holds = command_rows.holds_of(self._connection, numbers)
        self._inputs.read([record for record in there if control_of(record).interlocks])
        found = []
        for position, target in enumerate(targets, begin):
            record = records.get(target.signal)
            if record is None or (target.refused is not None and target.refused.code == NOT_FOUND.code):
                found.append(_refused(position, target, None, NOT_FOUND))
            elif target.refused is not None:
                found.append(_refused(position, target, record, target.refused))
            else:
                others = opened.get(record.number, [])
                found.append(self._draft(_About(position, target, record, others, holds.get(record.number))))
        return found

    def _draft(self, about: _About) -> _Draft:
        record, control = about.record, control_of(about.record)
        priority = self._order.priority or control.priority
        start_at = self._start(about.position)
        ask = Ask(
            signal=record.signal,
            value=about.target.value,
            priority=priority,
            now=self._now,
            start_at=start_at,
            expires_at=self._order.expires_at or start_at + round(control.expires_s * 1e6),
        )
        holders = [
            Holder(number=each.command.number, priority=each.command.priority, by=each.command.by)
            for each in about.others
        ]
        refusals = [*check(ask, holders, about.hold), *self._unfit(record)]
        if refusals:
            return _refused(about.position, about.target, record, *refusals)
        supersedes = arbitrate(priority, holders, about.hold, now=self._now).supersedes
        outcome = TargetOutcome(
            signal=about.target.signal,
            failing=failed_interlocks(record.signal, self._inputs.locks(record)),
            supersedes=tuple(each.command.id for each in about.others if each.command.number in supersedes),
            approval=control.dangerous,
        )
        command = self._command(about, ask)
        return _Draft(about.position, about.target, outcome, record, command, supersedes)

    def _start(self, position: int) -> int:
        """A rate spreads the targets over time, so that it holds whoever sends them."""
        rate = self._order.rate
        return self.start_at + (0 if rate is None else round(position * 1e6 / rate))

    def _unfit(self, record: SignalRecord) -> list[Refusal]:
        """What is wrong with the signal itself."""
        if record.orphan:
            return [Refusal(code="orphan", detail="its object is not in the current revision of the model")]
        name = control_of(record).confirm_signal
        if name is not None and self._inputs.number(record, name) is None:
            return [
                Refusal(code="confirm_signal", detail=f"the signal that confirms it, {name}, is not there")
            ]
        return []

    def _command(self, about: _About, ask: Ask) -> Command:
        record, control = about.record, control_of(about.record)
        name = control.confirm_signal if control.confirm is not Confirm.ACK else None
        confirming = None if name is None else self._inputs.number(record, name)
        return Command(
            number=0,
            id="",
            request=0,
            position=about.position,
            signal=record.number,
            confirm_signal=record.number if confirming is None else confirming,
            value=checked_value(record.signal, ask.value),
            priority=ask.priority,
            by=self._order.by,
            reason=self._order.reason,
            created_at=self._now,
            start_at=ask.start_at,
            expires_at=ask.expires_at,
            status=Status.AWAITING_APPROVAL if control.dangerous else Status.QUEUED,
        )

    def placed(self, records: Mapping[str, SignalRecord], digest: str) -> Placed:
        """Look at every target, and record the request unless all are refused."""
        drafts = self.drafts(records)
        taken = any(draft.command is not None for draft in drafts)
        view = self.write(drafts, digest) if taken else None
        outcomes = [draft.outcome for draft in drafts]
        return Placed(id=None if view is None else view.id, created=taken, outcomes=outcomes, view=view)

    def write(self, drafts: Sequence[_Draft], digest: str) -> RequestView:
        """Record the request, its commands, and the ends of those that give way; returns what was recorded."""
        kept = [draft for draft in drafts if draft.record is not None]
        usual = next((draft.command.priority for draft in kept if draft.command), Priority.MANUAL)
        order, priority = self._order, self._order.priority or usual
        request, identifier = self.request(priority, digest)
        made = self.commands(drafts, request, identifier)
        return RequestView(
            number=request,
            id=identifier,
            by=order.by,
            reason=order.reason,
            priority=priority,
            created_at=self._now,
            start_at=self.start_at,
            rate=order.rate,
            targets=len(order.targets),
            counts=Counter(each.command.status for each in made),
            only=made[0] if len(order.targets) == 1 else None,
        )

    def request(self, priority: Priority, digest: str) -> tuple[int, str]:
        """Record the request alone; returns its number and id."""
        order, identifier = self._order, new_id()
        request = counters.take(self._connection, "command_request") + 1
        row = (
            request, identifier, order.by, order.reason, priority.rank, order.key, digest, self._now, self.start_at,
            order.rate, len(order.targets),
        )  # fmt: skip
        self._database.dialect.insert_rows(self._connection, command_request, [row])
        if order.run is not None:
            run = msgspec.structs.replace(order.run, request=identifier)
            calendars.note(self._connection, run, self._now)
        return request, identifier

    def commands(self, drafts: Sequence[_Draft], request: int, identifier: str) -> list[CommandView]:
        """Record commands of a request, and the ends of those that give way; returns the commands."""
        order = self._order
        kept = [draft for draft in drafts if draft.record is not None]
        first = counters.take(self._connection, "command", len(kept)) + 1
        ledger = Ledger(self._database, self._connection, self._now)
        self._supersede(ledger, kept)
        self._note_refused(drafts, identifier)
        made = []
        for place, draft in enumerate(kept):
            assert draft.record is not None
            own = f"{identifier}-{draft.position}" if order.bulk else identifier
            one = draft.command or self._failed(draft, order)
            one = msgspec.structs.replace(one, number=first + place, id=own, request=request)
            ledger.add(one, draft.record, by=order.by if draft.command else "check")
            made.append(CommandView(command=one, signal=draft.record))
        ledger.write()
        return made

    def _note_refused(self, drafts: Sequence[_Draft], identifier: str) -> None:
        """What was refused of many targets, in one entry of the audit: most of them are no signals that anybody may name in one of their own."""
        codes = [draft.outcome.refusals[0].code for draft in drafts if draft.command is None]
        if codes and self._order.bulk:
            reasons = ", ".join(f"{count} {code}" for code, count in Counter(codes).most_common())
            detail = f"{len(codes)} of {len(drafts)} targets: {reasons}"
            entry = Entry(who=self._order.by, action="command.refused", target=identifier, detail=detail)
            audit.note(self._connection, entry)

    def _supersede(self, ledger: Ledger, drafts: Sequence[_Draft]) -> None:
        gone = [number for draft in drafts for number in draft.supersedes]
        for of in command_rows.find(self._connection, gone).values():
            decision = Decision(path=(Status.SUPERSEDED,), detail=f"{self._order.by} has priority")
            ledger.decide(of, decision, by=self._order.by)

    def _failed(self, draft: _Draft, order: Order) -> Command:
        """The outcome of a target that was refused, for whoever asks later."""
        assert draft.record is not None
        return Command(
            number=0,
            id="",
            request=0,
            position=draft.position,
            signal=draft.record.number,
            confirm_signal=draft.record.number,
            value=_keepable(draft.target.value),
            priority=order.priority or control_of(draft.record).priority,
            by=order.by,
            reason=order.reason,
            created_at=self._now,
            start_at=self.start_at,
            expires_at=self._now,
            status=Status.FAILED,
            ended_at=self._now,
            detail="; ".join(f"{each.code}: {each.detail}" for each in draft.outcome.refusals),
        )


def _refused(position: int, target: Target, record: SignalRecord | None, *refusals: Refusal) -> _Draft:
    return _Draft(position, target, TargetOutcome(signal=target.signal, refusals=refusals), record, None)


def _keepable(value: Value) -> Value:
    """What was asked for, as a text where no column holds it."""
    try:
        encode(value, Quality.GOOD)
    except ValueError:
        return repr(value)[:MAX_KEY].replace("\0", "")
    return value
