"""Which placement needs which files, and since when nothing has needed them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, exists, select, update

from twin.store import leases
from twin.store.database import Database
from twin.store.dialect import Dialect
from twin.store.schema import file, model, placement, placement_file
from twin.times import to_microseconds

KEPT_UNREFERENCED = timedelta(days=1)
"""A viewer that opened a tileset yesterday still finds its contents (design.md: collected a day later)."""

_AT_ONCE = 200
"""Files deleted in one transaction: an unlink takes some 50 µs, three names each."""


def refer(
    connection: Connection, dialect: Dialect, *, model_id: int, placement_id: int, names: Sequence[str]
) -> None:
    """Enter the files of a placement."""
    wanted = sorted(set(names))
    dialect.insert_missing(connection, file, ("model_id", "name"), [(model_id, name) for name in wanted])
    known = connection.execute(select(file.c.name, file.c.id).where(file.c.model_id == model_id))
    ids = {row.name: row.id for row in known}
    dialect.insert_rows(connection, placement_file, [(placement_id, ids[name]) for name in wanted])
    connection.execute(
        update(file)
        .where(
            file.c.model_id == model_id,
            file.c.unreferenced_since.is_not(None),
            file.c.id.in_(
                select(placement_file.c.file_id).where(placement_file.c.placement_id == placement_id)
            ),
        )
        .values(unreferenced_since=None)
    )


def let_go(connection: Connection, model_id: int, placement_ids: Sequence[int], now: int) -> None:
    """Release the files of placements; from now on the day runs for those that no other needs."""
    if not placement_ids:
        return
    connection.execute(delete(placement_file).where(placement_file.c.placement_id.in_(placement_ids)))
    connection.execute(update(placement).where(placement.c.id.in_(placement_ids)).values(released_at=now))
    connection.execute(
        update(file)
        .where(
            file.c.model_id == model_id,
            file.c.unreferenced_since.is_(None),
            ~exists().where(placement_file.c.file_id == file.c.id),
        )
        .values(unreferenced_since=now)
    )


def known_files(database: Database, key: str) -> set[str]:
    """Every file of a model that has not been collected."""
    with database.read() as connection:
        names = select(file.c.name).join(model, model.c.id == file.c.model_id).where(model.c.key == key)
        return set(connection.execute(names).scalars())


def collectable_files(database: Database, now: datetime) -> dict[str, list[str]]:
    """By model key, files that nothing has needed for a day."""
    with database.read() as connection:
        found = _collectable(connection, now, limit=None)
    return {key: [name for _, name in files] for key, files in found.items()}


def collect_files(
    database: Database, now: datetime, delete_files: Callable[[str, Sequence[str]], None]
) -> int:
    """Delete them in the caller's way, some at a time, each time under the write lock; returns how many."""
    collected = 0
    while True:
        with database.write() as connection:
            found = _collectable(connection, now, limit=_AT_ONCE)
            for key, files in found.items():
                delete_files(key, [name for _, name in files])
                connection.execute(delete(file).where(file.c.id.in_([identifier for identifier, _ in files])))
        if not found:
            return collected
        collected += sum(map(len, found.values()))


def _collectable(
    connection: Connection, now: datetime, *, limit: int | None
) -> dict[str, list[tuple[int, str]]]:
    at = to_microseconds(now)
    due = to_microseconds(now - KEPT_UNREFERENCED)
    rows = connection.execute(
        select(model.c.id, model.c.key, file.c.id, file.c.name)
        .join(model, model.c.id == file.c.model_id)
        .where(file.c.unreferenced_since <= due)
        .order_by(model.c.key, file.c.name)
        .limit(limit)
    ).all()
    busy = {i for i in {row[0] for row in rows} if leases.is_held(connection, leases.model_lease(i), at)}
    found: dict[str, list[tuple[int, str]]] = {}
    for model_id, key, file_id, name in rows:
        if model_id not in busy:
            found.setdefault(key, []).append((file_id, name))
    return found
