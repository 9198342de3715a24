"""Moving readings to the archive, period by period, and again for periods that late readings came to.

Killed at any moment, nothing is lost and nothing is there twice: a file is durable before a transaction makes it count; from then on
the rows of `reading` that say the same are only copies, which readers leave out and later transactions take away. A file that no
transaction knows of is deleted by the next one who does the job.
"""

import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from twin.errors import StoreError
from twin.ports import Archived
from twin.store import archived, past, recent, rollups
from twin.store.archive_store import Archive
from twin.store.archived import PERIOD_DAYS, merged
from twin.store.database import Database
from twin.store.folding import DAY_US
from twin.store.pace import Pace
from twin.store.rollup_job import DONE
from twin.store.schema_history import archive_garbage, archive_part
from twin.store.schema_live import reading
from twin.store.spans import Samples

ROWS = 500_000
"""Readings of one file, about: some 2 MB, and 50 MB of memory while it is made."""

GRACE_US = 600 * 1_000_000
"""A file that is no longer needed stays for ten minutes: readers that began before may be at it."""

STRAY_S = 3600
"""A file that no transaction knows of is given up after an hour: making one takes seconds."""

OWNER = "archive_owner"
"""Counter: a random number of this database."""

_FIRST_PIECE = 500
"""Copies taken away by the first transaction; the pace is learnt from there."""

_END = 1 << 62
_LONG_AGO = -(1 << 31) + 1
_part = archive_part.c
_oldest_day = text("SELECT min(day) FROM reading WHERE day >= :day")
_unsettled = select(_part.name).where(_part.settled.is_(False)).order_by(_part.period, _part.first_signal)
_overlapping = select(_part.name).where(
    _part.period == bindparam("period"),
    _part.first_signal < bindparam("stop"),
    _part.last_signal >= bindparam("first"),
)
_forget_reading = delete(reading).where(
    reading.c.day == bindparam("on_day"),
    reading.c.signal == bindparam("number"),
    reading.c.observed_at == bindparam("at"),
)
_old_garbage = select(archive_garbage.c.name).where(archive_garbage.c.since < bindparam("since"))


def move(database: Database, *, after_days: float) -> Iterator[Archived]:
    """See `twin.ports.HistoryKeeper.archive`."""
    _sweep(database)
    yield from _settle_all(database)
    recent.settle(database)
    day = _LONG_AGO
    while (found := _oldest(database, day)) is not None:
        period = found // PERIOD_DAYS
        last = (period + 1) * PERIOD_DAYS - 1
        if last > _limit(database, after_days):
            return
        yield from move_period(database, period)
        day = last + 1


def _limit(database: Database, after_days: float) -> int:
    """The last day that may be archived: old enough, and rolled up, so that what comes later leaves marks."""
    with database.read() as connection:
        rolled = rollups.counters(connection, (DONE,)).get(DONE, _LONG_AGO)
    return min(int(database.now() // DAY_US - after_days) - 1, rolled)


def _oldest(database: Database, day: int) -> int | None:
    with database.read() as connection:
        found: int | None = connection.execute(_oldest_day, {"day": day}).scalar()
    return found


def move_period(database: Database, period: int) -> Iterator[Archived]:
    """Move what the table has of a period, together with what files have of the same signals."""
    first = 0
    while first < _END:
        with database.read() as connection:
            placed, following = _placed(connection, period, first)
            stop = _END if following is None else following
            names = (
                connection.execute(_overlapping, {"period": period, "first": first, "stop": stop})
                .scalars()
                .all()
            )
            there = _parts_of(database, names, placed)
            files = [archived.read(database, name) for name in there]
        if len(placed):
            parts = _split(merged(Samples.joined(files).sorted(), placed))
            yield _publish(database, period, parts, there)
            yield from _settle_all(database)
        first = stop


def _placed(connection: Connection, period: int, first: int) -> tuple[Samples, int | None]:
    """Rows of `reading` of a period, whole signals from `first` on, and the number from which to go on."""
    days = range(period * PERIOD_DAYS, (period + 1) * PERIOD_DAYS)
    found = [past.placed_in_day(connection, day, first, ROWS // PERIOD_DAYS) for day in days]
    following = min((after for _, after in found if after is not None), default=None)
    samples = Samples.joined([some for some, _ in found])
    if following is not None:
        samples = samples.take(samples.signals < following)
    return samples.sorted(), following


def _parts_of(database: Database, names: Sequence[str], placed: Samples) -> list[str]:
    """Those of the parts that hold a signal of these readings."""
    if not names or not len(placed):
        return []
    numbers = np.unique(placed.signals)
    with database.read() as connection:
        rows = connection.execute(
            select(_part.name, _part.first_signal, _part.last_signal).where(_part.name.in_(names))
        ).all()
    return [name for name, low, high in rows if ((numbers >= low) & (numbers <= high)).any()]


def _split(samples: Samples) -> list[Samples]:
    """Cut into files, whole signals each."""
    parts = []
    start = 0
    while start < len(samples):
        end = min(start + ROWS, len(samples))
        if end < len(samples):
            end = int(np.searchsorted(samples.signals, samples.signals[end - 1], side="right"))
        parts.append(samples.take(np.arange(start, end)))
        start = end
    return parts


def _publish(database: Database, period: int, parts: list[Samples], replaced: list[str]) -> Archived:
    made = [(part, *put(database, part)) for part in parts]
    with database.write(durable=True, lane="live") as connection:
        let_go(connection, replaced, database.now())
        enter(connection, period, made)
    return Archived(files=len(made), rows=sum(map(len, parts)), bytes=sum(size for _, _, size in made))


def put(database: Database, part: Samples) -> tuple[str, int]:
    """Keep readings in a new file, which does not count yet; returns its name and size."""
    return _archive(database).put(part, owner=_owner(database))


def _owner(database: Database) -> str:
    """What names of files of this database begin with: databases that share an archive by mistake leave each other's alone."""
    with database.read() as connection:
        known = rollups.counters(connection, (OWNER,)).get(OWNER)
    if known is None:
        known = secrets.randbits(62)
        with database.write(durable=True, lane="live") as connection:
            rollups.set_counter(connection, OWNER, known)
    return f"{known:016x}"


def _archive(database: Database) -> Archive:
    if database.archive is None:
        raise StoreError("No archive is set up: set TWIN_ARCHIVE to a folder or an object store.")
    return database.archive


def enter(connection: Connection, period: int, made: Sequence[tuple[Samples, str, int]]) -> None:
    """Let files count: their readings, names and sizes. Rows of the table that say the same are yet to be taken away."""
    rows = [
        {
            "name": name,
            "period": period,
            "first_signal": int(part.signals[0]),
            "last_signal": int(part.signals[-1]),
            "rows": len(part),
            "bytes": size,
            "settled": False,
        }
        for part, name, size in made
    ]
    if rows:
        connection.execute(insert(archive_part), rows)


def let_go(connection: Connection, names: Sequence[str], now: int) -> None:
    """Files count no longer. Raises StoreError if one did not, or no longer."""
    if names:
        gone = connection.execute(delete(archive_part).where(_part.name.in_(names)))
        if gone.rowcount != len(names):
            raise StoreError("Another process archives at the same time; this one leaves it to that.")
        connection.execute(insert(archive_garbage), [{"name": name, "since": now} for name in names])


def _settle_all(database: Database) -> Iterator[Archived]:
    """Take away the rows that files hold as well."""
    with database.read() as connection:
        names = connection.execute(_unsettled).scalars().all()
    for name in names:
        moved = 0
        rows = archived.as_rows(archived.read(database, name))
        for piece in Pace(_FIRST_PIECE).pieces(rows):
            with database.write(lane="live") as connection:
                moved += _take_away(database, connection, piece)
        with database.write(durable=True, lane="live") as connection:
            connection.execute(update(archive_part).where(_part.name == name).values(settled=True))
        yield Archived(moved=moved)


def _take_away(database: Database, connection: Connection, rows: Sequence[tuple[object, ...]]) -> int:
    """A row that says something else than the file has won against it meanwhile, and stays."""
    there = set(database.dialect.find_rows(connection, reading, [row[:3] for row in rows]))
    same = [row[:3] for row in rows if row in there]
    if same:
        connection.execute(_forget_reading, [{"on_day": day, "number": s, "at": at} for day, s, at in same])
    return len(same)


def _sweep(database: Database) -> None:
    """Delete files that nothing needs: replaced some time ago, or made by someone who died before they counted."""
    archive = _archive(database)
    with database.read() as connection:
        old = connection.execute(_old_garbage, {"since": database.now() - GRACE_US}).scalars().all()
        known = {
            *connection.execute(select(archive_part.c.name)).scalars(),
            *connection.execute(select(archive_garbage.c.name)).scalars(),
        }
    before = datetime.now(UTC) - timedelta(seconds=STRAY_S)
    ours = _owner(database)
    stray = [name for name in archive.names(before=before) if name.startswith(ours) and name not in known]
    for name in (*old, *stray):
        archive.delete(name)
    if old:
        with database.write(lane="live") as connection:
            connection.execute(delete(archive_garbage).where(archive_garbage.c.name.in_(old)))
