"""The outbox: what the clock does to commands, which of them go out now, and what became of those that went."""

from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, func, select, update

from twin.commands import (
    Decision,
    Hold,
    Status,
    after_crash,
    failed_interlocks,
    overdue,
)
from twin.ports import Outgoing
from twin.state import Quality
from twin.store import command_bulk, command_orders, command_rows, leases
from twin.store.command_inputs import Inputs
from twin.store.command_ledger import Ledger
from twin.store.command_rows import IN_FLIGHT, Loaded
from twin.store.database import Database
from twin.store.pace import lists
from twin.store.schema_commands import command
from twin.store.schema_commands import command_bulk as command_bulk_table

LOOK_AGAIN_US = 30_000_000
"""When a command is looked at again that waits for a device that is offline; a reading of the device wakes it at once."""

TELL_AFTER_US = 1_000_000
"""How long a command waits for a way to devices before a server without one notes that: another server may have one, and takes it at once."""

CLOCK = "clock"

_due = select(command.c.number).where(
    command.c.due_at.is_not(None),
    command.c.due_at <= bindparam("now"),
    command.c.request.not_in(select(command_bulk_table.c.request)),
)
"""A request is sent once all its commands are recorded: whoever asks has the answer before devices have the processor."""
_due_unsent = _due.where(
    (command.c.status != Status.QUEUED.value) | (command.c.expires_at <= bindparam("now"))
)
"""While there is no way to devices: what waits for one stays due for whoever has one."""
_untold = (
    (command.c.status == Status.QUEUED.value)
    & command.c.detail.is_(None)
    & (command.c.due_at <= bindparam("before"))
    & command.c.request.not_in(select(command_bulk_table.c.request))
)
_some_untold = select(command.c.number).where(_untold).limit(1)
_tell = update(command).where(_untold).values(detail="there is no connection to its device")
_some_due, _some_due_unsent = _due.limit(1), _due_unsent.limit(1)
_taken = select(command.c.number).where(
    command.c.status == Status.SENT.value, command.c.worker.is_not(None), command.c.published_at.is_(None)
)
_of_these = command.c.number.in_(bindparam("numbers", expanding=True))
_still = select(command.c.number).where(
    _of_these,
    command.c.status == Status.SENT.value,
    command.c.published_at.is_(None),
    command.c.doubtful.is_(False),
)
_publish = (
    update(command)
    .where(_of_these, command.c.published_at.is_(None))
    .values(published_at=bindparam("now"), worker=None)
)
_of_signals = command.c.signal.in_(bindparam("signals", expanding=True)) & command.c.ended_at.is_(None)
_under_way = command.c.status.in_([status.value for status in IN_FLIGHT])
_started = (command.c.status == Status.QUEUED.value) & (command.c.start_at <= bindparam("now"))
_first = (
    select(command.c.signal, func.min(command.c.number))
    .where(_of_signals, _under_way | _started)
    .group_by(command.c.signal)
)
_going = select(command.c.signal, command.c.number).where(_of_signals, _under_way)


def due(database: Database, *, sending: bool) -> bool:
    """See `twin.ports.CommandOutbox.commands_due`."""
    now = database.now()
    with database.read() as connection:
        if connection.execute(_some_due if sending else _some_due_unsent, {"now": now}).first() is not None:
            return True
        if not sending and connection.execute(_some_untold, {"before": now - 2 * TELL_AFTER_US}).first():
            return True
        return command_bulk.abandoned(connection, now) is not None


def work(database: Database, worker: str, *, sending: bool, limit: int) -> list[Outgoing]:
    """See `twin.ports.CommandOutbox.work_commands`."""
    _go_on(database)
    wanted = _due if sending else _due_unsent
    if not sending:
        _tell_waiting(database)
    with database.write(durable=True, lane="live") as connection:
        now = database.now()
        numbers = connection.execute(
            wanted.order_by(command.c.due_at, command.c.number).limit(limit), {"now": now}
        ).scalars()
        found = [each for _, each in sorted(command_rows.find(connection, numbers).items())]
        looking = _Looking(database, connection, Ledger(database, connection, now))
        looking.prepare(found)
        outgoing = [one for each in found if (one := looking.look(each, worker)) is not None]
        looking.ledger.write()
    return outgoing


def _tell_waiting(database: Database) -> None:
    """Note with all that have waited for a while why they do, at once: a look at each would take as long as recording it. Not durable: it is noted again."""
    with database.write(lane="live") as connection:
        connection.execute(_tell, {"before": database.now() - TELL_AFTER_US})


def _go_on(database: Database) -> None:
    """Record the commands of a request that somebody has begun to record and does not go on with, piece by piece."""
    with database.read() as connection:
        request = command_bulk.abandoned(connection, database.now())
    if request is not None:
        command_orders.finish(database, request)


class _Looking:
    """One look at commands that are due."""

    def __init__(self, database: Database, connection: Connection, ledger: Ledger) -> None:
        self.ledger = ledger
        self._database = database
        self._connection = connection
        self._inputs = Inputs(database, connection, ledger.now)
        self._front: dict[int, int] = {}
        self._holds: dict[int, Hold] = {}

    def prepare(self, found: Sequence[Loaded]) -> None:
        """Read at once what is needed for all of them."""
        waiting = [each for each in found if each.command.status is Status.QUEUED]
        if waiting:
            self._inputs.read(
                [each.signal for each in waiting], [each.command.confirm_signal for each in waiting]
            )
            numbers = {each.command.signal for each in waiting}
            self._front = self._fronts(numbers)
            self._holds = command_rows.holds_of(self._connection, numbers)

    def _fronts(self, signals: set[int]) -> dict[int, int]:
        """Of each signal the command whose turn it is: the one that is under way, else the first that may start."""
        turns: dict[int, int] = {}
        for some in lists(sorted(signals)):
            asked = {"signals": some, "now": self.ledger.now}
            turns.update((row[0], row[1]) for row in self._connection.execute(_first, asked))
            turns.update((row[0], row[1]) for row in self._connection.execute(_going, asked))
        return turns

    def look(self, of: Loaded, worker: str) -> Outgoing | None:
        """What becomes of a command that is due; returned if it is to be sent."""
        one, ledger = of.command, self.ledger
        decision = overdue(one, of.control, ledger.now)
        if decision.path:
            ledger.decide(of, decision, by=CLOCK)
            return None
        if one.status is not Status.QUEUED or one.start_at > ledger.now:
            ledger.keep(one, of.control, worker=of.worker)
            return None
        if self._front.get(one.signal, one.number) != one.number:
            ledger.keep(one, of.control, due=one.expires_at)  # woken when the one before is over
            return None
        return self._send(of, worker)

    def _send(self, of: Loaded, worker: str) -> Outgoing | None:
        one, ledger = of.command, self.ledger
        waits = self._waits(of)
        if waits is not None:
            again = min(one.expires_at, ledger.now + LOOK_AGAIN_US)
            ledger.keep(replace(one, detail=waits), of.control, due=again)
            return None
        refused = self._refused(of)
        if refused is not None:
            ledger.decide(of, Decision(path=(Status.FAILED,), detail=refused), by="check")
            return None
        before = self._inputs.of(one.signal)
        known = before.value if before.quality is Quality.GOOD else None
        ledger.keep(replace(one, previous=known, detail=None), of.control)
        after = ledger.decide(of, Decision(path=(Status.SENT,)), by=worker_name(worker), worker=worker)
        return Outgoing(command=after, signal=of.signal)

    def _waits(self, of: Loaded) -> str | None:
        """Why a command has to wait for its device; None: it has not."""
        stale = self._inputs.of(of.command.confirm_signal).quality is Quality.STALE
        return "the device is offline" if stale and of.control.offline == "wait" else None

    def _refused(self, of: Loaded) -> str | None:
        """Why a command cannot be sent now; None: it can."""
        hold = self._holds.get(of.command.signal)
        if hold is not None and hold.holds(self.ledger.now) and hold.priority.rank > of.command.priority.rank:
            return f"held: {hold.by} holds {hold.priority}"
        failing = failed_interlocks(of.signal.signal, self._inputs.locks(of.signal))
        return "; ".join(each.detail for each in failing) or None


def worker_name(worker: str) -> str:
    """Who sends, in the log."""
    return f"outbox {worker}"


def lease_of(worker: str) -> str:
    """The job by which a worker says that it lives."""
    return f"control:{worker}"


def recover(database: Database, worker: str) -> list[Outgoing]:
    """See `twin.ports.CommandOutbox.recover_commands`."""
    with database.read() as connection:
        if connection.execute(_taken.where(command.c.worker != worker).limit(1)).first() is None:
            return []
    with database.write(durable=True, lane="live") as connection:
        ledger = Ledger(database, connection, database.now())
        numbers = connection.execute(_taken.where(command.c.worker != worker)).scalars()
        outgoing = []
        lives: dict[str, bool] = {}
        for of in command_rows.find(connection, numbers).values():
            name = of.worker or ""
            if name not in lives:
                lives[name] = leases.is_held(connection, f"job:{lease_of(name)}", ledger.now)
            if not lives[name] and of.command.status is Status.SENT:
                outgoing += _taken_over(ledger, of, worker)
        ledger.write()
    return outgoing


def _taken_over(ledger: Ledger, of: Loaded, worker: str) -> list[Outgoing]:
    one = after_crash(of.command, of.control)
    if one.doubtful:
        ledger.keep(one, of.control)
        ledger.note(one, "perhaps it was never sent: a reading is waited for", by=worker_name(worker))
        return []
    ledger.keep(one, of.control, worker=worker)
    ledger.note(one, "sent again, after a crash", by=worker_name(worker))
    return [Outgoing(command=one, signal=of.signal, again=True)]


def published(database: Database, numbers: Sequence[int]) -> None:
    """See `twin.ports.CommandOutbox.commands_published`. Not durable: what is forgotten is doubtful, which is true."""
    with database.write(lane="live") as connection:
        now = database.now()
        for some in lists(list(numbers)):
            connection.execute(_publish, {"numbers": some, "now": now})


def doubtful(database: Database, numbers: Sequence[int]) -> None:
    """See `twin.ports.CommandOutbox.commands_doubtful`."""
    with database.write(durable=True, lane="live") as connection:
        ledger = Ledger(database, connection, database.now())
        for of in command_rows.find(connection, numbers).values():
            if of.command.status is Status.SENT:
                one = replace(of.command, doubtful=True)
                ledger.keep(one, of.control)
                ledger.note(one, "the connection broke: perhaps it was never sent", by="outbox")
        ledger.write()


def failed(database: Database, numbers: Sequence[int], *, why: str) -> None:
    """See `twin.ports.CommandOutbox.commands_failed`."""
    with database.write(durable=True, lane="live") as connection:
        ledger = Ledger(database, connection, database.now())
        for of in command_rows.find(connection, numbers).values():
            if of.command.status is Status.SENT:
                ledger.decide(of, Decision(path=(Status.FAILED,), detail=why), by="outbox")
        ledger.write()


def still_sent(database: Database, numbers: Sequence[int]) -> set[int]:
    """See `twin.ports.CommandOutbox.still_sent`."""
    found: set[int] = set()
    with database.read() as connection:
        for some in lists(list(numbers)):
            found.update(connection.execute(_still, {"numbers": some}).scalars())
    return found
