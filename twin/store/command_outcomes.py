"""What devices say to commands: their replies, and the readings that show what they did."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from twin.commands import (
    Command,
    Decision,
    Reply,
    Seen,
    Status,
    allowance_us,
    answered,
    confirmed,
    confirms,
    shows,
    tolerance_of,
)
from twin.ports import Answered
from twin.store import command_rows
from twin.store.command_inputs import seen
from twin.store.command_ledger import Ledger
from twin.store.command_rows import Loaded
from twin.store.database import Database
from twin.store.folding import Arrived
from twin.store.pace import lists
from twin.store.schema_commands import command

DEVICE = "device"
READING = "reading"

_queued = select(command.c.number).where(command.c.status == Status.QUEUED.value).limit(1)
_wake = command_rows.waking(command.c.confirm_signal)
_awaited = select(command.c.awaits).where(command.c.awaits.is_not(None)).distinct()


def reply(database: Database, replies: Sequence[Reply]) -> Answered:
    """See `twin.ports.CommandOutbox.record_replies`."""
    counts: Counter[str] = Counter()
    with database.write(durable=True, lane="live") as connection:
        ledger = Ledger(database, connection, database.now())
        known = _by_id(connection, [each.id for each in replies])
        on_change = [of.command.confirm_signal for of in known.values() if of.control.on_change]
        values = seen(database, connection, on_change, ledger.now)
        for each in replies:
            of = known.get(each.id)
            stranger = of is None or (each.signals is not None and of.command.signal not in each.signals)
            counts["unknown" if of is None or stranger else _answer(ledger, of, each, values)] += 1
        ledger.write()
    return Answered(**counts)


def _by_id(connection: Connection, identifiers: Sequence[str]) -> dict[str, Loaded]:
    return {of.command.id: of for of in command_rows.loaded_by(connection, command.c.id, identifiers)}


def _answer(ledger: Ledger, of: Loaded, each: Reply, values: Mapping[int, Seen]) -> str:
    one = ledger.current(of)
    now = values.get(one.confirm_signal, Seen())
    has_value = shows(one, now.value, now.quality, tolerance_of(of.signal.signal))
    decision = answered(one, of.control, each, has_value=has_value)
    ledger.decide(of, decision, by=DEVICE)
    return "taken" if decision.path else "late" if decision.note else "repeated"


def confirm(
    database: Database, connection: Connection, groups: Mapping[int, Sequence[Arrived]], now: int
) -> None:
    """Confirm what the readings of a batch show, in their transaction. All readings are looked at, whatever they were to the state.

    While no command is under way this costs one look at an empty index.
    """
    awaited = set(connection.execute(_awaited).scalars()) & groups.keys()
    if not awaited:
        return
    ledger = Ledger(database, connection, now)
    for of in _awaiting(connection, awaited):
        one = of.command
        if confirmed(one, of.control) and _shown(of, one, groups[one.confirm_signal]):
            ledger.decide(of, Decision(path=(Status.CONFIRMED,)), by=READING)
    ledger.write()


def wake(connection: Connection, signals: Sequence[int], now: int) -> None:
    """Devices whose signals were silent say something: what waits for them is looked at at once. In the transaction of the readings."""
    if not signals or connection.execute(_queued).first() is None:
        return
    for some in lists(sorted(signals)):
        connection.execute(_wake, {"signals": some, "now": now})


def _awaiting(connection: Connection, signals: set[int]) -> list[Loaded]:
    return command_rows.loaded_by(connection, command.c.awaits, signals)


def _shown(of: Loaded, one: Command, arrived: Sequence[Arrived]) -> bool:
    tolerance, allowance = tolerance_of(of.signal.signal), allowance_us(of.control)
    return any(confirms(one, each[0], tolerance=tolerance, allowance=allowance) for each in arrived)
